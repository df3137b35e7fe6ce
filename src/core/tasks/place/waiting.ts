/** What tasks wait for. */
import { isoTime } from '../../../model/clock.ts';
import { DreamosError } from '../../../model/errors.ts';
import { unfinished } from '../../../model/state.ts';
import { listMailboxes } from '../../agents/agents.ts';
import { findSurely } from '../../look/find.ts';
import type { Session } from '../../root/root.ts';
import { changeTask, readTask } from './document.ts';
import { stateOf } from './find.ts';

/** Of these the ones that are not done, in their order. */
export type WaitingLook = (ids?: readonly string[]) => Promise<string[]>;

/**
 * Whether a task is done. One that is gone for good, with its archive, was, unless others have come to wait for it: then its
 * document would say so, and it was purged, or is on its way just now.
 */
async function isDone(session: Session, id: string): Promise<boolean> {
  const { doneAt, dependents } = await readTask(session, id);
  if (doneAt !== undefined) return true;
  const entries = (await findSurely(session, id)).filter(({ task }) => task);
  if (entries.length === 0) return dependents === undefined;
  return entries.every((entry) => stateOf(entry, session.store.now()) === 'done');
}

export async function unfinishedOf(session: Session, ids: readonly string[] = []): Promise<string[]> {
  const all: string[] = [];
  for (const id of ids) if (!(await isDone(session, id))) all.push(id);
  return all;
}

/** Of what is done, when others come to depend on it: each that asks later would search all mailboxes for it. */
export async function noteDone(session: Session, ids: Iterable<string>): Promise<void> {
  const doneAt = isoTime(session.store.now());
  for (const id of ids)
    if ((await readTask(session, id)).doneAt === undefined)
      await changeTask(session, id, (document) => ({ ...document, doneAt: document.doneAt ?? doneAt }));
}

/**
 * For who asks of many tasks: a search for each costs a look into every mailbox, this is one for all of them. What it has seen
 * open may be done by now; whoever ended it then finds who waits for it (dependents.ts).
 */
export function createWaitingLook(session: Session): WaitingLook {
  const known = new Map<string, boolean>();
  let open: Promise<ReadonlySet<string>> | undefined;
  const isUnfinished = async (id: string): Promise<boolean> => {
    if ((await readTask(session, id)).doneAt !== undefined) return false;
    return (await (open ??= openTasks(session))).has(id) || !(await isDone(session, id));
  };
  return async (ids = []) => {
    const all: string[] = [];
    for (const id of ids) {
      const is = known.get(id) ?? (await isUnfinished(id));
      known.set(id, is);
      if (is) all.push(id);
    }
    return all;
  };
}

async function openTasks(session: Session): Promise<Set<string>> {
  const { look } = session.store;
  const open = new Set<string>();
  for (const { name } of await listMailboxes(session)) {
    try {
      for (const state of [...unfinished, 'dead'] as const)
        for await (const { id, task } of look.list(name, state)) if (task) open.add(id);
    } catch (error) {
      // What is not seen here is searched for, and who searches is told.
      if (!(error instanceof DreamosError)) throw error;
    }
  }
  return open;
}
