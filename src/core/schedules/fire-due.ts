/**
 * Sends what the schedules say, each occurrence once, however many processes look; of missed ones only the latest.
 *
 * First it is sent, under a dedupe key that names the schedule and the occurrence, then it is recorded in the document as
 * the schedule's last, in one write with the others that were sent meanwhile. Two processes at once, or one that comes
 * after a crash in between, send under the same keys, which sends nothing new, and record the same. A clock that steps back
 * finds the occurrence recorded. If that is hours ahead, it was the clock that was: the latest occurrence is recorded as
 * skipped, and the next one is sent. A schedule that was removed and added again has another token, and begins with its next
 * occurrence. One whose clock was ahead gets another token, too: under the old one what was sent too early would be taken for
 * what is sent when its time has really come.
 *
 * A key is remembered for the root's `dedupeWindow`, the record for good: it is enough that somebody looks that soon after a
 * crash between the two steps. What is left: nobody does, and no later occurrence comes meanwhile; or a process that is
 * paused there for so long goes on. Then that occurrence is sent once more. And if the clock was ahead at that crash, what was
 * sent is found under its key when its time really comes, and is taken for it.
 */
import type { Schedule } from '../../contract/system.ts';
import { parseData } from '../../model/data.ts';
import { DreamosError } from '../../model/errors.ts';
import { type CronLine, parseCron } from './cron.ts';
import { AgentRenamed } from '../../storage/port/refusals.ts';
import { nameNow } from '../agents/agents.ts';
import type { Session } from '../root/root.ts';
import { withoutSettings } from '../root/settings.ts';
import { isOfStorage, troubleIsOver, warnOnce } from '../root/trouble.ts';
import { changeSchedules, doneUntil, isDoneAhead, loadSchedules, nextOf } from './schedules.ts';
import { recipientsIn } from '../send/route.ts';
import { sendChecked } from '../send/send.ts';
import { operation } from '../root/operation.ts';

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
  /** When the next occurrence is, or when to try again what could not be sent now; milliseconds since 1970. */
  readonly nextAt?: number;
}

export interface FireOptions {
  /** Only says what would be sent; nothing is recorded. */
  readonly dryRun?: boolean;
}

const tryAgainMs = 60_000;
const notRecorded = 'What schedules sent could not be recorded now';

export const fireDue = operation('schedule.fire', fireDueBody);

async function fireDueBody(session: Session, options: FireOptions = {}): Promise<FiredDue> {
  const fired: Fired[] = [];
  const pass = fireInBites(session, Infinity, options);
  for (;;) {
    const bite = await pass.next();
    if (bite.done) return { fired, ...(bite.value < Infinity && { nextAt: bite.value }) };
    fired.push(...bite.value);
  }
}

/**
 * One pass over all schedules, for who has something else to do as well: it pauses whenever it has sent for so long, with
 * what it sent recorded in one write. @returns `nextAt` as FiredDue has it, or Infinity
 */
export async function* fireInBites(
  session: Session,
  biteMs: number,
  { dryRun = false }: FireOptions = {},
): AsyncGenerator<Fired[], number, undefined> {
  let nextAt = Infinity;
  let sent: Occurrence[] = [];
  let beganAt = session.clock.uptime();
  const recordAll = async (): Promise<Fired[]> => {
    const occurrences = sent;
    sent = [];
    try {
      if (occurrences.length === 0 || dryRun) return occurrences.map(firedOf);
      const first = await record(session, occurrences);
      troubleIsOver(session, notRecorded);
      return first;
    } catch (error) {
      if (!(error instanceof DreamosError)) throw error;
      warnOnce(session, notRecorded, `${notRecorded}: ${error.message}`);
      nextAt = Math.min(nextAt, session.clock.now() + tryAgainMs);
      return [];
    }
  };
  for (const { token } of await loadSchedules(session)) {
    // Anew for each: another process may have been faster, or have removed it.
    const schedule = (await loadSchedules(session)).find((one) => one.token === token);
    if (!schedule) continue;
    try {
      const cron = await cronOf(schedule);
      const now = session.clock.now();
      const done = doneUntil(schedule);
      nextAt = Math.min(nextAt, nextOf(schedule, cron, now) ?? Infinity);
      const latest = cron.latest(now);
      const ahead = isDoneAhead(schedule, now);
      if (latest === undefined || (ahead ? dryRun : latest <= done)) continue;
      const at = new Date(latest).toISOString();
      const outcome = ahead ? skippedAhead(done) : dryRun ? {} : await sendOccurrence(session, schedule, at);
      sent.push({ schedule, at, outcome });
      troubleIsOver(session, `schedule ${token}`);
    } catch (error) {
      if (!(error instanceof DreamosError)) throw error;
      // It is tried again with its next time, which may be every second.
      warnOnce(session, `schedule ${token}`, `The schedule ${schedule.name} could not be sent now: ${error.message}`);
      nextAt = Math.min(nextAt, session.clock.now() + tryAgainMs);
    }
    if (session.clock.uptime() - beganAt < biteMs) continue;
    yield await recordAll();
    beganAt = session.clock.uptime();
  }
  const rest = await recordAll();
  if (rest.length > 0) yield rest;
  return nextAt;
}

