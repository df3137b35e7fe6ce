/** Ed25519 of node:crypto (RFC 8032), loaded when a key is used first: 1.5 ms. A public key is its 32 bytes in base64. */
import type { KeyObject } from 'node:crypto';
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';

/** In front of the 32 bytes of a public key, in DER (RFC 8410). */
const derPrefix = Buffer.from('302a300506032b6570032100', 'hex');
// A key is a few hundred bytes; more agents than that nobody verifies at a time.
const mostKnown = 1000;
const known = new Map<string, KeyObject>();

export function newKey(): KeyObject {
  return generateKeyPairSync('ed25519').privateKey;
}

/** PKCS#8 in PEM, as openssl reads it. */
export function keyText(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Of a private key the public one. Asked for as SPKI, OpenSSL would look for an encoder first: a millisecond. */
export function publicText(key: KeyObject): string {
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url').toString('base64');
}

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

/** @returns the key, and its public half; `undefined`: it is no Ed25519 key, or it was cut short or spoilt */
export function privateKeyOf(pem: string): { readonly key: KeyObject; readonly publicKey: string } | undefined {
  try {
    const key = createPrivateKey(pem);
    return key.asymmetricKeyType === 'ed25519' ? { key, publicKey: publicText(key) } : undefined;
  } catch {
    return undefined;
  }
}

/** @returns 64 bytes */
export function signBytes(key: KeyObject, bytes: Uint8Array): Buffer {
  return sign(null, bytes, key);
}

export function verifyText(publicKey: string, text: string, signature: string): boolean {
  try {
    return verify(null, Buffer.from(text), publicKeyOf(publicKey), Buffer.from(signature, 'base64'));
  } catch {
    // A key of another length is none.
    return false;
  }
}
