/**
 * What takes several steps with a task is written down first, and taken out behind the last one; so whoever looks next
 * finishes what a process that died has begun. Every step is safe to do twice, and by several at once.
 */
import { DreamosError } from '../../../model/errors.ts';
import type { Entry } from '../../../storage/port/look.ts';
import type { Said, Settled } from '../../../storage/port/mail.ts';
import { documentInvalid } from '../../../storage/port/refusals.ts';
import { findSurely } from '../../look/find.ts';
import type { Session } from '../../root/root.ts';
import { troubleIsOver, warnOnce } from '../../root/trouble.ts';
import { type Dependent, isDependent, readTask } from './document.ts';
import { release, releaseDependents } from './dependents.ts';
import { stateOf } from './find.ts';
import { createWaitingLook } from './waiting.ts';

/** A claim is to be acked, and then what depends on its task released; or blocked tasks are on their way to their queues. */
type Pending =
  | { readonly ends: { readonly receipt: string; readonly by?: string } & Said }
  | { readonly begins: readonly Dependent[]; readonly at: number };

/** Of a task that is not in its queue so long after it was announced its sender has died before he sent it. */
const sendingMs = 60_000;

/**
 * Acks the claim of a task. One that others wait for releases them, also when this process dies at it.
 * @returns what is ready now @throws as ack
 */
export async function ackTask(
  session: Session,
  receipt: string,
  by: string,
  said: Said = {},
): Promise<[Settled, readonly Entry[]]> {
  const { documents, mail } = session.store;
  const { id } = mail.parseReceipt(receipt);
  if ((await readTask(session, id)).dependents === undefined) {
    const acked = await mail.ack(receipt, { by, label: session.label, ...said });
    // Who has come to wait for it between the two looks may have seen it before it was done.
    const isWaitedFor = (await readTask(session, id)).dependents !== undefined;
    return [acked, isWaitedFor ? await orLater(session, id, () => releaseDependents(session, id, by)) : []];
  }
  await mail.checkClaim(receipt);
  await note(session, id, { ends: { receipt, by, ...said } });
  let settled: Settled | undefined;
  try {
    settled = await mail.ack(receipt, { by, label: session.label, ...said });
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    if (error.kind !== 'conflict') throw error;
    // Somebody who has seen it pending may have been faster.
    const isDone = await isDoneNow(session, id);
    if (!isDone || error.code !== 'ALREADY_SETTLED') {
      // What is pending is the last claim's, and may have been of who has ended it.
      if (isDone) await orLater(session, id, () => releaseDependents(session, id, by));
      await documents.remove(`pending/${id}`);
      throw error;
    }
  }
  const ready = await orLater(session, id, async () => {
    const released = await releaseDependents(session, id, by);
    await documents.remove(`pending/${id}`);
    return released;
  });
  return [settled ?? { id, mailbox: mail.parseReceipt(receipt).mailbox, state: 'archived', receipt }, ready];
}

/** The task is done, whatever becomes of what waits for it: that is still pending, and whoever looks next goes on. */
export async function orLater(session: Session, id: string, work: () => Promise<Entry[]>): Promise<Entry[]> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    session.warn(`Task ${id} is done; what waits for it is released later: ${error.message}`);
    return [];
  }
}

/** Sends a blocked task: `send` puts it into its queue. What it waits for may be done before it is there. */
export async function whileItBegins<T>(
  session: Session,
  dependent: Dependent,
  send: () => Promise<T>,
): Promise<[T, Entry | undefined]> {
  await note(session, dependent.id, { begins: [dependent], at: session.store.now() });
  const sent = await send();
  const entry = await release(session, dependent);
  await session.store.documents.remove(`pending/${dependent.id}`);
  return [sent, entry];
}

/**
 * As whileItBegins, for many at once. @param settle behind the send, of those that are noted: releases those that need not wait
 * any more
 */
export async function whileTheyBegin<T>(
  session: Session,
  dependents: readonly Dependent[],
  send: () => Promise<T>,
  settle: () => Promise<void>,
): Promise<T> {
  if (dependents.length === 0) return send();
  // Of its own: under a task's it would be overwritten when that task ends.
  const id = session.ids.next(session.store.now());
  await note(session, id, { begins: dependents, at: session.store.now() });
  const sent = await send();
  await settle();
  await session.store.documents.remove(`pending/${id}`);
  return sent;
}

async function note({ store: { documents } }: Session, id: string, pending: Pending): Promise<void> {
  for (;;) {
    const before = await documents.get(`pending/${id}`);
    if (await documents.put(`pending/${id}`, pending, before?.version)) return;
  }
}

/**
 * Finishes what others have begun; one in disorder is said, and hides none of the others. Nothing is pending most of the time,
 * and then it is one look. @returns what is ready now
 */
export async function finishPending(session: Session): Promise<Entry[]> {
  const ready: Entry[] = [];
  for (const id of await session.store.documents.list('pending')) {
    const about = `pending/${id}`;
    try {
      ready.push(...(await finish(session, id)));
      troubleIsOver(session, about);
    } catch (error) {
      if (!(error instanceof DreamosError)) throw error;
      warnOnce(session, about, `What was begun with task ${id} could not be finished: ${error.message}`);
    }
  }
  return ready;
}

async function finish(session: Session, id: string): Promise<readonly Entry[]> {
  const { documents, look } = session.store;
  const known = await documents.get(`pending/${id}`);
  if (!known) return [];
  const pending = pendingIn(known.value);
  if (!pending) {
    const located = await documents.locate(`pending/${id}`, []);
    throw documentInvalid(located, 'it does not say what was begun');
  }
  if ('ends' in pending) {
    const { receipt, by, ...said } = pending.ends;
    try {
      const whose = by ?? session.store.mail.parseReceipt(receipt).mailbox;
      return (await ackTask(session, receipt, whose, said))[1];
    } catch (error) {
      if (!(error instanceof DreamosError) || error.kind !== 'conflict') throw error;
      const ready = (await isDoneNow(session, id)) ? await releaseDependents(session, id, by) : [];
      await documents.remove(`pending/${id}`);
      return ready;
    }
  }
  const ready: Entry[] = [];
  let areThere = true;
  const unfinished = createWaitingLook(session);
  for (const one of pending.begins) {
    const entry = await release(session, one, unfinished);
    if (entry) ready.push(entry);
    else areThere &&= (await look.find(one.id, one.mailbox)).length > 0;
  }
  if (areThere || session.store.now() - pending.at > sendingMs) await documents.remove(`pending/${id}`);
  return ready;
}

/** `undefined`: somebody has spoilt it by hand. */
function pendingIn(value: unknown): Pending | undefined {
  const { ends, begins, at } = Object(value) as { ends?: { receipt?: unknown }; begins?: unknown; at?: unknown };
  const isOne = ends
    ? typeof ends.receipt === 'string'
    : Array.isArray(begins) && begins.every(isDependent) && typeof at === 'number';
  return isOne ? (value as Pending) : undefined;
}

async function isDoneNow(session: Session, id: string): Promise<boolean> {
  return (await findSurely(session, id)).some((entry) => stateOf(entry, session.store.now()) === 'done');
}