interface Occurrence {
  readonly schedule: Schedule;
  readonly at: string;
  readonly outcome: Pick<Fired, 'id' | 'skipped'>;
}

function firedOf({ schedule: { name }, at, outcome }: Occurrence): Fired {
  return { schedule: name, at, ...outcome };
}

async function sendOccurrence(
  session: Session,
  { name, token, from, message: { rawData, ...message } }: Schedule,
  at: string,
): Promise<Occurrence['outcome']> {
  // Whoever happens to look now has nothing to do with it: neither does his environment decide, nor is he told that nobody
  // reads the mailbox.
  const nobody: Session = { ...withoutSettings(session), proved: false, warn: () => undefined };
  try {
    const dedupeKey = `schedule:${name}:${token}:${at}`;
    const data = rawData === undefined ? message.data : parseData(rawData, 'The rawData of the schedule');
    const draft = { ...message, data, from, dedupeKey };
    const { id } = await sendChecked(nobody, draft).catch(async (error: unknown) => {
      if (!(error instanceof AgentRenamed)) throw error;
      return sendChecked(nobody, { ...draft, to: await toThoseRenamed(session, message.to) });
    });
    return { id };
  } catch (error) {
    // None says anything of the message: somebody is at config.json with an editor, and in a minute it may be right again; or
    // who looks now has not the key of its sender, or trusts another one of his, and somebody else can send it.
    if (!(error instanceof DreamosError) || isOfStorage(error) || error.code === 'CONFIG_INVALID') throw error;
    if (error.code === 'UNAUTHENTICATED' || error.code === 'KEY_CHANGED') throw error;
    // Nothing but this occurrence is ever sent under this key: somebody was first, when its recipients were others.
    if (error.code === 'DEDUPE_MISMATCH') return {};
    return { skipped: { code: error.code, reason: error.message } };
  }
}

/** What schedules say follows right behind a renaming. */
async function toThoseRenamed(session: Session, to: readonly string[]): Promise<string[]> {
  return Promise.all(recipientsIn(to).map(async (word) => (word.startsWith('@') ? word : nameNow(session, word))));
}

const clockAhead = 'CLOCK_AHEAD';

/** What came before now may have been sent, and of what was sent only the last is known. */
function skippedAhead(done: number): Occurrence['outcome'] {
  const reason = `it was last sent, or added, on ${new Date(done).toISOString()}: the clock was ahead. It goes on with its next time.`;
  return { skipped: { code: clockAhead, reason } };
}

/** @returns those that this call was the first to record */
async function record(session: Session, occurrences: readonly Occurrence[]): Promise<Fired[]> {
  const byToken = new Map(occurrences.map((occurrence) => [occurrence.schedule.token, occurrence]));
  let first: Occurrence[] = [];
  await changeSchedules(session, (schedules) => {
    // It may run again, and only the last run counts.
    first = [];
    return schedules.map((schedule) => {
      const occurrence = byToken.get(schedule.token);
      if (!occurrence) return schedule;
      const isDone = doneUntil(schedule) >= Date.parse(occurrence.at);
      if (isDone && !isDoneAhead(schedule, session.clock.now())) return schedule;
      first.push(occurrence);
      const { at: lastAt, outcome } = occurrence;
      const { id, skipped } = outcome;
      const { lastId: _, skipped: __, ...before } = schedule;
      const kept = skipped?.code === clockAhead ? { ...before, token: session.ids.token() } : before;
      return { ...kept, lastAt, ...(id !== undefined && { lastId: id }), ...(skipped && { skipped }) };
    });
  });
  for (const { schedule, at, outcome } of first)
    if (outcome.skipped) session.warn(`The schedule ${schedule.name} skipped ${at}: ${outcome.skipped.reason}`);
  return first.map(firedOf);
}

// By their texts: with each record the schedules are read anew.
const cronLines = new Map<string, CronLine>();
const mostLines = 10_000;

async function cronOf({ cron, tz }: Schedule): Promise<CronLine> {
  const text = `${cron}\n${tz}`;
  const known = cronLines.get(text);
  if (known) return known;
  const line = await parseCron(cron, tz);
  if (cronLines.size >= mostLines) cronLines.clear();
  cronLines.set(text, line);
  return line;
}
