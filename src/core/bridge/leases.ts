import type { Session } from '../root/root.ts';
import { type Claim, keepLease, type KeptLease } from '../take/keep-lease.ts';

/** Of claims that were made together. */
export interface KeptLeases {
  /** As `KeptLease.end`. @returns the newest receipts, in their order */
  end(): Promise<readonly string[]>;
}

/** Mostly they are answered long before any has to be renewed: each has a timer of its own only when so much of the lease is over. */
const untouched = 1 / 6;

export function keepLeases(session: Session, claims: readonly Claim[]): KeptLeases {
  let kept: readonly KeptLease[] | undefined;
  const first = Math.min(...claims.map(({ leaseUntil = 0 }) => leaseUntil));
  const keepEach = (): void => {
    kept = claims.map((claim) => keepLease(session, claim, undefined, () => undefined));
  };
  const timer = setTimeout(keepEach, Math.max(0, first - session.store.now()) * untouched);
  return {
    end: async () => {
      clearTimeout(timer);
      return kept ? Promise.all(kept.map((one) => one.end())) : claims.map(({ receipt }) => receipt);
    },
  };
}
