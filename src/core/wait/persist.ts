/**
 * Going on while the engine that keeps the root is away: that is said once, it is tried again after rests that grow, and who
 * waits keeps his time. What is tried again may have been done: its caller names it as before (a token, a receipt, a cursor).
 */
import type { Session } from '../root/root.ts';
import { engineIsBack, isEngineAway, warnEngineAway } from '../root/trouble.ts';
import { createGrowingRest, type GrowingRest } from './growing-rest.ts';

const longestRestMs = 2000;

export interface Persistence {
  /** How much of the time is left; milliseconds. */
  readonly leftMs: () => number;
  /** What else is tried again; else only what an engine that is away refuses. */
  readonly also?: (error: unknown) => boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Of who goes on until somebody stops it, and may then still settle for `graceMs`: none of it in a hurry. */
export function leftUntilStopped(
  { clock }: Session,
  { signal, hurry }: { readonly signal?: AbortSignal | undefined; readonly hurry?: AbortSignal | undefined },
  graceMs: number,
): () => number {
  let until = Infinity;
  return () => {
    if (hurry?.aborted) return 0;
    if (signal?.aborted) until = Math.min(until, clock.uptime() + graceMs);
    return until - clock.uptime();
  };
}

/**
 * @returns `undefined`, too, where the signal came while the engine was away
 * @throws ENGINE_UNREACHABLE: it was away when the time was over
 */
export function persist<T>(session: Session, how: Omit<Persistence, 'signal'>, work: () => Promise<T>): Promise<T>;
export function persist<T>(session: Session, how: Persistence, work: () => Promise<T>): Promise<T | undefined>;
export async function persist<T>(
  session: Session,
  { leftMs, also = () => false, signal }: Persistence,
  work: () => Promise<T>,
): Promise<T | undefined> {
  let rests: GrowingRest | undefined;
  for (;;) {
    try {
      const done = await work();
      // What has not failed may have asked the engine for nothing.
      if (rests) engineIsBack(session);
      return done;
    } catch (error) {
      const left = leftMs();
      if (!(isEngineAway(error) || also(error)) || left <= 0) throw error;
      warnEngineAway(session, error);
      rests ??= createGrowingRest(session.ids, longestRestMs);
      await rests.rest(left, signal);
      if (signal?.aborted) return undefined;
    }
  }
}
