import { DreamosError } from '../../model/errors.ts';
import type { Session } from '../root/root.ts';
import { ackMany } from '../take/many.ts';
import { persist } from '../wait/persist.ts';

/** Acks what the other root has, all in one step that is answered while one is under way. */
export interface Acks {
  /** @throws as `ack` */
  add(receipt: string): Promise<void>;
}

interface Waiting {
  readonly receipt: string;
  readonly resolve: () => void;
  readonly reject: (why: unknown) => void;
}

/** @param leftMs for how long what the root's engine refuses, which is away, is tried again; milliseconds */
export function createAcks(session: Session, by: string, peer: string, leftMs: () => number): Acks {
  let queue: Waiting[] = [];
  let isBusy = false;
  const flush = async (): Promise<void> => {
    while (queue.length > 0) {
      const some = queue;
      queue = [];
      try {
        const receipts = some.map(({ receipt }) => receipt);
        const answers = await persist(session, { leftMs }, async () =>
          ackMany((await session.checkAgain?.()) ?? session, receipts, by, peer),
        );
        for (const [i, { resolve, reject }] of some.entries()) {
          const answer = answers[i];
          if (answer instanceof DreamosError) reject(answer);
          else resolve();
        }
      } catch (error) {
        for (const { reject } of some) reject(error);
      }
    }
    isBusy = false;
  };
  return {
    add: (receipt) =>
      new Promise((resolve, reject) => {
        queue.push({ receipt, resolve, reject });
        if (isBusy) return;
        isBusy = true;
        // What one chunk of answers says is all there by then.
        setImmediate(() => void flush());
      }),
  };
}
