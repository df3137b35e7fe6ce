import * as host from 'dreamos:host';

export class HostTextEncoder {
  readonly encoding = 'utf-8';

  encode(text = ''): Uint8Array {
    return new Uint8Array(host.utf8Bytes(text));
  }
}

/** UTF-8 alone. With `stream` a character that is cut at the end is no error; what was cut is not kept for the next piece. */
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

  decode(given: Uint8Array = new Uint8Array(), { stream = false } = {}): string {
    const bytes = stream ? given.subarray(0, given.length - cutAtEnd(given)) : given;
    const marked = !this.ignoreBOM && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    if (this.fatal && !host.isUtf8(bytes, 0, bytes.length))
      throw Object.assign(new TypeError('The encoded data was not valid for encoding utf-8'), {
        code: 'ERR_ENCODING_INVALID_ENCODED_DATA',
      });
    return host.utf8Text(bytes, marked ? 3 : 0, bytes.length);
  }
}

/** How many bytes at the end begin a character whose others are missing. */
function cutAtEnd(bytes: Uint8Array): number {
  for (let length = 1; length <= Math.min(3, bytes.length); length++) {
    const part = bytes.subarray(bytes.length - length);
    const [lead = 0] = part;
    if (lead < 0xc0) continue;
    // What may stand behind these two is less than for the others.
    const second = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const whole = Uint8Array.from(
      { length: lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4 },
      (_, at) => part[at] ?? (at === 1 ? second : 0x80),
    );
    return length < whole.length && host.isUtf8(whole, 0, whole.length) ? length : 0;
  }
  return 0;
}
