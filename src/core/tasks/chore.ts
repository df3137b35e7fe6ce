import { beatBy, beatMs } from '../../model/clock.ts';
import type { Chore, Session } from '../root/root.ts';
import { isAnyTrouble, orWarnOnce } from '../root/trouble.ts';
import { listQueues } from './place/queue.ts';

/** Of one who is gone and had nothing left, or nothing that could go on, so often is looked again. */
const goneAgainMs = 30_000;
const everyMs = 2000;
/** Where there are none, for those of whom the first is made meanwhile; who makes it gives it out himself. */
const idleMs = 15_000;
// Among a thousand agents a look takes 0.1 s, and everybody who waits looks.
const costFactor = 50;
const busyRestMs = 50;

/** Looks after tasks while somebody waits, whatever he waits for. Where there are none this is a listing of the mailboxes. */
export function createTaskChore(session: Session): Chore {
  const { clock } = session;
  let lookAt = clock.uptime();
  let busy = false;
  const lookedAt = new Map<string, number>();
  const isDue = (agent: string): boolean => {
    const now = clock.uptime();
    if (now - (lookedAt.get(agent) ?? -Infinity) < goneAgainMs) return false;
    lookedAt.set(agent, now);
    return true;
  };
  let restMs = idleMs;
  const look = async (): Promise<number> => {
    const areThere = (await listQueues(session)).length > 0;
    restMs = areThere ? everyMs : idleMs;
    return areThere ? (await import('./keeper.ts')).tend(session, isDue) : 0;
  };
  return {
    async look() {
      // Of many who wait in this process one is enough.
      if (busy || clock.uptime() < lookAt) return 0;
      busy = true;
      const beganAt = clock.uptime();
      lookAt = beatBy(clock, beganAt + beatMs);
      try {
        return (await orWarnOnce(session, 'queues of tasks', 'Tasks are not looked for', look, isAnyTrouble)) ?? 0;
      } finally {
        busy = false;
        const now = clock.uptime();
        const againAt = now + Math.max(restMs, (now - beganAt) * costFactor);
        lookAt = restMs < idleMs ? againAt : beatBy(clock, againAt);
      }
    },
    // Who waits beside a look would ask whether it is done, a thousand times a second.
    restMs: () => Math.max(busy ? busyRestMs : 1, lookAt - clock.uptime()),
  };
}
