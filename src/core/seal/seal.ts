/** Sealing what is sent: to everybody it goes to, and to its sender, who may look at it later. */
import { DreamosError } from '../../model/errors.ts';
import type { Message } from '../../model/message.ts';
import { innerText, sealedBy, type Words } from '../../model/security/sealed.ts';
import { namedInstead, rootIdOf, sealRecipientOf, sealSecretOf, sealSecretsOf } from '../identity/keys.ts';
import type { Session } from '../root/root.ts';
import { macOf } from './mac.ts';

interface ToSeal {
  readonly message: Pick<Message, 'id' | 'from' | 'to' | 'topic'>;
  /** Whose mailboxes it comes to. */
  readonly mailboxes: readonly string[];
  readonly words: Words;
  readonly dedupeKey: string | undefined;
}

export interface Sealed {
  /** The ciphertext. */
  readonly body: string;
  /** What the message says of it. */
  readonly fields: Pick<Message, 'sealed' | 'sealedMac'>;
  /** What `sealedMac` would have been under the sender's earlier keys. */
  readonly formerMacs: readonly string[] | undefined;
  /** Of a send under a dedupe key: it is refused, if it is no repeat. */
  readonly refusal: DreamosError | undefined;
}

/**
 * @throws NO_SEAL_KEY naming who has none, and KEY_CHANGED: nobody is sealed to then; UNAUTHENTICATED under a dedupe key, if the
 * sender's private key is not here
 */
export async function sealWords(session: Session, { message, mailboxes, words, dedupeKey }: ToSeal): Promise<Sealed> {
  const { from } = message;
  const { encryptTo, isRecipient } = await import('../age/age.ts');
  const keys = new Set<string>();
  const without: string[] = [];
  const spoilt = new Set<string>();
  let refusal: DreamosError | undefined;
  for (const name of new Set([...mailboxes, from])) {
    try {
      const key = await sealRecipientOf(session, name);
      const isSpoilt = key !== undefined && !(await isRecipient(key));
      if (isSpoilt) spoilt.add(name);
      if (key === undefined || isSpoilt) without.push(name);
      else keys.add(key);
    } catch (error) {
      if (!(error instanceof DreamosError) || error.code !== 'KEY_CHANGED') throw error;
      refusal ??= error;
    }
  }
  if (without.length > 0) refusal ??= noKey(without, from, spoilt);
  // Under a key it may be the repeat of a send to who had one then. Whether it is, the store knows.
  if (refusal && (dedupeKey === undefined || keys.size === 0)) throw refusal;
  const [mac, ...formerMacs] = dedupeKey === undefined ? [] : await macsUnder(session, from, dedupeKey, words);
  const body = await encryptTo(innerText(message, words), keys);
  return {
    body,
    fields: { sealed: sealedBy, ...(mac !== undefined && { sealedMac: mac }) },
    formerMacs: formerMacs.length > 0 ? formerMacs : undefined,
    refusal,
  };
}

/** By the current key, then by those before: a repeat may come behind a rotation. */
async function macsUnder(session: Session, from: string, dedupeKey: string, words: Words): Promise<string[]> {
  const root = (await rootIdOf(session)) ?? '';
  const current = await sealSecretOf(session, from);
  if (current !== undefined) {
    const secrets = new Set([current, ...(await sealSecretsOf(session, from))]);
    return [...secrets].map((secret) => macOf(words, { secret, root, dedupeKey }));
  }
  const instead = await namedInstead(session, from);
  if (instead) throw instead;
  throw new DreamosError(
    'denied',
    'UNAUTHENTICATED',
    `The private key of ${from} is not here, and under a dedupe key sealed words are compared by it; nothing was sent.`,
    { hint: `See whose key is here: dreamos identity show ${from}` },
  );
}

/** @param spoilt whose card says what is no key of age: he has one, and needs another */
function noKey([first = '', ...more]: readonly string[], from: string, spoilt: ReadonlySet<string>): DreamosError {
  const all = [first, ...more];
  const named = all.slice(0, mostNamed).map((name) => (name === from ? `${name}, the sender` : name));
  const rest = all.length > mostNamed ? ` and ${all.length - mostNamed} more` : '';
  const next = all
    .slice(0, mostNamed)
    .map((name) => `dreamos identity ${spoilt.has(name) ? 'rotate' : 'create'} ${name}`);
  const have = all.length === 1 ? 'has' : 'have';
  return new DreamosError(
    'invalid',
    'NO_SEAL_KEY',
    `There is nothing to seal to: ${named.join('; ')}${rest} ${have} no key, so nothing was sent.`,
    { hint: `As the user who reads that mail: ${next.join('; ')}` },
  );
}

const mostNamed = 10;
