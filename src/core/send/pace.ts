/**
 * An agent with a `sendRate` takes a message of its allowance for each that it sends, to however many. It is taken when all
 * else of the message is checked, and given back for what a mailbox refused and for a repeat; a disk that fails may cost it.
 */
import { isoTime } from '../../model/clock.ts';
import { exactDuration } from '../../model/duration.ts';
import { DreamosError } from '../../model/errors.ts';
import { minuteMs } from '../../model/basics/limits.ts';
import { settingTable } from '../../model/basics/setting-table.ts';
import type { Sent } from '../../storage/port/mail.ts';
import { Refused } from '../../storage/port/refusals.ts';
import type { Session } from '../root/root.ts';
import { createBell, lookAgainMs } from '../wait/bell.ts';
import { lookAtChores, restOfChores } from '../wait/chores.ts';
import { stillThere } from '../wait/still-there.ts';
import type { Composed, Pace } from './compose.ts';
import { type Patience, type Waiting, waitingFor } from './room.ts';

type Result = Sent | DreamosError;

/** Core waits for when the next may go. */
class Limited extends Refused {
  readonly nextAt: number;

  constructor({ mailbox, perMinute }: Pace, nextAt: number, now: number) {
    const many = perMinute === 1 ? 'one message' : `${perMinute} messages`;
    const inMs = Math.max(1, Math.ceil((nextAt - now) / 1000)) * 1000;
    const twice = Math.min(perMinute * 2, settingTable.sendRate.most);
    super(
      mailbox,
      'conflict',
      'LIMITED',
      `${mailbox} may send ${many} a minute and has none left, so this was not sent: the next may go at ${isoTime(nextAt)}, in ${exactDuration(inMs)}.`,
      `To wait until then: send, reply or publish with \`waitMs\`; to let it send more: dreamos agent register ${mailbox} --set sendRate=${twice}`,
    );
    this.nextAt = nextAt;
  }
}

/** Each sender's in their order: what may not go yet keeps those of its sender behind it. @returns a result for each */
export async function sendPaced(
  session: Session,
  composed: readonly Composed[],
  patience: Patience,
  sendAtOnce: (some: readonly Composed[]) => Promise<Result[]>,
): Promise<Result[]> {
  const results = new Map<Composed, Result>();
  const waiting = waitingFor(session, patience);
  const rest = restUntil(session, waiting);
  let left = composed;
  for (;;) {
    const isFirst = left === composed;
    const { may, mayNot } = await take(session, left);
    if (!isFirst && may.size > 0) waiting.until = session.clock.uptime() + waiting.waitMs;
    const tried = left.flatMap((one) => {
      const refusal = mayNot.get(one);
      if (!refusal) return { one, as: { ...one, pace: undefined } };
      results.set(one, refusal);
      // It may be the repeat of what was sent before, which needs no allowance: the store knows.
      const mayRepeat = isFirst && one.outgoing.message.dedupeKey !== null;
      return mayRepeat ? { one, as: { ...one, pace: undefined, outgoing: { ...one.outgoing, refusal } } } : [];
    });
    const takenAt = session.clock.uptime();
    const sent = tried.length === 0 ? [] : await sendAtOnce(tried.map(({ as }) => as));
    for (const [i, { one }] of tried.entries()) results.set(one, sent[i] as Result);
    const unsent = [...may].filter((one) => isUnsent(results.get(one)));
    if (unsent.length > 0) await giveBack(session, unsent, session.clock.uptime() - takenAt);
    const limited = left.flatMap((one) => {
      const result = results.get(one);
      return result instanceof Limited ? { one, nextAt: result.nextAt } : [];
    });
    left = limited.map(({ one }) => one);
    if (left.length === 0 || !(await rest(Math.min(...limited.map(({ nextAt }) => nextAt)))))
      return composed.map((one) => results.get(one) as Result);
  }
}

/** @returns those that have taken one, and why the others have not */
async function take(
  session: Session,
  composed: readonly Composed[],
): Promise<{ may: Set<Composed>; mayNot: Map<Composed, DreamosError> }> {
  const may = new Set<Composed>();
  const mayNot = new Map<Composed, DreamosError>();
  for (const [pace, all] of byMailbox(composed)) {
    try {
      const { spent, nextAt } = await session.store.mail.spend(pace.mailbox, pace.perMinute, all.length);
      for (const one of all.slice(0, spent)) may.add(one);
      const others = all.slice(spent);
      if (others.length === 0) continue;
      const limited = new Limited(pace, nextAt, session.store.now());
      for (const one of others) mayNot.set(one, limited);
    } catch (error) {
      // Thrown, it would hide what was sent before.
      if (!(error instanceof DreamosError)) throw error;
      for (const one of all) mayNot.set(one, error);
    }
  }
  return { may, mayNot };
}

/** What can be nothing but a repeat needs none. */
function byMailbox(composed: Iterable<Composed>): Iterable<[Pace, Composed[]]> {
  const all = new Map<string, [Pace, Composed[]]>();
  for (const one of composed) {
    if (!one.pace || one.outgoing.refusal) continue;
    const known = all.get(one.pace.mailbox);
    if (known) known[1].push(one);
    else all.set(one.pace.mailbox, [one.pace, [one]]);
  }
  return all.values();
}

function isUnsent(result: Result | undefined): boolean {
  return result instanceof DreamosError ? result.kind !== 'disk' : result?.duplicate === true;
}

/** @param ms since it was taken: so much of it has come back by itself, and is not given twice */
async function giveBack(session: Session, unsent: readonly Composed[], ms: number): Promise<void> {
  for (const [{ mailbox, perMinute }, all] of byMailbox(unsent)) {
    const count = all.length - (ms * perMinute) / minuteMs;
    if (count <= 0) continue;
    try {
      await session.store.mail.spend(mailbox, perMinute, -count);
    } catch (error) {
      if (!(error instanceof DreamosError)) throw error;
      // What became of the messages is known, and is not hidden by this.
      session.warn(`What ${mailbox} did not send counts as sent for a minute at most: ${error.message}`);
    }
  }
}

/** @returns what rests until it is worth to try again; `false`: who sends waits no longer */
function restUntil(session: Session, waiting: Waiting): (nextAt: number) => Promise<boolean> {
  const checkRoot = stillThere(session);
  const { signal } = waiting;
  return async (nextAt) => {
    const leftMs = waiting.until - session.clock.uptime();
    if (leftMs <= 0 || signal?.aborted) return false;
    await checkRoot();
    await lookAtChores(session);
    // One more, because a timer may fire a millisecond early.
    const nextMs = Math.max(1, nextAt - session.store.now() + 1);
    await createBell().rest(Math.min(leftMs, nextMs, lookAgainMs, restOfChores(session)), signal);
    return signal?.aborted !== true;
  };
}
