import type { Dead, DeadShown } from '../../contract/keep.ts';
import { sameAgent } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import { usage } from '../../model/refusals.ts';
import type { Message } from '../../model/message.ts';
import { resolveAgent } from '../agents/agents.ts';
import { findNow } from '../look/find.ts';
import { bringDueOrWarn, bringUpToDate } from '../wait/due.ts';
import { listEntries } from '../look/list.ts';
import type { Session } from '../root/root.ts';
import { messageNotFound, notInState } from '../root/refusals.ts';
import type { DeadReason, Entry } from '../../storage/port/look.ts';

export async function* listDead(session: Session, mailbox: string): AsyncGenerator<Dead, void, undefined> {
  const card = await resolveAgent(session, mailbox);
  await bringDueOrWarn(session, card.name, { bury: true });
  for await (const { entry, message } of listEntries(session, card.name, ['dead'])) {
    const why = message && (await session.store.look.deadReason(entry));
    if (message && why) yield toDead(entry, message, why);
  }
}

export async function showDead(session: Session, mailbox: string, id: string): Promise<DeadShown> {
  const entry = await deadEntry(session, (await resolveAgent(session, mailbox)).name, id);
  const message = await session.store.look.read(entry);
  const why = await session.store.look.deadReason(entry);
  if (!message || !why) throw notInState({ ...entry, state: 'ready' }, 'dead');
  return { ...toDead(entry, message, why), history: why.history };
}

export async function retryDead(
  session: Session,
  mailbox: string,
  ids: readonly string[] | 'all',
): Promise<(Entry | DreamosError)[]> {
  return forEach(session, mailbox, ids, (entry) => session.store.mail.retry(entry, actor(session)));
}

/**
 * In which mailbox a message died that was named without one; the acting agent's comes before others'.
 * @throws MESSAGE_NOT_FOUND, STATE_CHANGED; USAGE: it died in several
 */
export async function mailboxOfDead(session: Session, id: string): Promise<string> {
  const entries = await findNow(session, id);
  const died = entries.filter(({ state }) => state === 'dead').map(({ mailbox }) => mailbox);
  const { acting = '' } = session;
  const [only, ...more] = died.some((mailbox) => sameAgent(mailbox, acting)) ? [acting] : died;
  if (only === undefined) throw entries[0] ? notInState(entries[0], 'dead') : messageNotFound(id);
  if (more.length === 0) return only;
  throw usage(`${id} died in more than one mailbox: ${died.join(', ')}.`, `Name one: dreamos dlq show ${only} ${id}`);
}

export interface Purged {
  readonly id: string;
  readonly mailbox: string;
}

export interface PurgeOptions {
  /** Called with how many are done. */
  readonly onProgress?: (done: number) => void;
}

export async function purgeDead(
  session: Session,
  mailbox: string,
  ids: readonly string[] | 'all',
  options: PurgeOptions = {},
): Promise<(Purged | DreamosError)[]> {
  const purge = async (entry: Entry): Promise<Purged> => {
    await session.store.mail.purge(entry, actor(session));
    return { id: entry.id, mailbox: entry.mailbox };
  };
  return session.store.documents.withLock('purge', () => forEach(session, mailbox, ids, purge, options.onProgress));
}

async function forEach<T>(
  session: Session,
  mailbox: string,
  ids: readonly string[] | 'all',
  change: (entry: Entry) => Promise<T>,
  onProgress?: (done: number) => void,
): Promise<(T | DreamosError)[]> {
  const card = await resolveAgent(session, mailbox);
  const { name } = card;
  if (ids === 'all') await bringUpToDate(session, card);
  // All that are dead now, before the first change: what dies again meanwhile is not retried for ever.
  const wanted: (string | Entry)[] = ids === 'all' ? [] : [...ids];
  if (ids === 'all') for await (const entry of session.store.look.list(name, 'dead')) wanted.push(entry);
  // In the order in which they were sent (ids sort by time), whatever the order of dying or of asking: so they come again.
  const inOrder = [...wanted].sort((a, b) => (idOf(a) < idOf(b) ? -1 : Number(idOf(a) > idOf(b))));
  const results = new Map<string, T | DreamosError>();
  for (const one of inOrder) {
    try {
      results.set(idOf(one), await change(typeof one === 'string' ? await deadEntry(session, name, one) : one));
    } catch (error) {
      if (!(error instanceof DreamosError)) throw error;
      // An id that is named twice has been changed.
      if (!results.has(idOf(one))) results.set(idOf(one), error);
    }
    onProgress?.(results.size);
  }
  return (ids === 'all' ? inOrder : wanted).map((one) => results.get(idOf(one)) as T | DreamosError);
}

function idOf(one: string | Entry): string {
  return typeof one === 'string' ? one : one.id;
}

async function deadEntry(session: Session, mailbox: string, id: string): Promise<Entry> {
  const [entry] = await findNow(session, id, mailbox);
  if (!entry) throw messageNotFound(id, mailbox);
  if (entry.state !== 'dead') throw notInState(entry, 'dead');
  return entry;
}

function toDead({ id, mailbox }: Entry, message: Message, { reason, attempts, deadAt }: DeadReason): Dead {
  return { id, mailbox, reason, attempts, deadAt: new Date(deadAt).toISOString(), message };
}

function actor(session: Session): { by?: string } {
  return session.acting === undefined ? {} : { by: session.acting };
}
