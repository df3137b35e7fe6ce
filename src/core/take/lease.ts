import { DreamosError } from '../../model/errors.ts';
import { maxLeaseMs, minLeaseMs } from '../../model/limits.ts';

/** @param leaseMs milliseconds @throws USAGE for a lease of less than 100 ms or of more than 12 h */
export function checkLease(leaseMs: number): number {
  if (leaseMs >= minLeaseMs && leaseMs <= maxLeaseMs) return Math.round(leaseMs);
  throw new DreamosError('usage', 'USAGE', 'A lease is at least 100ms and at most 12h.', {
    hint: 'For longer work, renew it now and then: dreamos renew <receipt> --lease 12h',
  });
}
