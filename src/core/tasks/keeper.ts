/**
 * What keeps tasks going, done by whoever looks: what died processes have begun is finished, what gone agents have goes on, and
 * what is ready goes to who can do it. Where there are no tasks it is one look.
 */
import type { Session } from '../root/root.ts';
import { isAnyTrouble, orWarnOnce } from '../root/trouble.ts';
import { assignReady, assignThese } from './assign.ts';
import { releaseForgotten } from './place/dependents.ts';
import { takeOver } from './failover.ts';
import { finishPending } from './place/pending.ts';
import { listQueues } from './place/queue.ts';

/** So many tasks a look gives away, so that what else is waited for is not kept waiting. */
const mostAtOnce = 20;

export interface Tended {
  /** So many tasks were waiting for others until now. */
  readonly released: number;
  /** Tasks and messages of agents that are gone. */
  readonly tookOver: number;
  readonly assigned: number;
}

/** @param isDue of whom that is gone something is looked for @param most so many tasks are given at a look */
export async function tendAll(
  session: Session,
  isDue?: (agent: string) => boolean,
  most = mostAtOnce,
): Promise<Tended> {
  const queues = (await listQueues(session)).map(({ name }) => name);
  const ready = [...(await finishPending(session)), ...(await releaseForgotten(session, queues))];
  await assignThese(session, ready);
  const tookOver = await takeOver(session, isDue);
  return { released: ready.length, tookOver, assigned: await assignReady(session, most) };
}

/** By the way: what cannot be done is said, and left to the next one. @returns how much was done */
export async function tend(session: Session, isDue?: (agent: string) => boolean): Promise<number> {
  const work = () => tendAll(session, isDue);
  const tended = await orWarnOnce(session, 'tasks', 'Tasks are not looked after', work, isAnyTrouble);
  return tended ? tended.released + tended.tookOver + tended.assigned : 0;
}
