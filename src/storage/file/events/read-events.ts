import { dayMs } from '../../../model/basics/limits.ts';
import { DreamosError } from '../../../model/errors.ts';
import { mailEventSchema, type MailEvent } from '../../../model/event.ts';
import { isLog, logOf, topicMatches } from '../../../model/topic.ts';
import type { EventBatch, Scope } from '../../port/journal.ts';
import type { FileContext } from '../disk/context.ts';
import { formatCursor, parseCursor, type Position, quietTopicLogs } from '../names/cursor.ts';
import { isRealFolder, namesIn } from '../disk/folders.ts';
import { type Mailbox } from '../names/layout.ts';
import { mailboxNames } from '../documents/agents.ts';
import { topicNames } from '../documents/topics.ts';
import { dayOf, eventLog, parseEventLog } from '../names/slots.ts';

/** So much of one log is read in one call, so that catching up on a long log does not fill the memory. */
const chunkBytes = 1024 * 1024;
const newline = 0x0a;

export async function cursorAt(ctx: FileContext, of: Scope, at: 'now' | 'start'): Promise<string> {
  const position: Position = new Map();
  const [yesterday, today] = lastTwoDays(ctx);
  for (const name of await namesOf(ctx, of)) {
    const days = new Map<string, number>();
    const mailbox = ctx.layout.mailbox(name);
    try {
      if (at === 'now' && (await isRealFolder(ctx, mailbox.events))) {
        const later = (await loggedDays(ctx, mailbox)).filter((day) => day > today);
        for (const day of [yesterday, today, ...later]) days.set(day, await wholeLines(ctx, eventLog(mailbox, day)));
      }
    } catch (error) {
      if (areNames(of) || !(error instanceof DreamosError)) throw error;
      // How far it has come cannot be seen: rather today's once more than none.
      days.set(today, 0);
    }
    if (isLog(name) && [...days.values()].every((end) => end === 0)) continue;
    position.set(name, days);
  }
  if (at === 'now' && of !== undefined && ('topics' in of || of.some(isLog)))
    position.set(quietTopicLogs, new Map([[yesterday, 0]]));
  return formatCursor(position);
}

/**
 * Reads on from a cursor, to the last line end of each log; what is too long for one call stays for the next. Of several
 * mailboxes the events come in the order of their times, and each carries the cursor that continues right behind it.
 */
export async function readEvents(ctx: FileContext, of: Scope, cursor: string): Promise<EventBatch> {
  const position = parseCursor(cursor);
  const [yesterday, today] = lastTwoDays(ctx);
  const read: ReadEvent[] = [];
  const warnings: string[] = [];
  // Among all, one in disorder hides no other's events, and its own come once they can be read.
  const asked = areNames(of);
  const ends: { readonly days: Map<string, number>; readonly day: string; readonly end: number }[] = [];
  for (const name of await namesOf(ctx, of)) {
    const mailbox = ctx.layout.mailbox(name);
    // A mailbox that the cursor does not know is newer than it: everything in it is news.
    const days = position.get(name) ?? new Map(isLog(name) ? position.get(quietTopicLogs) : []);
    const [oldest = ''] = [...days.keys()].sort();
    // One that was made while the clock was ahead, and is right again.
    const since = oldest > today ? yesterday : oldest;
    const orNone = <T>(look: Promise<T>, none: T): Promise<T> => (asked ? look : orWarn(look, name, none, warnings));
    const daysWithNews = (await orNone(loggedDays(ctx, mailbox), [])).filter((day) => day >= since);
    if (!isLog(name) || daysWithNews.length > 0) position.set(name, days);
    let order = '';
    for (const day of daysWithNews) {
      const from = days.get(day) ?? 0;
      const part = await orNone(newLines(ctx, mailbox, day, from, warnings), { lines: [], end: from, more: false });
      for (const { line, end } of part.lines) {
        const event = parseLine(line);
        if (!event) warnings.push(`A line of the event log of ${name} (${day}) cannot be read and is passed over.`);
        // Two writers may log in another order than they looked at the clock; a log's own order stays as it is.
        else if (event.at > order) order = event.at;
        if (event) read.push({ event: { ...event, mailbox: name }, order, days, day, end });
      }
      ends.push({ days, day, end: part.end });
      // One day after the other: the rest of this one comes first in the next call.
      if (part.more) break;
    }
  }
  read.sort((a, b) => (a.order < b.order ? -1 : Number(a.order > b.order)));
  const events = read.map(({ event, days, day, end }) => {
    days.set(day, end);
    keepTwo(days, today);
    // Last, so that no line brings a cursor of its own.
    return { ...event, cursor: formatCursor(position) };
  });
  for (const { days, day, end } of ends) days.set(day, end);
  for (const days of position.values()) keepTwo(days, today);
  return { events, cursor: formatCursor(position), warnings };
}

async function orWarn<T>(look: Promise<T>, name: string, none: T, warnings: string[]): Promise<T> {
  try {
    return await look;
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    warnings.push(`The events of ${name} cannot be read: ${error.message}`);
    return none;
  }
}

function areNames(of: Scope): of is readonly string[] {
  return of !== undefined && !('topics' in of);
}

