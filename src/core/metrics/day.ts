/**
 * The numbers of one day's event log: a line for all of it, for each hour and for each minute. They depend on the log's lines
 * alone, so who has counted some of them goes on behind these. The first line says how far that is.
 */
import { jsonIn } from '../../model/basics/raw-json.ts';
import {
  countEvent,
  emptyTally,
  mergeTally,
  mostNames,
  type OpenClaims,
  type Tally,
  tallyIn,
  tallyJson,
} from '../../model/metrics/tally.ts';
import type { LogMark, LogPart } from '../../storage/port/journal.ts';

export interface Day {
  /** `2026-11-20`, UTC: of the log. */
  readonly name: string;
  /** So much of its log is counted. */
  mark: LogMark;
  /** Whether there is a line of each minute. */
  minutes: boolean;
  /** Whether what is marked is a log behind one that was pruned: what that one came to is among the numbers, if it was counted. */
  isBehindPruned: boolean;
  readonly open: OpenClaims;
  /**
   * By the beginning of a minute (`2026-11-20T10:31`), of an hour (`2026-11-20T10`), and by the name for the whole log; only
   * those with mail. A line stays a text until it is wanted.
   */
  readonly slots: Map<string, Tally | string>;
  /** The lines of minutes, until one is wanted: of a time of hours or days none is, and they are nearly all of a file. */
  unsplit: string;
}

/** In front of its minutes a file has 25 lines, of some kilobytes each. */
export const headBytes = 128 * 1024;

export type Grain = 'minute' | 'hour' | 'day';

const version = 1;
const widths: Readonly<Record<Grain, number>> = {
  minute: 'YYYY-MM-DDTHH:MM'.length,
  hour: 'YYYY-MM-DDTHH'.length,
  day: 'YYYY-MM-DD'.length,
};

export function emptyDay(name: string, isBehindPruned: boolean): Day {
  return { name, mark: { bytes: 0 }, minutes: true, isBehindPruned, open: new Map(), slots: new Map(), unsplit: '' };
}

/** Its log was pruned, and its numbers stay: what a clock that is set back may put under its name is another log. */
export function keepPruned(day: Day): void {
  day.mark = { bytes: 0 };
  day.isBehindPruned = true;
  day.open.clear();
}

/** Its log is another one, or was cut short: it is counted anew. */
export function countAnew(day: Day): void {
  day.open.clear();
  day.slots.clear();
  day.unsplit = '';
}

export function countPart(day: Day, { events, broken, mark }: LogPart): void {
  splitMinutes(day);
  const minutes = new Map<string, Tally>();
  let [at, tally]: [string, Tally | undefined] = ['', undefined];
  for (const event of events) {
    if (!tally || !event.at.startsWith(at)) {
      at = event.at.slice(0, widths.minute);
      tally = within(minutes, at);
    }
    countEvent(tally, event, day.open);
  }
  const hours = new Map<string, Tally>();
  for (const [minute, counted] of minutes) {
    mergeTally(within(hours, minute.slice(0, widths.hour)), counted);
    if (!day.minutes) continue;
    const known = tallyAt(day, minute);
    if (known) mergeTally(known, counted, mostNames);
    // As a text it is a tenth of the memory, and of those in front of the last one hardly any is wanted again.
    day.slots.set(minute, lineOf(minute, known ?? counted));
  }
  const total = within(day.slots, day.name, tallyAt(day, day.name));
  for (const [hour, counted] of hours) {
    mergeTally(within(day.slots, hour, tallyAt(day, hour)), counted);
    mergeTally(total, counted);
  }
  total.broken += broken;
  day.mark = mark;
}

function within(map: Map<string, Tally | string>, at: string, known = map.get(at) as Tally | undefined): Tally {
  if (known) return known;
  const tally = emptyTally();
  map.set(at, tally);
  return tally;
}

