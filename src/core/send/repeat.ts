/** What the repeat of a send under a dedupe key is answered: where the first one is by now, and whether more will come of it. */
import type { SendReceipt } from '../../contract/mail.ts';
import { DreamosError } from '../../model/errors.ts';
import { isLog } from '../../model/topic.ts';
import { findNow, findSurely } from '../look/find.ts';
import { namesNow } from '../agents/agents.ts';
import type { Session } from '../root/root.ts';
import type { Entry } from '../../storage/port/look.ts';

type Whereabouts = Pick<SendReceipt, 'state'> & { readonly states: NonNullable<SendReceipt['states']> };

/** From what is still to be delivered to what is over. */
const byDistance = ['delayed', 'ready', 'inflight', 'dead', 'archived', 'gone'] as const;

/** @returns `undefined`, and a warning: it is sent, whatever the disk says now; told otherwise, the sender would try again for nothing */
export async function whereNow(
  session: Session,
  id: string,
  mailboxes: readonly string[],
): Promise<Whereabouts | undefined> {
  try {
    const states: { mailbox: string; state: SendReceipt['state'] }[] = [];
    for (const mailbox of mailboxes) {
      const entry = await findEvenRenamed(session, id, mailbox);
      states.push({ mailbox, state: entry?.state ?? 'gone' });
    }
    return { state: byDistance.find((state) => states.some((one) => one.state === state)) ?? 'gone', states };
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    session.warn(`Where ${id} is now could not be seen: ${error.message}`);
    return undefined;
  }
}

async function findEvenRenamed(session: Session, id: string, mailbox: string): Promise<Entry | undefined> {
  const [entry] = await findNow(session, id, mailbox);
  if (entry) return entry;
  for (const now of await namesNow(session, mailbox)) {
    const [moved] = await findNow(session, id, now);
    if (moved) return moved;
  }
  return undefined;
}

/** The subscribers' of a publish. Who subscribes may have changed since, and who has purged it has only an event of it. */
export async function firstMailboxes(session: Session, id: string): Promise<string[]> {
  const entries = await findSurely(session, id);
  const told = (await session.store.journal.history(id)).filter((event) => event.id === id && !isLog(event.mailbox));
  return [...new Set([...entries, ...told].map(({ mailbox }) => mailbox))].sort();
}
