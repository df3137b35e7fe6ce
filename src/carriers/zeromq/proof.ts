/**
 * Whose connection a question came by: the library lets in who has one of the keys, and does not say which. So who listens proves
 * it once more, by what only the owners of the two keys can compute (X25519, as CURVE does), of a number that this connection alone got.
 */
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { once } from '../../model/schema.ts';
import { type CurveKeys, keyBytes, type KeyPair } from './keys.ts';

// What stands before the 32 bytes of an X25519 key in PKCS #8 and in SPKI (RFC 8410).
const beforeSecret = Buffer.from('302e020100300506032b656e04220420', 'hex');
const beforePublic = Buffer.from('302a300506032b656e032100', 'hex');

/** @param far the public key of the other end @returns hex */
export const proofOf = (own: Pick<KeyPair, 'secretKey'>, far: string, nonce: string): string =>
  proofBy(secretWith(own, far), nonce);

const secretWith = ({ secretKey }: Pick<KeyPair, 'secretKey'>, far: string): Buffer =>
  diffieHellman({ privateKey: ownKey(secretKey), publicKey: farKey(far) });

const proofBy = (secret: Buffer, nonce: string): string =>
  createHmac('sha256', secret).update(`dreamos listen ${nonce}`).digest('hex');

export interface Proofs {
  /** Of a connection, by what the socket calls it. */
  nonceFor(connection: Buffer): string;
  /** Whose key it is. `undefined`: nobody's. */
  peerOf(connection: Buffer, proof: string): string | undefined;
}

export function createProofs({ secretKey, peers }: Pick<CurveKeys, 'secretKey' | 'peers'>): Proofs {
  const run = randomBytes(32);
  // Not again with each question.
  const secrets = once(() => [...peers].map(([name, key]) => [name, secretWith({ secretKey }, key)] as const));
  const nonceFor = (connection: Buffer): string => createHmac('sha256', run).update(connection).digest('hex');
  return {
    nonceFor,
    peerOf: (connection, proof) => {
      if (!/^[0-9a-f]{64}$/.test(proof)) return undefined;
      const nonce = nonceFor(connection);
      for (const [name, secret] of secrets())
        if (timingSafeEqual(Buffer.from(proofBy(secret, nonce)), Buffer.from(proof))) return name;
      return undefined;
    },
  };
}

const ownKey = (key: string) =>
  createPrivateKey({ key: Buffer.concat([beforeSecret, bytesOf(key)]), format: 'der', type: 'pkcs8' });
const farKey = (key: string) =>
  createPublicKey({ key: Buffer.concat([beforePublic, bytesOf(key)]), format: 'der', type: 'spki' });

function bytesOf(key: string): Buffer {
  const bytes = keyBytes(key);
  if (!bytes) throw new Error('This is no key of CURVE.');
  return bytes;
}
