/**
 * Rollups: what event logs come to, kept so that a log is counted once. Whoever looks counts on where the last one stopped, and
 * writes what he has. No lock is needed: each file says how far its log is counted, and is replaced whole. Of two that count
 * at once the later one may put back what is less, and the next look adds the rest.
 */
import { dayMs, hourMs, minuteMs } from '../../model/basics/limits.ts';
import { jsonIn } from '../../model/basics/raw-json.ts';
import { isoTime } from '../../model/clock.ts';
import { emptyTally, mergeTally, type Tally, tallyIn, tallyJson } from '../../model/metrics/tally.ts';
import type { LogMark } from '../../storage/port/journal.ts';
import type { Session } from '../root/root.ts';
import { orWarnOnce } from '../root/trouble.ts';
import {
  countAnew,
  countPart,
  type Day,
  dayIn,
  dayOfHead,
  dayText,
  dropMinutes,
  emptyDay,
  type Grain,
  headBytes,
  keepPruned,
  slotsIn,
  tallyAt,
} from './day.ts';

/** When its day is so long ago, the lines of minutes go. */
const minutesKeptMs = 7 * dayMs;

/** How fine a time is told that is so long: of weeks nobody adds up minutes. */
function grainOf(ms: number): Grain {
  return ms <= 2 * hourMs ? 'minute' : ms <= 2 * dayMs ? 'hour' : 'day';
}
const grainMs: Readonly<Record<Grain, number>> = { minute: minuteMs, hour: hourMs, day: dayMs };

/** Where what is counted of a time begins: with a whole minute, hour or day. */
export function startOf(sinceMs: number, untilMs: number): number {
  const ms = Math.max(0, sinceMs);
  return ms - (ms % grainMs[grainOf(untilMs - sinceMs)]);
}

export interface Slot {
  /** When its minute, hour or day begins; milliseconds since 1970. */
  readonly startMs: number;
  readonly tally: Tally;
}

/**
 * What happened in a mailbox from the start of a time (`startOf`) to its end, by minutes, hours or days; only those with mail.
 * @param knownMs since when the time is known (`knownOf`): what lies before its day would count for a time that is not counted
 */
export async function* slotsOf(
  session: Session,
  mailbox: string,
  sinceMs: number,
  untilMs: number,
  knownMs = 0,
): AsyncGenerator<Slot, void, void> {
  const { journal, rollups } = session.store;
  const asked = grainOf(untilMs - sinceMs);
  const [since, until] = [isoTime(startOf(sinceMs, untilMs)), isoTime(Math.max(0, untilMs - 1))];
  const logs = await journal.logs(mailbox);
  // An event is in the log of the day on which its line was written, which may be the next one; or two, told again.
  const [first, last] = [dayOf(sinceMs), dayOf(untilMs + 2 * dayMs)];
  const days = [...new Set([...(await rollups.days(mailbox)), ...logs.keys()])].sort();
  for (const name of days.filter((day) => day >= first && day <= last)) {
    const day = await countedDay(session, mailbox, name, logs.get(name), asked);
    const grain = asked === 'minute' && !day.minutes ? 'hour' : asked;
    for (const at of slotsIn(day, grain)) {
      if (at < since.slice(0, at.length) || at > until) continue;
      const startMs = startMsOf(at);
      const tally = startMs < knownMs - (knownMs % dayMs) ? undefined : tallyAt(day, at);
      if (tally) yield { startMs, tally };
    }
  }
}

/** What a mailbox knows of a time. */
export interface Age {
  /** Where its last gap in it ends: before that a log was pruned that nobody had counted. */
  readonly gap?: number;
  /** Where there is no gap, the first event in it. */
  readonly first?: number | undefined;
}

export async function ageOf(session: Session, mailbox: string, sinceMs: number): Promise<Age> {
  const gap = await gapEnd(session, mailbox, sinceMs);
  return gap === undefined ? { first: await firstEvent(session, mailbox, sinceMs) } : { gap };
}

/**
 * Since when numbers are known to which all of these mailboxes add: behind the last gap of any, or, where all are younger than
 * the time, since the first event in any. `undefined`: all of the time is known.
 */
export function knownOf(ages: readonly Age[], sinceMs: number): number | undefined {
  const known = Math.max(sinceMs, ...ages.map(({ gap = sinceMs }) => gap));
  if (known > sinceMs) return known;
  const first = Math.min(...ages.map((age) => age.first ?? Infinity));
  return first > sinceMs && first < Infinity ? first : undefined;
}

