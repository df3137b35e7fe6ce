import { DreamosError } from '../model/errors.ts';
import { maxLeaseMs } from '../model/settings.ts';

/** @param leaseMs milliseconds @throws USAGE for a lease of nothing or of more than 12 h */
export function checkLease(leaseMs: number): number {
  if (leaseMs >= 1 && leaseMs <= maxLeaseMs) return Math.round(leaseMs);
  throw new DreamosError('usage', 'USAGE', 'A lease is more than 0 and at most 12h.', {
    hint: 'For longer work, renew it now and then: dreamos renew <receipt> --lease 12h',
  });
}
