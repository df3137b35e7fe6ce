import { DreamosError } from '../../model/errors.ts';
import type { Session } from '../root/root.ts';
import { lookAgainMs } from './bell.ts';

/**
 * For who waits, each time he looks again: a root that was removed rings no bell, and has no mail and no events for ever.
 * One that is back by the next look was never away.
 * @returns what throws ROOT_NOT_FOUND; it looks only now and then
 */
export function stillThere({ store, clock, path }: Session): () => Promise<void> {
  let lookedAt = clock.uptime();
  return async () => {
    if (clock.uptime() - lookedAt < lookAgainMs) return;
    lookedAt = clock.uptime();
    if ((await store.isThere?.()) ?? true) return;
    throw new DreamosError('not-found', 'ROOT_NOT_FOUND', `There is no dreamos root at ${path} any more.`, {
      hint: `Make one there: dreamos init --root ${path}`,
    });
  };
}
