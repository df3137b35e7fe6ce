/** The keys of checkpoints: Ed25519, each for one signature. */
import type { KeyObject } from 'node:crypto';
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';

/** In front of the 32 bytes of a public key, in DER (RFC 8410). */
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex');

export function newKey(): KeyObject {
  return generateKeyPairSync('ed25519').privateKey;
}

/** PKCS#8 in PEM, as openssl reads it. */
export function keyText(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** `undefined`: the text is no private key of this kind. */
export function parseKey(text: string): KeyObject | undefined {
  try {
    const key = createPrivateKey(text);
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    // What a crash has cut short, or somebody has spoilt.
    return undefined;
  }
}

/** Of a private key the public one: its 32 bytes in base64. */
export function publicText(key: KeyObject): string {
  return createPublicKey(key).export({ type: 'spki', format: 'der' }).subarray(publicPrefix.length).toString('base64');
}

export function signText(key: KeyObject, text: string): string {
  return sign(null, Buffer.from(text), key).toString('base64');
}

export function isSigned(publicKey: string, text: string, sig: string): boolean {
  try {
    const der = Buffer.concat([publicPrefix, Buffer.from(publicKey, 'base64')]);
    const key = createPublicKey({ key: der, type: 'spki', format: 'der' });
    return verify(null, Buffer.from(text), key, Buffer.from(sig, 'base64'));
  } catch {
    // A key of another length is none.
    return false;
  }
}
