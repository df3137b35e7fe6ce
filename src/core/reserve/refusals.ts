import type { Reservation } from '../../contract/reach.ts';
import { DreamosError } from '../../model/errors.ts';
import { timeLeft } from '../../model/duration.ts';
import { cut } from '../../model/basics/text.ts';
import type { Session } from '../root/root.ts';
import type { Place } from './place.ts';

/** What others have of what was asked for. */
export interface Conflict {
  readonly place: Place;
  readonly held: readonly Reservation[];
}

// So many are named; all are in `reserve check`.
const mostNamed = 5;
const mostReason = 100;

/** @param conflicts at least one @param toWait how one waits for it */
export function refused(
  session: Session,
  conflicts: readonly Conflict[],
  toWait = 'The same with `waitMs` waits for it',
): DreamosError {
  const all = conflicts.flatMap(({ place, held }) => held.map((one) => ({ path: place.path, one })));
  const named = all.slice(0, mostNamed).map(({ path, one }) => {
    const what = one.path === path ? '' : ` as ${one.path}`;
    const why = one.reason === undefined ? '' : ` (${JSON.stringify(cut(one.reason, mostReason))})`;
    return `${path} is reserved${what} by ${one.agent}${one.shared ? ', shared,' : ''} until ${when(session, one)}${why}`;
  });
  const more = all.length > mostNamed ? `; and ${all.length - mostNamed} more` : '';
  const holder = all[0]?.one.agent ?? '';
  const ask = `dreamos send ${holder} "Are you done with it?" --as ${session.acting ?? '<agent>'}`;
  return new DreamosError('conflict', 'RESERVED', `${named.join('; ')}${more}.`, {
    hint: `${toWait}; or ask: ${ask}`,
  });
}

/** @param was its reservation, if that is still known @param now who has it since */
export function lost(
  session: Session,
  path: string,
  agent: string,
  was?: Reservation,
  now?: Reservation,
): DreamosError {
  const over =
    was === undefined
      ? `${agent} holds no reservation of ${path}`
      : `${agent}'s reservation of ${path} ended at ${was.until}`;
  const since = now === undefined ? '' : `; ${now.agent} has it until ${when(session, now)}`;
  const look =
    was === undefined
      ? ''
      : 'What you did since it ended, others may have changed as well: look at it before you reserve it again. ';
  return new DreamosError('conflict', 'RESERVATION_LOST', `${over}${since}.`, {
    hint: `${look}All there are: dreamos reserve list`,
  });
}

function when({ store }: Session, { until }: Reservation): string {
  return `${until}, in ${timeLeft(Date.parse(until) - store.now())}`;
}
