import { sha256 } from '../basics/sha256.ts';

// `,"digest":"sha256:<64 hex>"}` is the end of every sealed message: over everything before it.
const digestKey = ',"digest":"sha256:';
export const digestBytes = digestKey.length + 64 + 2;

/** Behind these bytes of a message, and a line end. */
export function writeDigest(bytes: Buffer, start: number, cut: number): void {
  bytes.write(`${digestKey}${sha256(bytes.subarray(start, cut))}"}\n`, cut, 'latin1');
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
