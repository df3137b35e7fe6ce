import type { DreamosError } from '../../model/errors.ts';
import type { Settled } from '../../storage/port/mail.ts';
import type { Session } from '../root/root.ts';
import { ackMany } from '../take/many.ts';
import { persist } from '../wait/persist.ts';

interface AckedBy {
  readonly by: string;
  /** Where it is now. */
  readonly peer: string;
  /** For how long what the root's engine refuses, which is away, is tried again; milliseconds. */
  readonly leftMs: () => number;
}

/** Acks what the other root has, in one step. @returns as `ackMany` @throws ENGINE_UNREACHABLE: it was away until the time was over */
export function ackCarried(
  session: Session,
  receipts: readonly string[],
  { by, peer, leftMs }: AckedBy,
): Promise<readonly (Settled | DreamosError)[]> {
  return persist(session, { leftMs }, async () =>
    ackMany((await session.checkAgain?.()) ?? session, receipts, by, peer),
  );
}
