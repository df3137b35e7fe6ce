/**
 * Tasks that wait for others. Each task that others depend on has them in its document, written before they are sent, so that
 * whoever ends it finds them; and whoever sends one looks behind that whether it still has to wait. What both begin they mark
 * as pending first, and whoever looks next finishes it (pending.ts).
 */
import { isQueueName } from '../../../model/agent.ts';
import { isoTime } from '../../../model/clock.ts';
import { DreamosError } from '../../../model/errors.ts';
import type { Entry } from '../../../storage/port/look.ts';
import type { Session } from '../../root/root.ts';
import { orWarnOnce } from '../../root/trouble.ts';
import { claimNow, isRefusedForSignature } from '../../take/read.ts';
import { nack } from '../../take/settle.ts';
import { changeTask, type Dependent } from './document.ts';
import { blockedMs, stateOf } from './find.ts';
import { createWaitingLook, unfinishedOf, type WaitingLook } from './waiting.ts';

export async function addDependent(session: Session, id: string, dependent: Dependent): Promise<void> {
  await changeTask(session, id, (document) => ({
    ...document,
    dependents: [...(document.dependents ?? []).filter((one) => one.id !== dependent.id), dependent],
  }));
}

/** As addDependent, of many: one change for each that they wait for. */
export async function addDependents(
  session: Session,
  dependents: readonly (Dependent & { readonly waits: readonly string[] })[],
): Promise<void> {
  const of = new Map<string, Dependent[]>();
  for (const { id, mailbox, waits } of dependents)
    for (const one of waits) {
      const all = of.get(one);
      if (all) all.push({ id, mailbox });
      else of.set(one, [{ id, mailbox }]);
    }
  for (const [id, more] of of)
    await changeTask(session, id, (document) => ({
      ...document,
      dependents: [...(document.dependents ?? []), ...more],
    }));
}

/** After a task is done: what waited for it alone is ready. Safe to do twice. @returns what is ready now */
export async function releaseDependents(session: Session, id: string, by?: string): Promise<Entry[]> {
  const { dependents = [] } = await changeTask(session, id, (document) => ({
    ...document,
    doneAt: document.doneAt ?? isoTime(session.store.now()),
  }));
  const ready: Entry[] = [];
  const unfinished = createWaitingLook(session);
  let failure: DreamosError | undefined;
  // One in disorder holds up none of the others; one whose queue is gone waits no more.
  const goOn = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof DreamosError)) throw error;
      if (error.kind !== 'not-found') failure ??= error;
    }
  };
  for (const mailbox of new Set(dependents.map((one) => one.mailbox))) {
    const ids = new Set(dependents.filter((one) => one.mailbox === mailbox).map((one) => one.id));
    await goOn(async () => {
      for (const blocked of await blockedIn(session, mailbox, ids))
        await goOn(async () => {
          const entry = await releaseEntry(session, blocked, unfinished, by);
          if (entry) ready.push(entry);
        });
    });
  }
  if (failure) throw failure;
  return ready;
}

/** One listing, however many wait. */
async function blockedIn(session: Session, mailbox: string, ids: ReadonlySet<string>): Promise<Entry[]> {
  const blocked = new Map<string, Entry>();
  for await (const entry of session.store.look.list(mailbox, 'delayed')) {
    if (ids.has(entry.id) && stateOf(entry, session.store.now()) === 'blocked') blocked.set(entry.id, entry);
    if (blocked.size === ids.size) break;
  }
  return [...blocked.values()];
}

const mostListed = 1000;
const mostAsked = 20;

/**
 * The last resort, of which a look does a part: what is blocked though it waits for nothing any more, because who should have
 * released it died where nothing told of it yet, or its document was spoilt. @returns what is ready now
 */
export async function releaseForgotten(session: Session, queues: readonly string[]): Promise<Entry[]> {
  const blocked: Entry[] = [];
  const listBlocked = async (mailbox: string): Promise<void> => {
    for await (const entry of session.store.look.list(mailbox, 'delayed')) {
      if (blocked.length >= mostListed) return;
      if (entry.task && stateOf(entry, session.store.now()) === 'blocked') blocked.push(entry);
    }
  };
  for (const mailbox of queues)
    await orWarnOnce(session, `blocked in ${mailbox}`, `What waits in ${mailbox} is released later`, () =>
      listBlocked(mailbox),
    );
  const ready: Entry[] = [];
  // Of many, others each time.
  const start = blocked.length > mostAsked ? Math.floor(session.ids.fraction() * blocked.length) : 0;
  const unfinished = createWaitingLook(session);
  for (const one of [...blocked.slice(start), ...blocked.slice(0, start)].slice(0, mostAsked)) {
    const entry = await releaseEntry(session, one, unfinished);
    if (entry) ready.push(entry);
  }
  return ready;
}

/** Makes a blocked task ready, if it has to wait for nothing any more. @param unfinished of who asks for several */
export async function release(
  session: Session,
  { id, mailbox }: Dependent,
  unfinished: WaitingLook = (ids) => unfinishedOf(session, ids),
): Promise<Entry | undefined> {
  const found = await session.store.look.find(id, mailbox);
  const entry = found.find((one) => stateOf(one, session.store.now()) === 'blocked');
  return entry && releaseEntry(session, entry, unfinished);
}

async function releaseEntry(
  session: Session,
  entry: Entry,
  unfinished: WaitingLook,
  by?: string,
): Promise<Entry | undefined> {
  const { look, mail } = session.store;
  const message = await look.read(entry);
  if (!message || (await unfinished(message.task?.dependsOn)).length > 0) return undefined;
  try {
    return await mail.deliver(entry, { by });
  } catch (error) {
    if (error instanceof DreamosError && error.code === 'STATE_CHANGED') return undefined;
    throw error;
  }
}

/**
 * What lies ready in a queue though it waits for others was put there by `retry` a moment ago, or by hand: it is blocked again.
 * Only what is delayed waits in a queue, so it is taken and given back until its release. @returns whether it waits
 */
export async function blockIfItWaits(session: Session, entry: Entry): Promise<boolean> {
  const { documents, look } = session.store;
  if (!isQueueName(entry.mailbox) || entry.state !== 'ready') return false;
  const message = await look.read(entry);
  if (!message || (await unfinishedOf(session, message.task?.dependsOn)).length === 0) return false;
  const card = await documents.getAgent(entry.mailbox);
  try {
    const delivery = card && (await claimNow(session, card, { filter: { id: entry.id, task: true } }));
    if (delivery) await nack(session, delivery.receipt, { delayMs: blockedMs, free: true, reason: 'waits again' });
  } catch (error) {
    // It is dead, and waits for nothing.
    if (!isRefusedForSignature(error)) throw error;
  }
  return true;
}
