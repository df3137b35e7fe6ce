import { verify } from 'node:crypto';
import { DreamosError } from '../../../model/errors.ts';
import type { Message } from '../../../model/message.ts';
import { keptBytes, type Signature, signedPart } from '../../../model/signed/signature.ts';
import type { Session } from '../../root/root.ts';
import { keyOf, type KeyState, rootIdOf } from '../keys.ts';
import { createLately } from './lately.ts';

/** By the bytes that were read, for this user's trust. */
export async function checkSignature(session: Session, message: Message): Promise<Signature> {
  const { sig, key, root, from } = message;
  if (sig === undefined) return unsigned;
  const bytes = keptBytes(message);
  const part = bytes && signedPart(bytes);
  if (!part || key === undefined || root === undefined) return invalid('it does not end in a signature of dreamos');
  const known = await keyNow(session, `${from} ${key}`, () => lookUp(session, from, key));
  if (root !== known.root) return invalid('it was signed for another root');
  const { state, publicKey, former } = known;
  if (state === 'unknown' && publicKey) return invalid(`no key of ${from} that is trusted vouches for ${key}`);
  if (state !== 'good' || !publicKey) return invalid(faults[state](from, key));
  // Who has signed it has given the name away, and goes on to have the key.
  if (former && !(Date.parse(message.createdAt) < Date.parse(former.until)))
    return invalid(`it was signed by ${former.who}, and it says it is later`);
  if (!verify(null, part.signed, publicKey, part.signature)) return invalid('it was changed since it was signed');
  return former ? { ...verified, signedBy: former.who } : verified;
}

interface Known extends Awaited<ReturnType<typeof keyOf>> {
  /** This root's own id. */
  readonly root: string | undefined;
}

const keyNow = createLately<Known>();

async function lookUp(session: Session, from: string, key: string): Promise<Known> {
  return { root: await rootIdOf(session), ...(await keyOf(session, from, key)) };
}

const verified: Signature = { signature: 'verified' };
const unsigned: Signature = { signature: 'unsigned' };

function invalid(signatureFault: string): Signature {
  return { signature: 'invalid', signatureFault };
}

const faults: Record<KeyState, (from: string, key: string) => string> = {
  good: (from, key) => `the key ${key} of ${from} is not here`,
  revoked: (from, key) => `the key ${key} of ${from} is revoked`,
  changed: (from) => `the key of ${from} is not the one that is trusted`,
  unknown: (from, key) => `${key} is no key of ${from}`,
};

/** Why it is not delivered, or its words are not handed out; `undefined`: it is as it should be. */
export function refusalOf({ id, from }: Message, { signature, signatureFault }: Signature): DreamosError | undefined {
  if (signature === 'verified' || signature === undefined) return undefined;
  const hint = `dreamos show ${id}`;
  return signature === 'unsigned'
    ? new DreamosError('denied', 'SIGNATURE_MISSING', `Message ${id} from ${from} is not signed.`, { hint })
    : new DreamosError(
        'denied',
        'SIGNATURE_INVALID',
        `The signature of message ${id} from ${from} is not valid: ${signatureFault}.`,
        { hint },
      );
}
