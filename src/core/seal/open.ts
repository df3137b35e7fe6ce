/** Opening what is sealed, with the private keys that are here. What comes out is never written into the root. */
import { sameAgent } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import type { Message } from '../../model/message.ts';
import { openedBy, sealedBy } from '../../model/security/sealed.ts';
import { isLog } from '../../model/topic.ts';
import { namedInstead, privatePathOf, sealSecretsOf } from '../identity/keys.ts';
import { unauthenticated } from '../identity/refusals.ts';
import type { Session } from '../root/root.ts';

/**
 * With a key of one of these agents. A message that is not sealed is as it was.
 * @throws UNAUTHENTICATED: no private key of any of them is here, or one is spoilt; SEAL_UNOPENED: none of those opens it, or what is in it is
 * not this message's
 */
export async function open(session: Session, message: Message, agents: Iterable<string>): Promise<Message> {
  const { id, sealed, body } = message;
  if (sealed === undefined) return message;
  if (sealed !== sealedBy)
    throw unopened(id, `it is sealed by ${JSON.stringify(sealed)}, which this version does not know`);
  const names = [...new Set(agents)];
  // Whose each is.
  const secrets = new Map<string, string>();
  for (const name of names) for (const secret of await sealSecretsOf(session, name)) secrets.set(secret, name);
  if (secrets.size === 0) throw await noKeyHere(session, id, names);
  const { decryptBy, isSecret } = await import('../age/age.ts');
  for (const [secret, name] of secrets) if (!isSecret(secret)) throw spoilt(name, await privatePathOf(session, name));
  let text: string;
  try {
    text = await decryptBy(body, secrets.keys());
  } catch (error) {
    // Words of the library go no further: they may have a key in them.
    const isOthers = /no identity matched/.test((error as Error).message);
    throw unopened(id, isOthers ? `no key of ${names.join(', ')} that is here opens it` : 'it was changed');
  }
  const opened = openedBy(text, message);
  if (typeof opened === 'string') throw unopened(id, opened);
  return opened;
}

/** Of a look: with the keys of who acts; where nobody does, of everybody whom it concerns. @param mailboxes where it lies */
export function lookersOf(
  { acting }: Pick<Session, 'acting'>,
  { from, to }: Message,
  mailboxes: readonly string[],
): Set<string> {
  if (acting !== undefined) return new Set([acting]);
  return new Set([...mailboxes.filter((name) => !isLog(name)), ...to, from]);
}

/** Of a delivery: with the keys of who reads, and, where he is only believed who he is, of the mailbox's own agent. */
export function readersOf({ acting, proved }: Pick<Session, 'acting' | 'proved'>, mailbox: string): string[] {
  if (proved && acting !== undefined) return [acting];
  return acting === undefined || sameAgent(acting, mailbox) ? [mailbox] : [mailbox, acting];
}

async function noKeyHere(session: Session, id: string, names: readonly string[]): Promise<DreamosError> {
  const [first = ''] = names;
  const instead = await namedInstead(session, first);
  const why = instead ? ` ${instead.message}` : '';
  return unauthenticated(
    `Message ${id} is sealed, and no private key of ${names.join(', ')} is here.${why}`,
    instead?.hint ?? `See whose key is here: dreamos identity show ${first}`,
  );
}

/** It is said of the file, and no word of the message. */
function spoilt(name: string, path: string | undefined): DreamosError {
  return unauthenticated(
    `The seal key of ${name} in ${path ?? 'its file'} is spoilt, so nothing is opened by it.`,
    'Take the file from a copy',
  );
}

function unopened(id: string, why: string): DreamosError {
  return new DreamosError('denied', 'SEAL_UNOPENED', `Message ${id} is sealed, and not opened: ${why}.`, {
    hint: `For whom it is: dreamos show ${id}`,
  });
}