/** Where the last gap within a time ends, with the beginning of a day; `undefined`: there is none. */
async function gapEnd(session: Session, mailbox: string, sinceMs: number): Promise<number | undefined> {
  const { journal, rollups } = session.store;
  const pruned = await journal.prunedThrough(mailbox);
  if (pruned === undefined || pruned < dayOf(sinceMs)) return undefined;
  const end = Date.parse(gapIn(indexIn(await rollups.read(mailbox, 'index')), pruned) || isoTime(0));
  return end > sinceMs ? end : undefined;
}

/** The minute or hour of the first event that is known, but not before the time begins; `undefined`: there is none. */
async function firstEvent(session: Session, mailbox: string, sinceMs: number): Promise<number | undefined> {
  const { journal, rollups } = session.store;
  const logs = await journal.logs(mailbox);
  const [name] = [...(await rollups.days(mailbox)), ...logs.keys()].sort();
  if (name === undefined || name < dayOf(sinceMs)) return name === undefined ? undefined : sinceMs;
  // What has no log any more was pruned, so it was not the first.
  const pruned = await journal.prunedThrough(mailbox);
  if (pruned !== undefined && pruned < name) return sinceMs;
  const began = async (grain: Grain): Promise<number | undefined> => {
    const day = await countedDay(session, mailbox, name, logs.get(name), grain);
    const [at] = slotsIn(day, day.minutes ? grain : 'hour').sort();
    return at === undefined ? undefined : Math.max(sinceMs, startMsOf(at));
  };
  const hour = await began('hour');
  // Of a time of days a minute says nothing, and to find it takes a hundred times as long.
  return hour === undefined || hour < session.store.now() - dayMs ? hour : began('minute');
}

/** How long what is counted of a time is: of a mailbox that is younger since its first event, and at least a minute. */
export function minutesOf(sinceMs: number, untilMs: number, knownMs = sinceMs): number {
  return Math.min(untilMs - sinceMs, Math.max(minuteMs, untilMs - knownMs)) / minuteMs;
}

/** What all days of a mailbox come to. */
export async function totalOf(session: Session, mailbox: string): Promise<Tally> {
  const { journal, rollups } = session.store;
  const logs = await journal.logs(mailbox);
  const index = indexIn(await rollups.read(mailbox, 'index'));
  const gap = gapIn(index, (await journal.prunedThrough(mailbox)) ?? '');
  let [hasNews, pastIsGood] = [gap !== index.wholeFrom, true];
  index.wholeFrom = gap;
  for (const name of [...new Set([...(await rollups.days(mailbox)), ...logs.keys()])].sort()) {
    const { bytes = 0 } = logs.get(name) ?? {};
    const known = index.days.get(name);
    if (known?.bytes === bytes && (!known.minutes || !isLongAgo(session, name))) continue;
    const day = await countedDay(session, mailbox, name, logs.get(name), 'day');
    const total = tallyAt(day, name) ?? emptyTally();
    const lines = linesOf(total);
    index.days.set(name, { bytes, lines, minutes: day.minutes });
    hasNews = true;
    if (known?.lines === lines) continue;
    pastIsGood &&= !known || index.totals.has(name);
    index.totals.set(name, total);
  }
  if (!hasNews) return sumOf(index);
  if (!pastIsGood) await addUpAgain(session, mailbox, index, logs);
  const newest = [...index.days.keys()].sort().slice(-2);
  for (const [name, total] of index.totals) {
    if (newest.includes(name)) continue;
    mergeTally(index.past, total);
    index.totals.delete(name);
  }
  await orNot(session, mailbox, () => rollups.write(mailbox, 'index', indexText(index)));
  return sumOf(index);
}

