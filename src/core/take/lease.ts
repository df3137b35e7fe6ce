import { usage } from '../../model/refusals.ts';
import { maxLeaseMs, minLeaseMs } from '../../model/basics/limits.ts';

/** @param leaseMs milliseconds @throws USAGE for a lease of less than 100 ms or of more than 12 h */
export function checkLease(leaseMs: number): number {
  if (leaseMs >= minLeaseMs && leaseMs <= maxLeaseMs) return Math.round(leaseMs);
  throw usage(
    'A lease is at least 100ms and at most 12h.',
    leaseMs < minLeaseMs
      ? 'Without one it is as long as this says: dreamos config get lease'
      : 'For longer work, renew it now and then: dreamos renew --help',
  );
}
