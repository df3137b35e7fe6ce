import type { Session } from '../root/root.ts';

/** Does what is due of the root's chores. @returns how much it did */
export async function lookAtChores({ chores }: Session): Promise<number> {
  let did = 0;
  for (const chore of chores) did += await chore.look();
  return did;
}

// A timer takes no `Infinity`, and this is as good as for ever.
const longestRestMs = 15_000;

/** Until the next chore is due; milliseconds. */
export function restOfChores({ chores }: Session): number {
  return Math.min(longestRestMs, ...chores.map((chore) => chore.restMs()));
}
