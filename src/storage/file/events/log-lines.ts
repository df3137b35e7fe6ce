/** Reading an event log: its days, its lines, and whether a place in it is still the place that was meant. */
import { dayMs, mostLevels } from '../../../model/basics/limits.ts';
import { isTextDeeperThan } from '../../../model/basics/raw-json.ts';
import { mailEventSchema, type MailEvent } from '../../../model/event.ts';
import type { FileContext } from '../disk/context.ts';
import { namesIn } from '../disk/folders.ts';
import type { LogPlace } from '../names/cursor.ts';
import { type Mailbox } from '../names/layout.ts';
import { dayOf, eventLog, parseEventLog, parsePrunedMark } from '../names/slots.ts';

/** So much of one log is read in one call at most, so that catching up on a long log does not fill the memory. */
export const chunkBytes = 1024 * 1024;
const newline = 0x0a;

/** The events of a log. */
export async function* eventsIn(
  ctx: FileContext,
  mailbox: Mailbox,
  day: string,
): AsyncGenerator<MailEvent, void, void> {
  for await (const { lines } of partsOf(ctx, mailbox, day)) {
    for (const { line } of lines) {
      const event = parseLine(line);
      if (event) yield event;
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

/** The last day whose event log was pruned; `''`: none, or nobody knows. */
export async function prunedThrough(ctx: FileContext, mailbox: Mailbox, ahead?: true): Promise<string> {
  const marks = (await namesIn(ctx, mailbox.events)).map(parsePrunedMark).filter((day) => day !== undefined);
  // Pruning leaves the last two days alone: a later mark is of a clock that was ahead.
  const yesterday = dayOf(ctx.clock.now() - dayMs);
  const known = ahead ? marks : marks.filter((day) => day < yesterday);
  return known.sort().at(-1) ?? '';
}

interface EventLogPart {
  readonly lines: readonly { readonly line: string; readonly at: LogPlace }[];
  readonly at: LogPlace;
  readonly more: boolean;
}

/**
 * @param fresh the place was not found by this process: a power cut may have shortened the log, and others gone on with it
 * @param most so many bytes are read, and one line at least
 */
export async function newLines(
  ctx: FileContext,
  mailbox: Mailbox,
  day: string,
  from: LogPlace,
  warnings: string[],
  fresh: boolean,
  most = chunkBytes,
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
  const length = Math.min(size - offset, most);
  const file = await ctx.disk.read(path, { range: { offset, length }, maxBytes: most });
  if (!file.ok) return { lines: [], at, more: false };
  const { bytes } = file;
  if (length === most && most < chunkBytes && !bytes.includes(newline))
    return newLines(ctx, mailbox, day, from, warnings, fresh);
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
export async function fits(ctx: FileContext, path: string, { bytes, check }: LogPlace, size: number): Promise<boolean> {
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
export function checkOf(bytes: Buffer, start: number, end: number): string {
  let hash = 0x811c9dc5;
  for (let i = Math.max(start, end - checkedBytes); i < end; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  return (hash >>> 0).toString(36);
}

/** Behind the line that goes on at `from`; `undefined`: it has no end yet. */
export async function nextLine(
  ctx: FileContext,
  path: string,
  from: number,
  size: number,
): Promise<number | undefined> {
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
    const json: unknown = JSON.parse(text);
    // Who prints an event, or writes it down in a reason, does so by JSON.stringify, which ends in its own recursion.
    if (isTextDeeperThan(mostLevels, text, json)) return undefined;
    const parsed = mailEventSchema.safeParse(json);
    return parsed.success ? parsed.data : undefined;
  } catch {
    // The caller warns.
    return undefined;
  }
}

export async function wholeLines(ctx: FileContext, path: string): Promise<LogPlace> {
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
