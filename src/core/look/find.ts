import type { Message } from '../../model/message.ts';
import { logOf } from '../../model/topic.ts';
import type { DreamosError } from '../../model/errors.ts';
import { listMailboxes } from '../agents/agents.ts';
import { ofMailbox, operation } from '../root/operation.ts';
import type { Session } from '../root/root.ts';
import { bringDueOrWarn, finishSendsOrWarn, isOverdue } from '../wait/due.ts';
import { diskTrouble, notLookedInto, tellOnce } from '../root/trouble.ts';
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
  await finishSendsOrWarn(session);
  const entries = await findSurely(session, id, mailbox);
  const overdue = entries.filter((entry) => isOverdue(entry, session.store.now()));
  for (const { mailbox: name } of overdue) await bringDueOrWarn(session, name, { bury: true });
  return overdue.length === 0 ? entries : findSurely(session, id, mailbox);
}

/** As findNow, for who is told where something is. */
export const findSeen = operation('show', findNow, (_, mailbox) => ofMailbox(mailbox), 'findSeen');

/**
 * For a look: where it is, in mailboxes, else in logs. One in disorder is said, and hides nothing of the others.
 * @param said as lookIntoAll
 * @throws the failure where nothing was found without it
 */
export async function findAnywhere(
  session: Session,
  id: string,
  said = new Set<string>(),
): Promise<{ entries: Entry[]; inLogs: boolean }> {
  const failures = new Map<string, DreamosError>();
  const entries = await findInEach(session, id, failures);
  const inLogs = entries.length === 0;
  if (inLogs) {
    for (const topic of await session.store.look.listTopics()) {
      entries.push(...(await findOrNote(logOf(topic), failures, (log) => findSurely(session, id, log))));
      if (entries.length > 0) break;
    }
  }
  for (const [name, failure] of failures) {
    if (entries.length === 0) throw failure;
    tellOnce(session, name, failure, said);
  }
  return { entries, inLogs };
}

async function findInEach(session: Session, id: string, failures: Map<string, DreamosError>): Promise<Entry[]> {
  try {
    return await findNow(session, id);
  } catch (error) {
    diskTrouble(error);
    const entries: Entry[] = [];
    for (const { name } of await listMailboxes(session))
      entries.push(...(await findOrNote(name, failures, (one) => findNow(session, id, one))));
    return entries;
  }
}

async function findOrNote(
  name: string,
  failures: Map<string, DreamosError>,
  find: (name: string) => Promise<Entry[]>,
): Promise<Entry[]> {
  try {
    return await find(name);
  } catch (error) {
    failures.set(name, diskTrouble(error));
    return [];
  }
}

/** The entry of a message that was found in a mailbox in its topic's log, too. */
export async function findInItsLog(session: Session, { id, topic }: Message): Promise<Entry[]> {
  if (topic === undefined) return [];
  try {
    return await session.store.look.find(id, logOf(topic));
  } catch (error) {
    session.warn(notLookedInto(logOf(topic), error));
    return [];
  }
}
