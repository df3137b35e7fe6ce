/**
 * Sends what the schedules say, each occurrence once, however many processes look; of missed ones only the latest.
 *
 * First it is sent, under a dedupe key that names the schedule and the occurrence, then it is recorded in the document as
 * the schedule's last. Two processes at once, or one that comes after a crash in between, send under the same key, which
 * sends nothing new, and record the same. A clock that steps back finds the occurrence recorded. A schedule that was removed
 * and added again has another token, and begins with its next occurrence.
 *
 * A key is remembered for two days, the record for good: it is enough that somebody looks within two days of a crash between
 * the two steps. What is left: nobody does, and no later occurrence comes meanwhile; or a process that is paused there for
 * so long goes on. Then that occurrence is sent once more.
 */
import type { Schedule } from '../../contract/system.ts';
import { parseData } from '../../model/data.ts';
import { DreamosError } from '../../model/errors.ts';
import { type CronLine, parseCron } from './cron.ts';
import type { Session } from '../root/root.ts';
import { noEnvironment } from '../root/settings.ts';
import { changeSchedules, doneUntil, loadSchedules } from './schedules.ts';
import { sendChecked } from '../send/send.ts';

/** What this call did for one occurrence of one schedule. */
export interface Fired {
  readonly schedule: string;
  /** When it should have been sent; ISO 8601. */
  readonly at: string;
  /** The message that was sent. */
  readonly id?: string;
  /** Why it was not: the recipient has retired, a mailbox is full … It is not tried again; the next occurrence is. */
  readonly skipped?: { readonly code: string; readonly reason: string };
}

export interface FiredDue {
  /** Without what another process did first. */
  readonly fired: readonly Fired[];
  /** When the next occurrence is, or when to try again after the disk failed; milliseconds since 1970. */
  readonly nextAt?: number;
}

export interface FireOptions {
  /** Only says what would be sent; nothing is recorded. */
  readonly dryRun?: boolean;
}

const tryAgainMs = 60_000;

export async function fireDue(session: Session, options: FireOptions = {}): Promise<FiredDue> {
  const fired: Fired[] = [];
  let nextAt = Infinity;
  for (const { token } of await loadSchedules(session)) {
    // Anew for each: another process may have been faster, or have removed it.
    const schedule = (await loadSchedules(session)).find((one) => one.token === token);
    if (!schedule) continue;
    try {
      const done = await fireLatest(session, schedule, options.dryRun ?? false);
      if (done.fired) fired.push(done.fired);
      nextAt = Math.min(nextAt, done.nextAt);
    } catch (error) {
      if (!(error instanceof DreamosError)) throw error;
      session.warn(`The schedule ${schedule.name} could not be sent now: ${error.message}`);
      nextAt = Math.min(nextAt, session.clock.now() + tryAgainMs);
    }
  }
  return { fired, ...(nextAt < Infinity && { nextAt }) };
}

async function fireLatest(
  session: Session,
  schedule: Schedule,
  dryRun: boolean,
): Promise<{ fired?: Fired; nextAt: number }> {
  const cron = await cronOf(schedule);
  const now = session.clock.now();
  const done = doneUntil(schedule);
  const nextAt = cron.next(Math.max(now, done)) ?? Infinity;
  const at = cron.latest(now);
  if (at === undefined || at <= done) return { nextAt };
  const fired = { schedule: schedule.name, at: new Date(at).toISOString() };
  if (dryRun) return { fired, nextAt };
  const outcome = await sendOccurrence(session, schedule, fired.at);
  if (!(await record(session, schedule, fired.at, outcome))) return { nextAt };
  if (outcome.skipped) session.warn(`The schedule ${schedule.name} skipped ${fired.at}: ${outcome.skipped.reason}`);
  return { fired: { ...fired, ...outcome }, nextAt };
}

type Outcome = Pick<Fired, 'id' | 'skipped'>;

async function sendOccurrence(
  session: Session,
  { name, token, from, message: { rawData, ...message } }: Schedule,
  at: string,
): Promise<Outcome> {
  // Whoever happens to look now has nothing to do with it: neither does his environment decide, nor is he told that nobody
  // reads the mailbox.
  const nobody: Session = { ...session, env: noEnvironment, warn: () => undefined };
  try {
    const dedupeKey = `schedule:${name}:${token}:${at}`;
    const data = rawData === undefined ? message.data : parseData(rawData, 'The rawData of the schedule');
    const { id } = await sendChecked(nobody, { ...message, data, from, dedupeKey });
    return { id };
  } catch (error) {
    if (!(error instanceof DreamosError) || error.kind === 'disk') throw error;
    // Nothing but this occurrence is ever sent under this key: somebody was first, when its recipients were others.
    if (error.code === 'DEDUPE_MISMATCH') return {};
    return { skipped: { code: error.code, reason: error.message } };
  }
}

/** @returns whether this call was the first to do so */
async function record(
  session: Session,
  { token }: Schedule,
  lastAt: string,
  { id, skipped }: Outcome,
): Promise<boolean> {
  let first = false;
  await changeSchedules(session, (schedules) => {
    // It may run again, and only the last run counts.
    first = false;
    return schedules.map((schedule) => {
      if (schedule.token !== token || doneUntil(schedule) >= Date.parse(lastAt)) return schedule;
      first = true;
      const { lastId: _, skipped: __, ...kept } = schedule;
      return { ...kept, lastAt, ...(id !== undefined && { lastId: id }), ...(skipped && { skipped }) };
    });
  });
  return first;
}

const cronLines = new WeakMap<Schedule, CronLine>();

async function cronOf(schedule: Schedule): Promise<CronLine> {
  const known = cronLines.get(schedule) ?? (await parseCron(schedule.cron, schedule.tz));
  cronLines.set(schedule, known);
  return known;
}
