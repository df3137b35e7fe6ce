import { DreamosError } from '../model/errors.ts';
import type { Delivery } from '../storage/store.ts';
import type { Root } from './root.ts';
import { renew } from './settle.ts';

/** A claim that stays valid while somebody works on it. */
export interface KeptLease {
  /** Ends the renewals, the one under way included. @returns the newest receipt, which settles fastest */
  end(): Promise<string>;
}

/**
 * Renews a claim each time a third of its lease is over, so that two renewals may fail before anybody takes it.
 * @param leaseMs else the mailbox's setting @param onLost the message was taken back
 */
export function keepLease(root: Root, job: Delivery, leaseMs: number | undefined, onLost: () => void): KeptLease {
  let { receipt } = job;
  let ended = false;
  let timer: ReturnType<typeof setTimeout>;
  let renewing: Promise<void> | undefined;

  const renewIn = (restMs: number): void => {
    timer = setTimeout(() => void (renewing = renewOnce(restMs)), restMs);
  };
  const renewOnce = async (restMs: number): Promise<void> => {
    try {
      const renewed = await renew(root, receipt, leaseMs);
      receipt = renewed.receipt;
      if (!ended) renewIn(thirdOf(root, renewed.leaseUntil));
    } catch (error) {
      const code = error instanceof DreamosError ? error.code : undefined;
      if (code === 'LEASE_LOST') return onLost();
      // The handler did it itself.
      if (code === 'ALREADY_SETTLED') return;
      root.warn(
        `The lease of ${job.message.id} could not be renewed, which is tried again: ${(error as Error).message}`,
      );
      if (!ended) renewIn(restMs);
    }
  };

  renewIn(thirdOf(root, job.leaseUntil));
  return {
    end: async () => {
      ended = true;
      clearTimeout(timer);
      await renewing;
      return receipt;
    },
  };
}

function thirdOf(root: Root, leaseUntil = 0): number {
  return Math.max(20, (leaseUntil - root.clock.now()) / 3);
}
