import { unfinished } from '../../model/state.ts';
import type { Session } from '../root/root.ts';

/** How many tasks lie with an agent: assigned to it, or held. */
export async function tasksOf({ store }: Session, mailbox: string): Promise<number> {
  // A renewal renames what is held, and a scan can then show it twice.
  const tasks = new Set<string>();
  for (const state of unfinished)
    for await (const { id, task } of store.look.list(mailbox, state)) if (task) tasks.add(id);
  return tasks.size;
}
