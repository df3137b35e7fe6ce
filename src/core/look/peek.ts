import type { Peeked } from '../../contract/mail.ts';
import { resolveAgent } from '../agents/agents.ts';
import { keepSeen } from '../agents/seen.ts';
import { signatureCheck } from '../identity/signatures/look.ts';
import { bringDueOrWarn, isOverdue } from '../wait/due.ts';
import { acceptsOf, type Filter } from '../../model/filter.ts';
import { dataJson, type Message } from '../../model/message.ts';
import { openerIf } from './list.ts';
import { withWholeId } from './meant.ts';
import { readOrWarn } from './read-entry.ts';
import type { Session } from '../root/root.ts';
import { waitFor } from '../wait/wait.ts';
import { operation } from '../root/operation.ts';

export interface PeekOptions {
  /** 1 by default. Of messages that have more than 64 MiB together only the first are given, with a warning. */
  readonly limit?: number;
  /** The longest time to wait for one; milliseconds. */
  readonly waitMs?: number;
  readonly filter?: Filter;
  readonly signal?: AbortSignal;
  /** Opens what is sealed, as `search` does. */
  readonly unseal?: boolean;
}

/** So much text they have together at most, unless one has more: all of them lie in memory, of a server for whoever asks; characters. */
const mostText = 64 * 1024 * 1024;

export const peek = operation('peek', peekBody, (mailbox, { waitMs = 0 } = {}) => ({
  named: [mailbox],
  lasting: waitMs > 0 ? 'looks' : undefined,
}));

async function peekBody(session: Session, mailbox: string, asked: PeekOptions = {}): Promise<Peeked[]> {
  const card = await resolveAgent(session, mailbox);
  const options = await withWholeId(session, asked, { mailbox: card.name });
  const { limit = 1 } = options;
  const look = async (): Promise<Peeked[] | undefined> => {
    await bringDueOrWarn(session, card.name);
    const found = await nextReady(session, card.name, limit, options);
    return found.length > 0 ? found : undefined;
  };
  const endSeen = options.waitMs ? await keepSeen(session, card.name) : undefined;
  try {
    return (await waitFor(session, card.name, look, options)) ?? [];
  } finally {
    endSeen?.();
  }
}

async function nextReady(
  session: Session,
  mailbox: string,
  limit: number,
  { filter, signal, unseal }: PeekOptions,
): Promise<Peeked[]> {
  const accepts = acceptsOf(filter);
  const opener = await openerIf(session, unseal);
  const check = await signatureCheck(session);
  const found: Peeked[] = [];
  let text = 0;
  const seen = new Set<string>();
  // Never conclude from one scan: while mail moves it can miss a message. Nothing is opened twice.
  for (let scan = 0; scan < 2 && found.length === 0; scan++) {
    for await (const entry of session.store.look.list(mailbox, 'ready')) {
      if (found.length >= limit || signal?.aborted) break;
      if (seen.has(entry.key)) continue;
      seen.add(entry.key);
      // It would not be delivered any more; the next claim moves it to the dead-letter queue.
      if (isOverdue(entry, session.store.now())) continue;
      const message = await readOrWarn(session, entry);
      if (!message || (accepts && !accepts(message))) continue;
      text += textIn(message);
      if (text > mostText && found.length > 0) {
        session.warn(`Only the first ${found.length} are told: with the next they would have more than 64 MiB.`);
        break;
      }
      const opened = await opener?.open(message, mailbox);
      found.push({
        ...{ mailbox: entry.mailbox, attempt: entry.attempt, message: opened ?? message },
        ...(await check?.(message)),
        ...(opened && { unsealed: true as const }),
      });
    }
  }
  opener?.end();
  return found;
}

/** @returns characters */
function textIn(message: Message): number {
  try {
    return message.body.length + dataJson(message).length;
  } catch (error) {
    // Nested deeper than the stack goes: whoever writes it says so, and goes on with the next.
    if (error instanceof RangeError) return message.body.length;
    throw error;
  }
}
