/**
 * What takes several steps with a task is written down first, and taken out behind the last one; so whoever looks next
 * finishes what a process that died has begun. Every step is safe to do twice, and by several at once.
 */
import { DreamosError } from '../../model/errors.ts';
import type { Entry } from '../../storage/port/look.ts';
import type { Settled } from '../../storage/port/mail.ts';
import { seen } from '../agents/seen.ts';
import type { Session } from '../root/root.ts';
import { readTask, type Dependent } from './document.ts';
import { release, releaseDependents } from './dependents.ts';
import { stateOf } from './find.ts';

/** A claim is to be acked, and then what depends on its task released; or a blocked task is on its way to its queue. */
type Pending =
  | { readonly ends: { readonly receipt: string; readonly by?: string } }
  | { readonly begins: Dependent; readonly at: number };

/** Of a task that is not in its queue so long after it was announced its sender has died before he sent it. */
const sendingMs = 60_000;

/**
 * Acks the claim of a task. One that others wait for releases them, also when this process dies at it.
 * @returns what is ready now @throws as ack
 */
export async function ackTask(session: Session, receipt: string, by: string): Promise<[Settled, readonly Entry[]]> {
  const { documents, mail } = session.store;
  const { id } = mail.parseReceipt(receipt);
  if ((await readTask(session, id)).dependents === undefined)
    return [await mail.ack(receipt, { by, label: session.label }), []];
  await mail.checkClaim(receipt);
  await note(session, id, { ends: { receipt, by } });
  let settled: Settled | undefined;
  try {
    settled = await mail.ack(receipt, { by, label: session.label });
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    // Somebody who has seen it pending may have been faster.
    const isFaster = error.code === 'ALREADY_SETTLED' && (await isDoneNow(session, id));
    if (!isFaster && error.kind === 'conflict') await documents.remove(`pending/${id}`);
    if (!isFaster) throw error;
  }
  const ready = await orLater(session, id, async () => {
    const released = await releaseDependents(session, id, by);
    await documents.remove(`pending/${id}`);
    return released;
  });
  return [settled ?? { id, mailbox: mail.parseReceipt(receipt).mailbox, state: 'archived', receipt }, ready];
}

/** The task is done, whatever becomes of what waits for it: that is still pending, and whoever looks next goes on. */
async function orLater(session: Session, id: string, work: () => Promise<Entry[]>): Promise<Entry[]> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    session.warn(`Task ${id} is done; what waits for it is released later: ${error.message}`);
    return [];
  }
}

/** What has waited for it goes to who can do it. @throws as ack */
export async function ackAndAssign(session: Session, receipt: string, by: string): Promise<Settled> {
  await seen(session, session.store.mail.parseReceipt(receipt).mailbox);
  const [settled, ready] = await ackTask(session, receipt, by);
  if (ready.length > 0)
    await orLater(session, settled.id, async () => {
      await (await import('./assign.ts')).assignThese(session, ready);
      return [];
    });
  return settled;
}

/** Sends a blocked task: `send` puts it into its queue. What it waits for may be done before it is there. */
export async function whileItBegins<T>(
  session: Session,
  dependent: Dependent,
  send: () => Promise<T>,
): Promise<[T, Entry | undefined]> {
  await note(session, dependent.id, { begins: dependent, at: session.store.now() });
  const sent = await send();
  const entry = await release(session, dependent);
  await session.store.documents.remove(`pending/${dependent.id}`);
  return [sent, entry];
}

async function note({ store: { documents } }: Session, id: string, pending: Pending): Promise<void> {
  for (;;) {
    const before = await documents.get(`pending/${id}`);
    if (await documents.put(`pending/${id}`, pending, before?.version)) return;
  }
}

/** Finishes what others have begun. Nothing is pending most of the time, and then it is one look. @returns what is ready now */
export async function finishPending(session: Session): Promise<Entry[]> {
  const { documents } = session.store;
  const ready: Entry[] = [];
  for (const id of await documents.list('pending')) {
    const pending = (await documents.get(`pending/${id}`))?.value as
      Partial<Record<'ends' | 'begins', never>> | undefined;
    if (pending === undefined) continue;
    ready.push(...(await finish(session, id, pending as Pending)));
  }
  return ready;
}

async function finish(session: Session, id: string, pending: Pending): Promise<readonly Entry[]> {
  const { documents, look } = session.store;
  if ('ends' in pending) {
    const { receipt, by } = pending.ends;
    try {
      return (await ackTask(session, receipt, by ?? session.store.mail.parseReceipt(receipt).mailbox))[1];
    } catch (error) {
      if (!(error instanceof DreamosError)) throw error;
      if (error.code === 'ALREADY_SETTLED') {
        const ready = (await isDoneNow(session, id)) ? await releaseDependents(session, id, by) : [];
        await documents.remove(`pending/${id}`);
        return ready;
      }
      if (error.code !== 'LEASE_LOST') throw error;
      await documents.remove(`pending/${id}`);
      return [];
    }
  }
  if (!('begins' in pending)) return [];
  const entry = await release(session, pending.begins);
  const isThere = (await look.find(id, pending.begins.mailbox)).length > 0;
  if (isThere || session.store.now() - pending.at > sendingMs) await documents.remove(`pending/${id}`);
  return entry ? [entry] : [];
}

async function isDoneNow(session: Session, id: string): Promise<boolean> {
  return (await session.store.look.find(id)).some((entry) => stateOf(entry, session.store.now()) === 'done');
}
