/**
 * The numbers of one day's event log, a line a minute with mail: a pure function of the log's lines, so who has counted a part
 * of them goes on behind it. The first line says how far that is.
 */
import {
  countEvent,
  emptyTally,
  mergeTally,
  mostNames,
  type OpenClaims,
  type Tally,
  tallyIn,
  tallyText,
} from '../../model/metrics/tally.ts';
import type { LogMark, LogPart } from '../../storage/port/journal.ts';

export interface Day {
  /** So much of its log is counted. */
  mark: LogMark;
  /** A line an hour. */
  hours: boolean;
  readonly total: Tally;
  readonly open: OpenClaims;
  /** By the beginning of the minute (`2026-11-20T10:31`) or hour (`2026-11-20T10`); a line stays a text until it is wanted. */
  slots: Map<string, Tally | string>;
}

const version = 1;
const ofMinute = 'YYYY-MM-DDTHH:MM'.length;
const ofHour = 'YYYY-MM-DDTHH'.length;

export function emptyDay(): Day {
  return { mark: { bytes: 0 }, hours: false, total: emptyTally(), open: new Map(), slots: new Map() };
}

/** Its log is another one, or was cut short: it is counted anew. */
export function countAnew(day: Day): void {
  Object.assign(day, emptyDay(), { hours: day.hours });
}

export function countPart(day: Day, { events, broken, mark }: LogPart): void {
  const width = day.hours ? ofHour : ofMinute;
  const news = new Map<string, Tally>();
  let [slot, tally]: [string, Tally | undefined] = ['', undefined];
  for (const event of events) {
    if (!tally || !event.at.startsWith(slot)) {
      slot = event.at.slice(0, width);
      tally = news.get(slot) ?? emptyTally();
      news.set(slot, tally);
    }
    countEvent(tally, event, day.open);
  }
  for (const [at, counted] of news) {
    const known = tallyAt(day, at);
    if (known) mergeTally(known, counted, mostNames);
    else day.slots.set(at, counted);
    mergeTally(day.total, counted);
  }
  day.total.broken += broken;
  day.mark = mark;
}

export function tallyAt({ slots }: Day, at: string): Tally | undefined {
  const slot = slots.get(at);
  if (typeof slot !== 'string') return slot;
  const tally = tallyIn(jsonIn(slot));
  slots.set(at, tally);
  return tally;
}

export function toHours(day: Day): void {
  const hours = new Map<string, Tally>();
  for (const at of [...day.slots.keys()].sort()) {
    const tally = tallyAt(day, at);
    const hour = at.slice(0, ofHour);
    const known = hours.get(hour) ?? emptyTally();
    hours.set(hour, known);
    if (tally) mergeTally(known, tally);
  }
  day.slots = hours;
  day.hours = true;
}

export function dayText(day: Day): string {
  const { mark, hours, open } = day;
  const head = { v: version, mark, ...(hours && { hours }), ...(open.size > 0 && { open: Object.fromEntries(open) }) };
  const lines = [...day.slots].sort(([a], [b]) => (a < b ? -1 : 1));
  const texts = lines.map(([t, slot]) => (typeof slot === 'string' ? slot : tallyText(slot, { t })));
  return `${[JSON.stringify(head), tallyText(day.total), ...texts].join('\n')}\n`;
}

/** `undefined`: it is none of ours, of another version, or not all of it is there, as after a power cut. */
export function dayIn(text: string): Day | undefined {
  if (!text.endsWith('}\n') || text.includes('\0')) return undefined;
  const [first = '', second = '', ...lines] = text.slice(0, -1).split('\n');
  const head = jsonIn(first) as { v?: unknown; mark?: Partial<LogMark>; hours?: unknown; open?: object } | undefined;
  const total = jsonIn(second);
  if (head?.v !== version || typeof head.mark?.bytes !== 'number' || total === undefined) return undefined;
  const slots = new Map<string, string>();
  for (const line of lines) {
    const [, at] = /^\{"t":"(\d{4}-\d\d-\d\dT\d\d(?::\d\d)?)".*\}$/.exec(line) ?? [];
    if (at === undefined) return undefined;
    slots.set(at, line);
  }
  const open = new Map(Object.entries(head.open ?? {}).filter(([, at]) => typeof at === 'number'));
  return { mark: head.mark as LogMark, hours: head.hours === true, total: tallyIn(total), open, slots };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
