import { dayMs } from '../../../model/basics/limits.ts';
import { DreamosError } from '../../../model/errors.ts';
import { mailEventSchema, type MailEvent } from '../../../model/event.ts';
import { logOf, topicMatches } from '../../../model/topic.ts';
import type { EventBatch, Scope } from '../../port/journal.ts';
import { prunedBehind } from '../../port/refusals.ts';
import type { FileContext } from '../disk/context.ts';
import { type Days, type LogPlace, type Position, quietLogs } from '../names/cursor.ts';
import { begin, placeOf, remember, Steps } from './cursors.ts';
import { namesIn } from '../disk/folders.ts';
import { type Mailbox } from '../names/layout.ts';
import { mailboxNames } from '../documents/agents.ts';
import { topicNames } from '../documents/topics.ts';
import { dayOf, eventLog, parseEventLog } from '../names/slots.ts';

/** So much of one log is read in one call, so that catching up on a long log does not fill the memory. */
const chunkBytes = 1024 * 1024;
const newline = 0x0a;

export async function cursorAt(ctx: FileContext, of: Scope, at: 'now' | 'start'): Promise<string> {
  const position: Position = new Map();
  if (at === 'now') {
    const yesterday = yesterdayOf(ctx);
    position.set(quietLogs, new Map([[yesterday, { bytes: 0 }]]));
    for (const name of await namesOf(ctx, of)) {
      const mailbox = ctx.layout.mailbox(name);
      const days: Days = new Map();
      try {
        for (const day of await loggedDays(ctx, mailbox, yesterday)) {
          const place = await wholeLines(ctx, eventLog(mailbox, day));
          if (place.bytes > 0) days.set(day, place);
        }
      } catch (error) {
        if (areNames(of) || !(error instanceof DreamosError)) throw error;
        // How far it has come cannot be seen: rather today's once more than none.
      }
      if (days.size > 0) position.set(name, days);
    }
  }
  return begin(ctx, position);
}

/**
 * Reads on from a cursor, to the last line end of each log; what is too long for one call stays for the next. Of several
 * mailboxes the events come in the order of their times, and each carries the cursor that continues right behind it.
 */
export async function readEvents(ctx: FileContext, of: Scope, cursor: string): Promise<EventBatch> {
  const warnings: string[] = [];
  const { place, fresh } = await placeOf(ctx, cursor, warnings);
  try {
    const { events, ends } = await news(ctx, of, place.position, fresh, warnings);
    events.sort((a, b) => (a.order < b.order ? -1 : Number(a.order > b.order)));
    const steps = new Steps(ctx, place);
    // The cursor last, so that no line brings one of its own.
    const told = events.map(({ event, name, day, at }) => ({ ...event, cursor: steps.to(name, day, at) }));
    for (const { name, day, at } of ends) steps.to(name, day, at);
    await steps.write();
    return { events: told, cursor: place.cursor, warnings };
  } finally {
    remember(ctx, place);
  }
}

interface Step {
  readonly name: string;
  readonly day: string;
  readonly at: LogPlace;
}

interface News {
  readonly events: (Step & { readonly event: MailEvent; readonly order: string })[];
  /** Where a log was read to, when that is behind its last event. */
  readonly ends: readonly Step[];
}

