/** The only user of node:crypto here, loaded when a key is used first: 1.5 ms. */
import type { KeyObject } from 'node:crypto';
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';

/** The 12 bytes in front of a raw public key, which make DER of it (RFC 8410). */
const derPrefix = Buffer.from('302a300506032b6570032100', 'hex');
const rawBytes = 32;
// A key is a few hundred bytes; more agents than that nobody verifies at a time.
const mostKnown = 1000;
const known = new Map<string, KeyObject>();

/** @returns PKCS#8 as PEM, and the raw public key in base64 */
export function makeKeyPair(): { readonly privateKey: string; readonly publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), publicKey: rawOf(publicKey) };
}

/** @param publicKey raw, 32 bytes, in base64 */
export function publicKeyOf(publicKey: string): KeyObject {
  const found = known.get(publicKey);
  if (found) return found;
  const key = createPublicKey({
    key: Buffer.concat([derPrefix, Buffer.from(publicKey, 'base64')]),
    format: 'der',
    type: 'spki',
  });
  if (known.size >= mostKnown) known.clear();
  known.set(publicKey, key);
  return key;
}

/** As other programs read it. */
export function pemOf(publicKey: string): string {
  return publicKeyOf(publicKey).export({ type: 'spki', format: 'pem' }).toString();
}

/** @returns the key, and its public half, raw, in base64; `undefined`: it is no Ed25519 key */
export function privateKeyOf(pem: string): { readonly key: KeyObject; readonly publicKey: string } | undefined {
  try {
    const key = createPrivateKey(pem);
    return key.asymmetricKeyType === 'ed25519' ? { key, publicKey: rawOf(createPublicKey(key)) } : undefined;
  } catch {
    return undefined;
  }
}

function rawOf(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'der' }).subarray(-rawBytes).toString('base64');
}

/** @returns 64 bytes */
export function signBytes(key: KeyObject, bytes: Uint8Array): Buffer {
  return sign(null, bytes, key);
}

export function verifyText(publicKey: string, text: string, signature: string): boolean {
  const bytes = Buffer.from(signature, 'base64');
  return bytes.length === 64 && verify(null, Buffer.from(text), publicKeyOf(publicKey), bytes);
}