/** `undefined`: nothing happened then. */
export function tallyAt({ slots }: Day, at: string): Tally | undefined {
  const slot = slots.get(at);
  if (typeof slot !== 'string') return slot;
  const tally = tallyIn(jsonIn(slot));
  slots.set(at, tally);
  return tally;
}

/** When each line of a grain begins. */
export function slotsIn(day: Day, grain: Grain): string[] {
  if (grain === 'minute') splitMinutes(day);
  return [...day.slots.keys()].filter((at) => isOf(at, grain));
}

function isOf(at: string, grain: Grain): boolean {
  return at.length === widths[grain];
}

function splitMinutes(day: Day): void {
  if (day.unsplit === '') return;
  for (const line of day.unsplit.split('\n'))
    day.slots.set(line.slice(start.length, start.length + widths.minute), line);
  day.unsplit = '';
}

export function dropMinutes(day: Day): void {
  day.minutes = false;
  day.unsplit = '';
  for (const at of day.slots.keys()) if (isOf(at, 'minute')) day.slots.delete(at);
}

function lineOf(t: string, tally: Tally): string {
  return JSON.stringify(tallyJson(tally, { t }));
}

/** The line of the whole log, those of hours, and those of minutes, each in their order. */
export function dayText(day: Day): string {
  const { mark, minutes, isBehindPruned: pruned, open, unsplit } = day;
  const head = {
    v: version,
    mark,
    minutes,
    ...(pruned && { pruned }),
    ...(open.size > 0 && { open: Object.fromEntries(open) }),
  };
  const lines = [...day.slots].sort(([a], [b]) => a.length - b.length || (a < b ? -1 : 1));
  const texts = lines.map(([t, slot]) => (typeof slot === 'string' ? slot : lineOf(t, slot)));
  return `${[JSON.stringify(head), ...texts, ...(unsplit === '' ? [] : [unsplit])].join('\n')}\n`;
}

/** `undefined`: it is none of ours, of another version, or not all of it is there, as after a power cut. */
export function dayIn(name: string, text: string): Day | undefined {
  return text.endsWith('}\n') && !text.includes('\0') ? parse(name, text) : undefined;
}

/**
 * What the first `headBytes` of a file tell without its minutes. `undefined`: they do not reach so far, or it is no day of ours.
 * That nothing is missing behind them is found out by who wants it.
 */
export function dayOfHead(name: string, beginning: string): Day | undefined {
  // A character that is cut is put as one that is no shorter.
  if (Buffer.byteLength(beginning) < headBytes) return dayIn(name, beginning);
  const day = parse(name, beginning.slice(0, beginning.lastIndexOf('\n') + 1));
  if (!day?.unsplit || beginning.lastIndexOf('\0', beginning.indexOf(day.unsplit)) >= 0) return undefined;
  return { ...day, unsplit: '' };
}

function parse(name: string, text: string): Day | undefined {
  const lineFrom = (from: number): string => text.slice(from, text.indexOf('\n', from));
  const first = lineFrom(0);
  const head = jsonIn(first) as
    { v?: unknown; mark?: Partial<LogMark>; minutes?: unknown; pruned?: unknown; open?: object } | null | undefined;
  if (head?.v !== version || typeof head.mark?.bytes !== 'number') return undefined;
  const slots = new Map<string, string>();
  let from = first.length + 1;
  for (let line = lineFrom(from); line !== ''; line = lineFrom(from)) {
    const at = line.slice(start.length, line.indexOf('"', start.length));
    if (!line.startsWith(start)) return undefined;
    if (isOf(at, 'minute')) break;
    slots.set(at, line);
    from += line.length + 1;
  }
  const open = new Map(Object.entries(head.open ?? {}).filter(([, at]) => typeof at === 'number'));
  const unsplit = text.slice(from, -1);
  const marked = { mark: head.mark as LogMark, isBehindPruned: head.pruned === true };
  return { name, ...marked, minutes: head.minutes !== false, open, slots, unsplit };
}
/** What every line begins with, in front of its time. */
const start = '{"t":"';
