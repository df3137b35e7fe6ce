import { isoTime, sayableTime } from '../../model/clock.ts';
import { longestMs } from '../../model/basics/limits.ts';
import type { DreamosError } from '../../model/errors.ts';
import { reference, usage } from '../../model/refusals.ts';
import type { Entry } from '../../storage/port/look.ts';
import { findNow } from '../look/find.ts';
import { meantId } from '../look/meant.ts';
import type { Session } from '../root/root.ts';
import { changeEverywhere } from './everywhere.ts';
import { operation } from '../root/operation.ts';

export interface DeliverHow {
  /** Not before this moment, milliseconds since 1970; else now. */
  readonly at?: number;
}

export const deliver = operation('deliver', deliverBody);

async function deliverBody(session: Session, idOrEnd: string, { at }: DeliverHow = {}): Promise<Entry[]> {
  const id = await meantId(session, idOrEnd, { states: ['delayed'] }, {});
  if (at !== undefined) checkTime(id, at, session.store.now());
  // What is due by itself is ready first, and nothing is put off that expires before.
  for (const entry of await findNow(session, id)) if (at !== undefined) checkLives(entry, at);
  const dueAt = at === undefined ? undefined : Math.round(at);
  return changeEverywhere(session, id, {
    again: at === undefined ? `dreamos deliver ${id} now` : `dreamos deliver ${id} --at ${isoTime(at)}`,
    done: at === undefined ? 'delivered' : 'put off',
    from: ['delayed'],
    change: (entry, actor) => session.store.mail.deliver(entry, { ...actor, dueAt }),
    refusal: 'is neither delayed nor resting',
  });
}

function checkTime(id: string, at: number, now: number): void {
  if (at - now > longestMs) throw usage('A message can be put off for 3650d at most.', reference);
  if (at > now) return;
  const over = isoTime(sayableTime(at));
  throw usage(`${over} is over: it is ${isoTime(now)}.`, `To deliver it at once: dreamos deliver ${id} now`);
}

function checkLives({ id, mailbox, state, expiresAt = Infinity }: Entry, at: number): void {
  if (state === 'delayed' && expiresAt <= at) throw expires(id, mailbox, expiresAt);
}

function expires(id: string, mailbox: string, at: number): DreamosError {
  return usage(
    `${id} would expire before it is delivered: its time-to-live in ${mailbox} ends at ${isoTime(at)}.`,
    `Choose a time before that, or deliver it at once: dreamos deliver ${id} now`,
  );
}