async function news(
  ctx: FileContext,
  of: Scope,
  position: Position,
  fresh: boolean,
  warnings: string[],
): Promise<News> {
  const events: News['events'] = [];
  const ends: Step[] = [];
  const yesterday = yesterdayOf(ctx);
  const lastDays = dayBefore([...position.values()].flatMap((days) => [...days.keys()]).reduce(later, ''));
  const gone = new Set<string>();
  // Among all, one in disorder hides no other's events, and its own come once they can be read.
  const asked = areNames(of);
  for (const name of await namesOf(ctx, of)) {
    const mailbox = ctx.layout.mailbox(name);
    // One that the cursor does not know is newer than it, or was quiet.
    const days = position.get(name) ?? position.get(quietLogs) ?? new Map<string, LogPlace>();
    const orNone = <T, N>(look: Promise<T>, none: N): Promise<T | N> =>
      asked ? look : orWarn(look, name, none, warnings);
    const since = days.size > 0 ? [...days.keys(), yesterday].reduce(sooner) : '';
    const logged = await orNone(loggedDays(ctx, mailbox, since), undefined);
    if (!logged) continue;
    for (const [day, { bytes }] of fresh ? days : []) {
      if (bytes === 0 || logged.includes(day)) continue;
      // Where a log had an end before the cursor's last days, nothing came behind that end.
      if (day >= lastDays) gone.add(name);
      ends.push({ name, day, at: { bytes: 0 } });
    }
    let order = '';
    for (const day of logged) {
      const from = days.get(day) ?? { bytes: 0 };
      let told = from;
      const part = await orNone(newLines(ctx, mailbox, day, from, warnings, fresh), undefined);
      if (!part) break;
      for (const { line, at } of part.lines) {
        const event = parseLine(line);
        if (!event) warnings.push(`A line of the event log of ${name} (${day}) cannot be read and is passed over.`);
        // Two writers may log in another order than they looked at the clock; a log's own order stays as it is.
        else if (event.at > order) order = event.at;
        if (event) events.push({ event: { ...event, mailbox: name }, order, name, day, at: (told = at) });
      }
      if (part.at.bytes !== told.bytes) ends.push({ name, day, at: part.at });
      // One day after the other: the rest of this one comes first in the next call.
      if (part.more) break;
    }
  }
  if (gone.size > 0) warnings.push(prunedBehind([...gone]));
  return { events, ends };
}

async function orWarn<T, N>(look: Promise<T>, name: string, none: N, warnings: string[]): Promise<T | N> {
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

/** The ids of which the events of a log tell. */
export async function* idsIn(ctx: FileContext, mailbox: Mailbox, day: string): AsyncGenerator<string, void, void> {
  for await (const { lines } of partsOf(ctx, mailbox, day)) {
    for (const { line } of lines) {
      const event = parseLine(line);
      if (event) yield event.id;
    }
  }
}

/** How many whole lines of a log are not an event each: also where one is the end of a line that was cut short. */
export async function brokenLines(ctx: FileContext, mailbox: Mailbox, day: string): Promise<number> {
  let broken = 0;
  for await (const { lines, tooLong } of partsOf(ctx, mailbox, day)) {
    broken += tooLong + lines.filter(({ line }) => !eventIn(line)).length;
  }
  return broken;
}

/** A whole log, so much of it at a time as is read in one call. */
async function* partsOf(
  ctx: FileContext,
  mailbox: Mailbox,
  day: string,
): AsyncGenerator<Pick<EventLogPart, 'lines'> & { readonly tooLong: number }, void, void> {
  for (let from: LogPlace = { bytes: 0 }; ;) {
    const warnings: string[] = [];
    const { lines, at, more } = await newLines(ctx, mailbox, day, from, warnings, false);
    yield { lines, tooLong: warnings.length };
    if (!more || at.bytes <= from.bytes) return;
    from = at;
  }
}

/** The days that have a log, from one on, oldest first. */
export async function loggedDays(ctx: FileContext, mailbox: Mailbox, from = ''): Promise<string[]> {
  const days = (await namesIn(ctx, mailbox.events)).map(parseEventLog).filter((day) => day !== undefined);
  return days.filter((day) => day >= from).sort();
}

interface EventLogPart {
  readonly lines: readonly { readonly line: string; readonly at: LogPlace }[];
  readonly at: LogPlace;
  readonly more: boolean;
}

/** @param fresh the place was not found by this process: a power cut may have shortened the log, and others gone on with it */
async function newLines(
  ctx: FileContext,
  mailbox: Mailbox,
  day: string,
  from: LogPlace,
  warnings: string[],
  fresh: boolean,
): Promise<EventLogPart> {
  const path = eventLog(mailbox, day);
  const size = (await ctx.disk.stat(path))?.size ?? 0;
  if (size === from.bytes && !(fresh && from.check !== undefined)) return { lines: [], at: from, more: false };
  let at = from;
  if (!(await fits(ctx, path, from, size))) {
    warnings.push(
      `The cursor does not fit the event log of ${mailbox.name} for ${day}; reading that day from its start.`,
    );
    at = { bytes: 0 };
  }
  const offset = at.bytes;
  const length = Math.min(size - offset, chunkBytes);
  const file = await ctx.disk.read(path, { range: { offset, length }, maxBytes: chunkBytes });
  if (!file.ok) return { lines: [], at, more: false };
  const { bytes } = file;
  if (length === chunkBytes && !bytes.includes(newline)) {
    const end = await nextLine(ctx, path, offset + length, size);
    if (end === undefined) return { lines: [], at, more: false };
    warnings.push(
      `A line of the event log of ${mailbox.name} (${day}) is too long to be one of ours and is passed over.`,
    );
    return { lines: [], at: { bytes: end }, more: end < size };
  }
  const lines: { line: string; at: LogPlace }[] = [];
  let start = 0;
  for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
    at = { bytes: offset + end + 1, check: checkOf(bytes, start, end) };
    if (end > start) lines.push({ line: bytes.toString('utf8', start, end), at });
    start = end + 1;
  }
  return { lines, at, more: offset + length < size };
}

