/**
 * What of a message is signed, and where its signature stands. `root`, `key` and `sig` are the last fields in front of the
 * digest: `…,"root":"<id>","key":"<id>","sig":"<88 characters of base64>","digest":"sha256:…"}`. Signed (Ed25519) are the line
 * `dreamos-message-v1` and all bytes in front of `,"sig"`, as they are in the file: nothing is put in order or written anew to
 * check them. A signature has one length, so its place is known from the end, and nothing within a message can feign it.
 */

/** `invalid`: it says that it is signed, and that does not hold. */
export const signatureStates = ['verified', 'unsigned', 'invalid'] as const;

/** What is known of a message's signature; nothing where the setting `signatures` is off. */
export interface Signature {
  readonly signature?: (typeof signatureStates)[number];
  /** Of an invalid one why, as the end of a sentence that begins with `because`. */
  readonly signatureFault?: string;
  /** Of a verified one who has signed it, in words, where somebody else has the name of its sender by now. */
  readonly signedBy?: string;
}

const firstLine = Buffer.from('dreamos-message-v1\n');
const sigKey = ',"sig":"';
const sigCharacters = 88;

/** By message, as it was read: its bytes, without a line end, and where in them its digest begins. A copy of a message has none. */
const read = new WeakMap<object, { readonly bytes: Buffer; readonly cut: number }>();

export function keepBytes(message: object, bytes: Buffer, cut: number): void {
  read.set(message, { bytes, cut });
}

/** All of them, the digest too. */
export function sealedBytes(message: object): Buffer | undefined {
  return read.get(message)?.bytes;
}

/** Those in front of `,"digest"`. */
export function keptBytes(message: object): Buffer | undefined {
  const kept = read.get(message);
  return kept?.bytes.subarray(0, kept.cut);
}

/** What is signed. @param text JSON of a message that has `root` and `key` last, and neither `sig` nor `digest` yet */
export function bytesToSign(text: string): Buffer {
  return Buffer.concat([firstLine, Buffer.from(text).subarray(0, -1)]);
}

/**
 * What was signed, and the signature.
 * @param bytes of a message in front of its digest @returns `undefined`: they do not end in a signature
 */
export function signedPart(bytes: Buffer): { readonly signed: Buffer; readonly signature: Buffer } | undefined {
  const cut = bytes.length - sigKey.length - sigCharacters - 1;
  if (cut <= 0 || bytes.toString('latin1', cut, cut + sigKey.length) !== sigKey || bytes.at(-1) !== 0x22)
    return undefined;
  const text = bytes.toString('latin1', cut + sigKey.length, bytes.length - 1);
  const signature = Buffer.from(text, 'base64');
  // Of the bits of its last character four mean nothing: other texts would be the same bytes.
  if (signature.toString('base64') !== text) return undefined;
  return { signed: Buffer.concat([firstLine, bytes.subarray(0, cut)]), signature };
}
