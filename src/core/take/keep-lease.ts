import { DreamosError } from '../../model/errors.ts';
import type { Session } from '../root/root.ts';
import { renew } from './settle.ts';
import type { Delivery } from '../../storage/port/mail.ts';

/** What of a delivery says which claim it is. */
export interface Claim extends Pick<Delivery, 'receipt' | 'mailbox' | 'leaseUntil'> {
  readonly message: Pick<Delivery['message'], 'id'>;
}

/** A claim that stays valid while somebody works on it. */
export interface KeptLease {
  /** Ends the renewals, the one under way included. @returns the newest receipt, which settles fastest */
  end(): Promise<string>;
}

/**
 * Renews a claim each time a third of its lease is over, so that two renewals may fail before anybody takes it.
 * @param leaseMs else the mailbox's setting
 * @param onLost the message was taken back, or, with a refusal, a policy that has come meanwhile does not let it be held; that was told
 */
export function keepLease(
  session: Session,
  job: Claim,
  leaseMs: number | undefined,
  onLost: (refusal?: DreamosError) => void,
): KeptLease {
  let { receipt } = job;
  let ended = false;
  let timer: ReturnType<typeof setTimeout>;
  let renewing: Promise<void> | undefined;

  const renewIn = (restMs: number): void => {
    timer = setTimeout(() => void (renewing = renewOnce(restMs)), restMs);
  };
  const renewOnce = async (restMs: number): Promise<void> => {
    try {
      const under = (await session.checkAgain?.()) ?? session;
      const renewed = await renew(under, receipt, leaseMs);
      receipt = renewed.receipt;
      if (!ended) renewIn(thirdOf(session, renewed.leaseUntil));
    } catch (error) {
      const code = error instanceof DreamosError ? error.code : undefined;
      if (code === 'LEASE_LOST') return onLost();
      // The handler did it itself.
      if (code === 'ALREADY_SETTLED') return;
      if (code === 'FORBIDDEN') {
        session.warn(`The lease of ${job.message.id} is not renewed any more: ${(error as Error).message}`);
        return onLost(error as DreamosError);
      }
      session.warn(
        `The lease of ${job.message.id} could not be renewed, which is tried again: ${(error as Error).message}`,
      );
      if (!ended) renewIn(restMs);
    }
  };

  renewIn(thirdOf(session, job.leaseUntil));
  return {
    end: async () => {
      ended = true;
      clearTimeout(timer);
      await renewing;
      return receipt;
    },
  };
}

function thirdOf(session: Session, leaseUntil = 0): number {
  return Math.max(20, (leaseUntil - session.store.now()) / 3);
}
