import type { Found } from '../../contract/look.ts';
import { dataJson, type Message } from '../../model/message.ts';
import { resolveMailbox } from '../agents/agents.ts';
import { everyMessage, type ScanOptions } from './every-message.ts';
import { upTo } from './in-time.ts';
import { withWholeId } from './meant.ts';
import { holdersIn } from './holders.ts';
import { reasonOf, toListed } from './list.ts';
import { hasIn } from './sieve.ts';
import type { Session } from '../root/root.ts';
import { eachOf, ofMailbox } from '../root/operation.ts';

export interface SearchOptions extends Omit<ScanOptions, 'logs'> {
  readonly limit?: number;
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
  const [inMessage, inReason] = [hasText(text), hasIn(text)];
  const fits: Parameters<typeof everyMessage>[1] = async (message, seen) =>
    inMessage(message) || inReason((await reasonOf(seen)) ?? '');
  for await (const seen of upTo(limit, everyMessage(session, fits, { ...options, logs: true }))) {
    const { entry } = seen;
    const holderOf = holders.get(entry.mailbox) ?? holdersIn(session, entry.mailbox);
    holders.set(entry.mailbox, holderOf);
    yield { ...toListed(session, seen, await reasonOf(seen), await holderOf(entry)), message: seen.message };
  }
}

export function hasText(text: string): (message: Message) => boolean {
  const hasIt = hasIn(text);
  return (message) => {
    const { subject, body, from, id, tags, data } = message;
    return [subject, body, from, id, ...tags].some(hasIt) || (data !== null && hasIt(dataJson(message)));
  };
}
