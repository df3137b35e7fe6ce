import type { Found } from '../../contract/look.ts';
import { dataJson, type Message } from '../../model/message.ts';
import { resolveMailbox } from '../agents/agents.ts';
import { signatureCheck } from '../identity/signatures/look.ts';
import { everyMessage, type ScanOptions } from './every-message.ts';
import { upTo } from './in-time.ts';
import { withWholeId } from './meant.ts';
import { placedAt } from '../root/cursor.ts';
import { holdersIn } from './holders.ts';
import { inLook, reasonOf, toListed } from './list.ts';
import { hasIn } from './sieve.ts';
import type { Session } from '../root/root.ts';
import { eachOf, ofMailbox } from '../root/operation.ts';

export interface SearchOptions extends Omit<ScanOptions, 'logs'> {
  readonly limit?: number;
  /**
   * Looks into what is sealed, too, as `show` opens it. What does not open is found by what stands outside, and that
   * is said once.
   */
  readonly unseal?: boolean;
}

export const search = eachOf('search', searchBody, (_, { mailbox } = {}) => ofMailbox(mailbox));

async function* searchBody(
  session: Session,
  text: string,
  asked: SearchOptions = {},
): AsyncGenerator<Found, void, undefined> {
  const { limit, mailbox } = asked;
  const holders = new Map<string, ReturnType<typeof holdersIn>>();
  const named = mailbox === undefined ? undefined : (await resolveMailbox(session, mailbox)).name;
  const options = await withWholeId(session, asked, { mailbox: named, logs: named === undefined });
  const check = await signatureCheck(session);
  const [inMessage, inReason] = [hasText(text), hasIn(text)];
  const opener = asked.unseal ? (await import('../seal/opener.ts')).createOpener(session) : undefined;
  const fits: Parameters<typeof everyMessage>[1] = async (message, seen) =>
    inMessage(seen.opened ?? message) || inReason((await reasonOf(seen)) ?? '');
  const scan = everyMessage(session, fits, { ...options, logs: true }, undefined, opener);
  for await (const seen of upTo(limit, scan)) {
    const { entry, message, opened } = seen;
    const holderOf = holders.get(entry.mailbox) ?? holdersIn(session, entry.mailbox);
    holders.set(entry.mailbox, holderOf);
    const known = {
      reason: await reasonOf(seen),
      holder: await holderOf(entry),
      signature: await check?.(message),
    };
    const { place } = seen;
    yield placedAt({ ...toListed(session, seen, known), message: opened ?? message }, ...inLook(session, place));
  }
  opener?.end();
}

export function hasText(text: string): (message: Message) => boolean {
  const hasIt = hasIn(text);
  return (message) => {
    const { subject, body: words, from, id, tags, data, sealed } = message;
    // In a ciphertext every short text is somewhere.
    const body = sealed === undefined ? words : '';
    return [subject, body, from, id, ...tags].some(hasIt) || (data !== null && hasIt(dataJson(message)));
  };
}
