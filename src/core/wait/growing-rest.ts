import type { Ids } from '../../model/id.ts';
import { createBell } from './bell.ts';

const firstRestMs = 100;

/** Rests between tries at what is away: it may be back at once, and is not asked all the time where it is not. */
export interface GrowingRest {
  /** Never rejects. @param leftMs at most so long; milliseconds */
  rest(leftMs: number, signal?: AbortSignal): Promise<void>;
  /** The next one is as short as the first. */
  beginAnew(): void;
}

/** @param longestMs milliseconds */
export function createGrowingRest(ids: Pick<Ids, 'fraction'>, longestMs: number): GrowingRest {
  let restMs = firstRestMs;
  return {
    async rest(leftMs, signal) {
      // Of many that have lost it at the same moment not all come back at the same.
      const jitter = 0.5 + ids.fraction() / 2;
      await createBell().rest(Math.min(leftMs, restMs * jitter), signal);
      restMs = Math.min(longestMs, restMs * 2);
    },
    beginAnew: () => {
      restMs = firstRestMs;
    },
  };
}
