import type { Session } from '../root/root.ts';
import { effectiveSettings } from '../root/settings.ts';
import type { Claim } from '../take/keep-lease.ts';

/**
 * How long messages rest that are given back without using up an attempt. Their attempts do not grow, so this process
 * counts for itself how often in a row it gave each back: a handler that always says "not now" slows down as one that
 * fails does, also where no backoff is configured.
 */
export interface Rests {
  /** Milliseconds: at least the shortest backoff, doubling up to the longest, with jitter. */
  next(job: Claim): Promise<number>;
  forget(job: Claim): void;
}

const leastRestMs = 100;
// Of messages that others settled nobody tells; the oldest are forgotten.
const mostKnown = 10_000;

export function createRests(session: Session): Rests {
  const times = new Map<string, number>();
  return {
    next: async ({ mailbox, message: { id } }) => {
      const time = Math.min(30, (times.get(id) ?? 0) + 1);
      times.delete(id);
      times.set(id, time);
      const [oldest] = times.size > mostKnown ? times.keys() : [];
      if (oldest !== undefined) times.delete(oldest);
      const { policy } = await effectiveSettings(session, await session.store.documents.getAgent(mailbox));
      const nominal = Math.min(policy.backoffMaxMs, policy.backoffMinMs * 2 ** time);
      return Math.max(leastRestMs, Math.round(nominal * (0.5 + session.ids.fraction() / 2)));
    },
    forget: ({ message: { id } }) => void times.delete(id),
  };
}