/** Whether a place is behind a line, and behind the line that it was behind. */
async function fits(ctx: FileContext, path: string, { bytes, check }: LogPlace, size: number): Promise<boolean> {
  if (bytes === 0 || bytes > size) return bytes === 0;
  const before = await lastLine(ctx, path, bytes);
  return before !== undefined && (check === undefined || check === before);
}

/** A longer line is told from others by its end. */
const checkedBytes = 1024;

/** The check of the line that ends at `end`; `undefined`: none does. */
async function lastLine(ctx: FileContext, path: string, end: number): Promise<string | undefined> {
  const length = Math.min(end, checkedBytes + 2);
  const file = await ctx.disk.read(path, { range: { offset: end - length, length }, maxBytes: length });
  if (!file.ok || file.bytes[length - 1] !== newline) return undefined;
  const start = length < 2 ? 0 : file.bytes.lastIndexOf(newline, length - 2) + 1;
  return checkOf(file.bytes, start, length - 1);
}

/** FNV-1a of a line without its end, in a few characters. */
function checkOf(bytes: Buffer, start: number, end: number): string {
  let hash = 0x811c9dc5;
  for (let i = Math.max(start, end - checkedBytes); i < end; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  return (hash >>> 0).toString(36);
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

async function wholeLines(ctx: FileContext, path: string): Promise<LogPlace> {
  const size = (await ctx.disk.stat(path))?.size ?? 0;
  if (size === 0) return { bytes: 0 };
  const check = await lastLine(ctx, path, size);
  if (check !== undefined) return { bytes: size, check };
  // Somebody is in the middle of a write: begin in front of that line.
  const length = Math.min(size, chunkBytes);
  const tail = await ctx.disk.read(path, { range: { offset: size - length, length }, maxBytes: chunkBytes });
  const end = tail.ok ? tail.bytes.lastIndexOf(newline) : length - 1;
  if (!tail.ok || end < 0) return { bytes: size - length };
  return {
    bytes: size - length + end + 1,
    check: checkOf(tail.bytes, tail.bytes.lastIndexOf(newline, end - 1) + 1, end),
  };
}

function yesterdayOf(ctx: FileContext): string {
  return dayOf(ctx.clock.now() - dayMs);
}

function dayBefore(day: string): string {
  return day === '' ? '' : dayOf(Date.parse(day) - dayMs);
}

const sooner = (a: string, b: string): string => (a < b ? a : b);
const later = (a: string, b: string): string => (a > b ? a : b);
