/**
 * Tasks that wait for others. Each task that others depend on has them in its document, written before they are sent, so that
 * whoever ends it finds them; and whoever sends one looks behind that whether it still has to wait. What both begin they mark
 * as pending first, and whoever looks next finishes it (pending.ts).
 */
import { isoTime } from '../../model/clock.ts';
import { DreamosError } from '../../model/errors.ts';
import type { Entry } from '../../storage/port/look.ts';
import { findSurely } from '../look/find.ts';
import type { Session } from '../root/root.ts';
import { changeTask, type Dependent, readTask } from './document.ts';
import { stateOf } from './find.ts';
import { listQueues } from './queue.ts';

/** Whether a task is done. One that is gone for good, with its archive, was. */
export async function isDone(session: Session, id: string): Promise<boolean> {
  if ((await readTask(session, id)).doneAt !== undefined) return true;
  const entries = (await findSurely(session, id)).filter(({ task }) => task);
  return entries.every((entry) => stateOf(entry, session.store.now()) === 'done');
}

/** Of these the ones that are not done, in their order. */
export async function unfinishedOf(session: Session, ids: readonly string[] = []): Promise<string[]> {
  const all: string[] = [];
  for (const id of ids) if (!(await isDone(session, id))) all.push(id);
  return all;
}

export async function addDependent(session: Session, id: string, dependent: Dependent): Promise<void> {
  await changeTask(session, id, (document) => ({
    ...document,
    dependents: [...(document.dependents ?? []).filter((one) => one.id !== dependent.id), dependent],
  }));
}

/** After a task is done: what waited for it alone is ready. Safe to do twice. @returns what is ready now */
export async function releaseDependents(session: Session, id: string, by?: string): Promise<Entry[]> {
  const { dependents = [] } = await changeTask(session, id, (document) => ({
    ...document,
    doneAt: document.doneAt ?? isoTime(session.store.now()),
  }));
  const ready: Entry[] = [];
  for (const one of dependents) {
    const entry = await release(session, one, by);
    if (entry) ready.push(entry);
  }
  return ready;
}

/** Every blocked task once more, for what no mark tells: what a backup of an earlier moment knows, or a hand has changed. */
export async function releaseLost(session: Session): Promise<void> {
  for (const { name } of await listQueues(session))
    for await (const entry of session.store.look.list(name, 'delayed'))
      if (entry.task) await release(session, { id: entry.id, mailbox: name });
}

/** Makes a blocked task ready, if it has to wait for nothing any more. */
export async function release(session: Session, { id, mailbox }: Dependent, by?: string): Promise<Entry | undefined> {
  const { look, mail } = session.store;
  const entry = (await look.find(id, mailbox)).find((one) => stateOf(one, session.store.now()) === 'blocked');
  const message = entry && (await look.read(entry));
  if (!message || (await unfinishedOf(session, message.task?.dependsOn)).length > 0) return undefined;
  try {
    return await mail.deliver(entry, { by });
  } catch (error) {
    if (error instanceof DreamosError && error.code === 'STATE_CHANGED') return undefined;
    throw error;
  }
}
