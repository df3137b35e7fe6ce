import type { RetryPolicy } from '../../model/settings.ts';

/**
 * How long a message rests after its `attempt`-th claim failed: the shortest backoff, doubling up to the longest, and
 * of that a random half to all, so that messages that failed together do not all come back together.
 * @param fraction a random number in [0, 1) @returns milliseconds
 */
export function backoffMs(policy: RetryPolicy, attempt: number, fraction: number): number {
  const nominal = Math.min(policy.backoffMinMs * 2 ** Math.max(0, attempt - 1), policy.backoffMaxMs);
  return Math.round(nominal * (0.5 + fraction / 2));
}
