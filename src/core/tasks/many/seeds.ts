/**
 * Ids that are made of what a task is called elsewhere, so that it is known again: 80 bits of the id are of that. Its time is
 * of no account, so one that was made at another time is the same.
 */
import { sha256 } from '../../../model/basics/sha256.ts';
import { idFrom } from '../../../model/id.ts';
import { taskStates } from '../../../model/state.ts';
import type { Session } from '../../root/root.ts';
import { type Placed, placedTasks } from '../list.ts';

/** @param seed what it is called, and by whom */
export function idOfSeed(timeMs: number, ...seed: readonly string[]): string {
  return idFrom(timeMs, Buffer.from(sha256(['task', ...seed].join('\0')), 'hex'));
}

export interface There {
  /** The task that was made with the same seed as this id. */
  of(id: string): Placed | undefined;
  /** Of a whole id. */
  byId(id: string): Placed | undefined;
}

/** One listing of everything: a search for each would cost as much every time. */
export async function whatIsThere(session: Session): Promise<There> {
  const bySeed = new Map<string, Placed>();
  for (const placed of await placedTasks(session, { states: taskStates })) bySeed.set(seedIn(placed.entry.id), placed);
  return {
    of: (id) => bySeed.get(seedIn(id)),
    byId(id) {
      const placed = bySeed.get(seedIn(id));
      return placed?.entry.id === id ? placed : undefined;
    },
  };
}

function seedIn(id: string): string {
  return id.slice(10);
}
