import * as host from 'dreamos:host';

export class HostTextEncoder {
  readonly encoding = 'utf-8';

  encode(text = ''): Uint8Array {
    return new Uint8Array(host.utf8Bytes(text));
  }
}

/** UTF-8 alone, and whole texts: nothing here decodes a stream. */
export class HostTextDecoder {
  readonly encoding = 'utf-8';
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;

  constructor(encoding = 'utf-8', { fatal = false, ignoreBOM = false } = {}) {
    if (!/^utf-?8$/i.test(encoding))
      throw Object.assign(new RangeError(`The "${encoding}" encoding is not supported`), {
        code: 'ERR_ENCODING_NOT_SUPPORTED',
      });
    this.fatal = fatal;
    this.ignoreBOM = ignoreBOM;
  }

  decode(bytes: Uint8Array = new Uint8Array()): string {
    const marked = !this.ignoreBOM && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    if (this.fatal && !host.isUtf8(bytes, 0, bytes.length))
      throw Object.assign(new TypeError('The encoded data was not valid for encoding utf-8'), {
        code: 'ERR_ENCODING_INVALID_ENCODED_DATA',
      });
    return host.utf8Text(bytes, marked ? 3 : 0, bytes.length);
  }
}
