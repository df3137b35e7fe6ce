/**
 * The numbers of one day's event log: a line for all of it, for each hour and for each minute. They depend on the log's lines
 * alone, so who has counted some of them goes on behind these. The first line says how far that is.
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
  /** `2026-11-20`, UTC: of the log. */
  readonly name: string;
  /** So much of its log is counted. */
  mark: LogMark;
  /** Whether there is a line of each minute. */
  minutes: boolean;
  readonly open: OpenClaims;
  /**
   * By the beginning of a minute (`2026-11-20T10:31`), of an hour (`2026-11-20T10`), and by the name for the whole log; only
   * those with mail. A line stays a text until it is wanted.
   */
  readonly slots: Map<string, Tally | string>;
}

export type Grain = 'minute' | 'hour' | 'day';

const version = 1;
const widths: Readonly<Record<Grain, number>> = {
  minute: 'YYYY-MM-DDTHH:MM'.length,
  hour: 'YYYY-MM-DDTHH'.length,
  day: 'YYYY-MM-DD'.length,
};

export function emptyDay(name: string): Day {
  return { name, mark: { bytes: 0 }, minutes: true, open: new Map(), slots: new Map() };
}

/** Its log is another one, or was cut short: it is counted anew. */
export function countAnew(day: Day): void {
  day.open.clear();
  day.slots.clear();
}

export function countPart(day: Day, { events, broken, mark }: LogPart): void {
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
    day.slots.set(minute, tallyText(known ?? counted, { t: minute }));
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

export function isOf(at: string, grain: Grain): boolean {
  return at.length === widths[grain];
}

export function dropMinutes(day: Day): void {
  day.minutes = false;
  for (const at of day.slots.keys()) if (isOf(at, 'minute')) day.slots.delete(at);
}

export function dayText(day: Day): string {
  const { mark, minutes, open } = day;
  const head = { v: version, mark, minutes, ...(open.size > 0 && { open: Object.fromEntries(open) }) };
  const lines = [...day.slots].sort(([a], [b]) => (a < b ? -1 : 1));
  const texts = lines.map(([t, slot]) => (typeof slot === 'string' ? slot : tallyText(slot, { t })));
  return `${[JSON.stringify(head), ...texts].join('\n')}\n`;
}

/** `undefined`: it is none of ours, of another version, or not all of it is there, as after a power cut. */
export function dayIn(name: string, text: string): Day | undefined {
  if (!text.endsWith('}\n') || text.includes('\0')) return undefined;
  const [first = '', ...lines] = text.slice(0, -1).split('\n');
  const head = jsonIn(first) as
    { v?: unknown; mark?: Partial<LogMark>; minutes?: unknown; open?: object } | null | undefined;
  if (head?.v !== version || typeof head.mark?.bytes !== 'number') return undefined;
  const slots = new Map<string, string>();
  for (const line of lines) {
    const at = line.slice(start.length, line.indexOf('"', start.length));
    if (!line.startsWith(`${start}${name.slice(0, 2)}`) || !line.endsWith('}')) return undefined;
    slots.set(at, line);
  }
  const open = new Map(Object.entries(head.open ?? {}).filter(([, at]) => typeof at === 'number'));
  return { name, mark: head.mark as LogMark, minutes: head.minutes !== false, open, slots };
}
/** What every line begins with, in front of its time. */
const start = '{"t":"';

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