/** The mailboxes and logs that are meant now. */
export async function namesOf(ctx: FileContext, of: Scope): Promise<readonly string[]> {
  if (of === undefined) return mailboxNames(ctx);
  if (!('topics' in of)) return of;
  const meant = (topic: string): boolean => of.topics.some((pattern) => topicMatches(pattern, topic));
  return (await topicNames(ctx)).filter(meant).map(logOf);
}

/** How many whole lines of a log are not an event each: also where one is the end of a line that was cut short. */
export async function brokenLines(ctx: FileContext, mailbox: Mailbox, day: string): Promise<number> {
  let broken = 0;
  for (let from = 0; ;) {
    const warnings: string[] = [];
    const { lines, end, more } = await newLines(ctx, mailbox, day, from, warnings);
    broken += warnings.length + lines.filter(({ line }) => !eventIn(line)).length;
    if (!more || end <= from) return broken;
    from = end;
  }
}

interface ReadEvent {
  readonly event: MailEvent;
  readonly order: string;
  readonly days: Map<string, number>;
  readonly day: string;
  readonly end: number;
}

/** Oldest first. */
async function loggedDays(ctx: FileContext, mailbox: Mailbox): Promise<string[]> {
  const names = await namesIn(ctx, mailbox.events);
  return names
    .map(parseEventLog)
    .filter((day) => day !== undefined)
    .sort();
}

interface EventLogPart {
  readonly lines: readonly { readonly line: string; readonly end: number }[];
  readonly end: number;
  readonly more: boolean;
}

async function newLines(
  ctx: FileContext,
  mailbox: Mailbox,
  day: string,
  from: number,
  warnings: string[],
): Promise<EventLogPart> {
  const path = eventLog(mailbox, day);
  const size = (await ctx.disk.stat(path))?.size ?? 0;
  let offset = from;
  if (size === offset) return { lines: [], end: offset, more: false };
  if (offset > size || !(await isLineStart(ctx, path, offset))) {
    warnings.push(
      `The cursor does not fit the event log of ${mailbox.name} for ${day}; reading that day from its start.`,
    );
    offset = 0;
  }
  const length = Math.min(size - offset, chunkBytes);
  const file = await ctx.disk.read(path, { range: { offset, length }, maxBytes: chunkBytes });
  if (!file.ok) return { lines: [], end: offset, more: false };
  const lines: { line: string; end: number }[] = [];
  if (length === chunkBytes && !file.bytes.includes(newline)) {
    const end = await nextLine(ctx, path, offset + length, size);
    if (end === undefined) return { lines: [], end: offset, more: false };
    warnings.push(
      `A line of the event log of ${mailbox.name} (${day}) is too long to be one of ours and is passed over.`,
    );
    return { lines: [], end, more: end < size };
  }
  let start = 0;
  for (let end = file.bytes.indexOf(newline); end >= 0; end = file.bytes.indexOf(newline, start)) {
    if (end > start) lines.push({ line: file.bytes.toString('utf8', start, end), end: offset + end + 1 });
    start = end + 1;
  }
  return { lines, end: offset + start, more: offset + length < size };
}

/** Behind the line that goes on at `from`; `undefined`: it has no end yet. */
async function nextLine(ctx: FileContext, path: string, from: number, size: number): Promise<number | undefined> {
  for (let offset = from; offset < size; offset += chunkBytes) {
    const range = { offset, length: Math.min(size - offset, chunkBytes) };
    const file = await ctx.disk.read(path, { range, maxBytes: chunkBytes });
    const at = file.ok ? file.bytes.indexOf(newline) : -1;
    if (at >= 0) return offset + at + 1;
  }
  return undefined;
}

async function isLineStart(ctx: FileContext, path: string, offset: number): Promise<boolean> {
  if (offset === 0) return true;
  const before = await ctx.disk.read(path, { range: { offset: offset - 1, length: 1 }, maxBytes: 1 });
  return before.ok && before.bytes[0] === newline;
}

/** A line, or the whole event at the end of a line whose beginning was cut short by a full disk. */
export function parseLine(line: string): MailEvent | undefined {
  return eventIn(line) ?? eventIn(line.slice(Math.max(0, line.lastIndexOf('{"at":'))));
}

function eventIn(text: string): MailEvent | undefined {
  try {
    const parsed = mailEventSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    // The caller warns.
    return undefined;
  }
}

async function wholeLines(ctx: FileContext, path: string): Promise<number> {
  const size = (await ctx.disk.stat(path))?.size ?? 0;
  if (await isLineStart(ctx, path, size)) return size;
  // Somebody is in the middle of a write: begin in front of that line.
  const length = Math.min(size, chunkBytes);
  const tail = await ctx.disk.read(path, { range: { offset: size - length, length }, maxBytes: chunkBytes });
  return tail.ok ? size - length + tail.bytes.lastIndexOf(newline) + 1 : size;
}

function lastTwoDays(ctx: FileContext): [yesterday: string, today: string] {
  const now = ctx.clock.now();
  return [dayOf(now - dayMs), dayOf(now)];
}

/** And every day that is still to come: its log is of a clock that was ahead, and must not push today's out. */
function keepTwo(days: Map<string, number>, today: string): void {
  const come = [...days.keys()].filter((day) => day <= today);
  for (const day of come.sort().slice(0, -2)) days.delete(day);
}
