/**
 * What keeps tasks going, done by whoever looks: what died processes have begun is finished, what gone agents have goes on, and
 * what is ready goes to who can do it. Where there are no tasks it is one look.
 */
import { DreamosError } from '../../model/errors.ts';
import type { Session } from '../root/root.ts';
import { troubleIsOver, warnOnce } from '../root/trouble.ts';
import { assignReady, assignThese } from './assign.ts';
import { takeOver } from './failover.ts';
import { finishPending } from './pending.ts';

/** So many tasks a look gives away, so that what else is waited for is not kept waiting. */
const mostAtOnce = 20;

/** @param isDue of whom that is gone something is looked for @returns how much was done */
export async function tend(session: Session, isDue?: (agent: string) => boolean): Promise<number> {
  const about = 'tasks';
  try {
    const ready = await finishPending(session);
    await assignThese(session, ready);
    const moved = await takeOver(session, isDue);
    const done = ready.length + moved + (await assignReady(session, mostAtOnce));
    troubleIsOver(session, about);
    return done;
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    warnOnce(session, about, `Tasks are not looked after: ${error.message}`);
    return 0;
  }
}
