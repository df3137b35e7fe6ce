import { sha256 } from '../basics/sha256.ts';

// `,"digest":"sha256:<64 hex>"}` is the end of every sealed message: over everything before it.
const digestKey = ',"digest":"sha256:';
export const digestBytes = digestKey.length + 64 + 2;

/** Of the text of a message that ends in a brace, in whose place there will be the digest, or of its sealed bytes. */
export function sealedLength(message: string | Buffer): number {
  return typeof message === 'string' ? Buffer.byteLength(message) - 1 + digestBytes : message.length;
}

/** Behind these bytes of a message, and a line end. @returns so many */
export function writeDigest(bytes: Buffer, start: number, cut: number): number {
  return bytes.write(`${digestKey}${sha256(bytes.subarray(start, cut))}"}\n`, cut, 'latin1');
}

/** Sealed, and a line end. @returns where the next one begins */
export function writeSealed(bytes: Buffer, start: number, message: string | Buffer): number {
  if (typeof message !== 'string') {
    bytes.set(message, start);
    bytes[start + message.length] = 0x0a;
    return start + message.length + 1;
  }
  const cut = start + bytes.write(message, start) - 1;
  return cut + writeDigest(bytes, start, cut);
}

/** Without its line end. */
export function endOf(bytes: Buffer): number {
  return bytes[bytes.length - 1] === 0x0a ? bytes.length - 1 : bytes.length;
}

/** Where the digest of a message begins. @returns why there is none, or none that fits */
export function digestStart(bytes: Buffer, end = endOf(bytes)): number | string {
  const cut = end - digestBytes;
  const tail = cut > 0 ? bytes.toString('latin1', cut, end) : '';
  if (!tail.startsWith(digestKey)) return cut > 0 ? 'it does not end in a digest' : 'it is too short to be a message';
  return tail.slice(digestKey.length, -2) === sha256(bytes.subarray(0, cut))
    ? cut
    : 'its digest does not fit its bytes';
}
