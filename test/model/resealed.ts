import { digestBytes, writeDigest } from '../../src/model/signed/digest.ts';

/** A sealed message that was changed, with the digest of what it is now. */
export function resealed(sealed: string): Buffer {
  const text = Buffer.from(sealed);
  const bytes = Buffer.concat([text, Buffer.alloc(1)]);
  writeDigest(bytes, 0, text.length - digestBytes);
  return bytes.subarray(0, -1);
}
