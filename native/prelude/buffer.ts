import * as host from 'dreamos:host';

// Its own from() takes other things than an array's.
const Bytes = Uint8Array as unknown as new (
  source: number | ArrayBuffer,
  start?: number,
  length?: number,
) => Uint8Array<ArrayBuffer>;

/** The part of Node's Buffer that is used here. Its bytes are always zeroed: the host has no pool to cut them from. */
export class HostBuffer extends Bytes {
  static from(source: string | ArrayBuffer | ArrayLike<number>, encoding?: string): HostBuffer {
    if (typeof source !== 'string') {
      if (source instanceof ArrayBuffer) return new HostBuffer(source);
      const copy = new HostBuffer(source.length);
      copy.set(source);
      return copy;
    }
    const kind = encodingOf(encoding);
    if (kind === 'utf8') return new HostBuffer(host.utf8Bytes(source));
    if (kind === 'latin1') {
      const bytes = new HostBuffer(source.length);
      for (let i = 0; i < source.length; i++) bytes[i] = source.charCodeAt(i);
      return bytes;
    }
    if (kind === 'hex') {
      const digits = /^(?:[0-9a-f]{2})*/i.exec(source)?.[0] ?? '';
      const bytes = new HostBuffer(digits.length / 2);
      for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
      return bytes;
    }
    return fromBase64(source);
  }

  static alloc(size: number): HostBuffer {
    return new HostBuffer(size);
  }

  static allocUnsafe(size: number): HostBuffer {
    return new HostBuffer(size);
  }

  static byteLength(text: string | ArrayBufferView): number {
    return typeof text === 'string' ? host.utf8Length(text) : text.byteLength;
  }

  static isBuffer(value: unknown): value is HostBuffer {
    return value instanceof HostBuffer;
  }

  static isEncoding(name: string): boolean {
    return name.toLowerCase() in encodings;
  }

  static concat(parts: readonly Uint8Array[], length?: number): HostBuffer {
    // As Node: of nothing there is nothing, whatever the length.
    const whole = new HostBuffer(
      parts.length === 0 ? 0 : (length ?? parts.reduce((sum, part) => sum + part.length, 0)),
    );
    let at = 0;
    for (const part of parts) {
      const fits = part.length <= whole.length - at ? part : part.subarray(0, whole.length - at);
      whole.set(fits, at);
      at += fits.length;
    }
    return whole;
  }

  override toString(encoding?: string, start = 0, end: number = this.length): string {
    const from = Math.max(0, Math.min(Math.trunc(start) || 0, this.length));
    const to = Math.max(from, Math.min(Math.trunc(end) || 0, this.length));
    const kind = encodingOf(encoding);
    if (kind === 'utf8') return host.utf8Text(this, from, to);
    if (kind === 'latin1') return host.latin1Text(this, from, to);
    if (kind === 'hex')
      return Array.from(this.subarray(from, to), (byte) => byte.toString(16).padStart(2, '0')).join('');
    const text = toBase64(this.subarray(from, to));
    return kind === 'base64' ? text : text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  }

  /** @returns how many bytes were written: what does not fit is left out */
  write(text: string, start = 0, encoding?: string): number {
    if (encodingOf(encoding) === 'utf8') return host.utf8Write(text, this, start);
    const bytes = HostBuffer.from(text, encoding);
    const fits = bytes.subarray(0, Math.max(0, this.length - start));
    this.set(fits, start);
    return fits.length;
  }

  equals(other: Uint8Array): boolean {
    if (this.length !== other.length) return false;
    for (let i = 0; i < this.length; i++) if (this[i] !== other[i]) return false;
    return true;
  }

  override indexOf(value: string | number | Uint8Array, from = 0): number {
    if (typeof value === 'number') return super.indexOf(value & 0xff, from);
    const wanted = typeof value === 'string' ? HostBuffer.from(value) : value;
    const start = from < 0 ? Math.max(0, this.length + from) : from;
    if (wanted.length === 0) return Math.min(start, this.length);
    const first = wanted[0] as number;
    for (let at = super.indexOf(first, start); at !== -1; at = super.indexOf(first, at + 1)) {
      if (at + wanted.length > this.length) return -1;
      if (isAt(this, at, wanted)) return at;
    }
    return -1;
  }

  override lastIndexOf(value: string | number | Uint8Array, from = this.length): number {
    if (typeof value === 'number') return super.lastIndexOf(value & 0xff, from);
    const wanted = typeof value === 'string' ? HostBuffer.from(value) : value;
    const last = from < 0 ? this.length + from : from;
    if (wanted.length === 0) return last < 0 ? -1 : Math.min(last, this.length);
    const first = wanted[0] as number;
    let at = Math.min(last, this.length - wanted.length);
    while (at >= 0 && (at = super.lastIndexOf(first, at)) !== -1) {
      if (isAt(this, at, wanted)) return at;
      at--;
    }
    return -1;
  }

  override includes(value: string | number | Uint8Array, from = 0): boolean {
    return this.indexOf(value, from) !== -1;
  }

  /** Unlike an array's: the same bytes, no copy. */
  override slice(start?: number, end?: number): HostBuffer {
    return this.subarray(start, end) as HostBuffer;
  }

  readUInt32LE(at = 0): number {
    return view(this).getUint32(at, true);
  }

  readUInt32BE(at = 0): number {
    return view(this).getUint32(at);
  }

  writeUInt32LE(value: number, at = 0): number {
    view(this).setUint32(at, value, true);
    return at + 4;
  }
}

// What an array does otherwise under the same name must not be taken for Node's.
for (const name of ['fill', 'toLocaleString']) {
  const value = (): never => {
    throw new TypeError(`Buffer.${name} is not in the native program`);
  };
  Object.defineProperty(HostBuffer.prototype, name, { value, configurable: true });
}

function isAt(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  for (let i = 0; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return false;
  return true;
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

type Encoding = 'utf8' | 'latin1' | 'hex' | 'base64' | 'base64url';

const encodings: Record<string, Encoding> = {
  utf8: 'utf8',
  'utf-8': 'utf8',
  latin1: 'latin1',
  binary: 'latin1',
  hex: 'hex',
  base64: 'base64',
  base64url: 'base64url',
};

function encodingOf(name: string | undefined): Encoding {
  const encoding = encodings[(name ?? 'utf8').toLowerCase()];
  if (encoding === undefined)
    throw Object.assign(new TypeError(`Unknown encoding: ${name}`), { code: 'ERR_UNKNOWN_ENCODING' });
  return encoding;
}

const digits64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const three = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    for (let k = 0; k < 4; k++) text += i + k > bytes.length ? '=' : digits64.charAt((three >> (18 - 6 * k)) & 63);
  }
  return text;
}

/** As Node: of both alphabets, up to the first `=`, whatever else stands between left out. */
function fromBase64(text: string): HostBuffer {
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (const digit of text) {
    if (digit === '=') break;
    const value = digits64.indexOf(digit === '-' ? '+' : digit === '_' ? '/' : digit);
    if (value === -1) continue;
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((held >> bits) & 0xff);
    }
  }
  return HostBuffer.from(bytes);
}
