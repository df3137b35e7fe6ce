import type { Message } from '../../model/message.ts';
import { logOf } from '../../model/topic.ts';
import type { Session } from '../root/root.ts';
import { bringUpToDate, isOverdue } from '../wait/due.ts';
import type { Entry } from '../../storage/port/look.ts';

/** Mail that moves can be missed by one look; only what several looks do not see is not there. */
export const looks = 3;

/** Every mailbox's entry with this id, or one mailbox's; empty only after three looks. */
export async function findSurely(session: Session, id: string, mailbox?: string): Promise<Entry[]> {
  for (let look = 1; ; look++) {
    const entries = await session.store.look.find(id, mailbox);
    if (entries.length > 0 || look === looks) return entries;
  }
}

/** As findSurely, for who says where it is: what is due there is moved first, as every look does that goes by mailbox. */
export async function findNow(session: Session, id: string, mailbox?: string): Promise<Entry[]> {
  await session.store.mail.finishSends();
  const entries = await findSurely(session, id, mailbox);
  const overdue = entries.filter((entry) => isOverdue(entry, session.store.now()));
  for (const { mailbox: name } of overdue) {
    const card = await session.store.documents.getAgent(name);
    if (card) await bringUpToDate(session, card);
  }
  return overdue.length === 0 ? entries : findSurely(session, id, mailbox);
}

/** The entry in a topic's log. @param message says itself in which; without it all are looked through */
export async function findInLogs(session: Session, id: string, message?: Message): Promise<Entry[]> {
  if (message) return message.topic === undefined ? [] : session.store.look.find(id, logOf(message.topic));
  for (const topic of await session.store.look.listTopics()) {
    const entries = await session.store.look.find(id, logOf(topic));
    if (entries.length > 0) return entries;
  }
  return [];
}