/** The numbers of a day, as far as its log goes now. @param grain nothing finer is wanted, so it may be missing */
async function countedDay(
  session: Session,
  mailbox: string,
  name: string,
  log: LogMark | undefined,
  grain: Grain,
): Promise<Day> {
  const { journal, rollups } = session.store;
  if (grain !== 'minute') {
    const head = dayOfHead(name, (await rollups.read(mailbox, name, headBytes)) ?? '');
    const isCounted = head?.mark.bytes === (log?.bytes ?? 0);
    if (head && isCounted && !(head.minutes && isLongAgo(session, name))) return head;
  }
  const text = await rollups.read(mailbox, name);
  const isPruned = async (): Promise<boolean> => name <= ((await journal.prunedThrough(mailbox, true)) ?? '');
  const day = dayIn(name, text ?? '') ?? emptyDay(name, await isPruned());
  let hasNews = !log && day.mark.bytes > 0;
  if (hasNews) keepPruned(day);
  for await (const part of log ? journal.readLog(mailbox, name, day.mark) : []) {
    // Nobody may have looked between the pruning and the first line of another one.
    if (part.anew && !day.isBehindPruned && (await isPruned())) keepPruned(day);
    else if (part.anew) countAnew(day);
    countPart(day, part);
    hasNews = true;
  }
  if (day.minutes && isLongAgo(session, name)) {
    dropMinutes(day);
    hasNews = true;
  }
  if (hasNews) await orNot(session, mailbox, () => rollups.write(mailbox, name, dayText(day)));
  return day;
}

/** On a disk that is full or read-only each look counts for itself. */
function orNot(session: Session, mailbox: string, write: () => Promise<void>): Promise<void | undefined> {
  return orWarnOnce(
    session,
    `metrics ${mailbox}`,
    `The numbers of ${mailbox} are not kept, so the next look counts anew`,
    write,
  );
}

function isLongAgo(session: Session, day: string): boolean {
  return day < dayOf(session.store.now() - minutesKeptMs);
}

/** Of a day, an hour or a minute. */
function startMsOf(at: string): number {
  return Date.parse(`${at}${'T00:00:00.000Z'.slice(at.length - 10)}`);
}

function dayOf(ms: number): string {
  return isoTime(Math.max(0, ms)).slice(0, 10);
}

/** So that a total is not added up from every day again. */
interface Index {
  readonly days: Map<string, CountedDay>;
  /** Of the last two days, which still grow. */
  readonly totals: Map<string, Tally>;
  /** Of all before them. */
  past: Tally;
  /** The day since which no log was pruned before it was counted; `''`: none ever was. */
  wholeFrom: string;
}

interface CountedDay {
  /** Of its log, when it was counted. */
  readonly bytes: number;
  readonly lines: number;
  readonly minutes: boolean;
}

const version = 1;

/** As `wholeFrom`, when logs are pruned through a day: all that were there when that day was counted were, too. */
function gapIn({ days, wholeFrom }: Index, pruned: string): string {
  if (pruned < wholeFrom || pruned === '' || days.has(pruned)) return wholeFrom;
  return dayOf(Date.parse(pruned) + dayMs);
}

function indexText({ days, totals, past, wholeFrom }: Index): string {
  return JSON.stringify({
    v: version,
    days: Object.fromEntries(days),
    totals: Object.fromEntries([...totals].map(([day, total]) => [day, tallyJson(total)])),
    past: tallyJson(past),
    wholeFrom,
  });
}

function indexIn(text: string | undefined): Index {
  const index: Index = { days: new Map(), totals: new Map(), past: emptyTally(), wholeFrom: '' };
  const json = jsonIn(text ?? '{}') as
    { v?: unknown; days?: object; totals?: object; past?: unknown; wholeFrom?: unknown } | null | undefined;
  if (json?.v !== version) return index;
  for (const [name, day] of Object.entries(json.days ?? {}) as [string, CountedDay][]) index.days.set(name, day);
  for (const [name, total] of Object.entries(json.totals ?? {})) index.totals.set(name, tallyIn(total));
  index.past = tallyIn(json.past);
  if (typeof json.wholeFrom === 'string') index.wholeFrom = json.wholeFrom;
  return index;
}

function linesOf({ events, broken }: Tally): number {
  return Object.values(events).reduce((sum, times) => sum + times, broken);
}

function sumOf({ past, totals }: Index): Tally {
  const sum = emptyTally();
  for (const one of [past, ...totals.values()]) mergeTally(sum, one);
  return sum;
}

/** A day that counts among the past has changed: its log was put back, or cut short. */
async function addUpAgain(
  session: Session,
  mailbox: string,
  index: Index,
  logs: ReadonlyMap<string, LogMark>,
): Promise<void> {
  index.past = emptyTally();
  for (const name of index.days.keys()) {
    if (index.totals.has(name)) continue;
    const total = tallyAt(await countedDay(session, mailbox, name, logs.get(name), 'day'), name);
    if (total) mergeTally(index.past, total);
  }
}
