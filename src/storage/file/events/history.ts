import { dayMs } from '../../../model/basics/limits.ts';
import { DreamosError } from '../../../model/errors.ts';
import type { MailEvent } from '../../../model/event.ts';
import { isoTime } from '../../../model/clock.ts';
import { idTime } from '../../../model/id.ts';
import type { FileContext } from '../disk/context.ts';
import { mailboxNames } from '../documents/agents.ts';
import { everyName } from '../documents/topics.ts';
import { type Mailbox } from '../names/layout.ts';
import { loggedDays, parseLine } from './log-lines.ts';
import { dayOf, eventLog } from '../names/slots.ts';

const chunkBytes = 4 * 1024 * 1024;
const newline = 0x0a;

/** What event logs know of a message and of the arrival of its answers, by time; a log's own order stays as it is. */
export async function history(ctx: FileContext, id: string, only?: string): Promise<MailEvent[]> {
  const since = dayBefore(ctx, idTime(id));
  const events: { readonly event: MailEvent; readonly order: string }[] = [];
  for (const name of only === undefined ? await everyName(ctx) : [only]) {
    const mailbox = ctx.layout.mailbox(name);
    let order = '';
    try {
      for (const day of await loggedDays(ctx, mailbox, since)) {
        for await (const event of eventsAbout(ctx, mailbox, day, id)) {
          if (event.at > order) order = event.at;
          if (event.id === id || event.replyTo === id) events.push({ event: { ...event, mailbox: name }, order });
        }
      }
    } catch (error) {
      if (only !== undefined || !(error instanceof DreamosError)) throw error;
      ctx.warn(`Not all events of ${name} can be read: ${error.message}`);
    }
  }
  return events.sort((a, b) => (a.order < b.order ? -1 : Number(a.order > b.order))).map(({ event }) => event);
}

/** Nothing happened to it before it was made. A day of slack, because clocks step; an id from the future says nothing. */
function dayBefore(ctx: FileContext, madeAt: number): string {
  return madeAt > ctx.clock.now() ? '' : dayOf(madeAt - dayMs);
}

/** The events of one log that name an id somewhere. @param lastBytes only of the log's end; how much */
export async function* eventsAbout(
  ctx: FileContext,
  mailbox: Mailbox,
  day: string,
  id: string,
  lastBytes = Infinity,
): AsyncGenerator<MailEvent, void, void> {
  const path = eventLog(mailbox, day);
  const size = (await ctx.disk.stat(path))?.size ?? 0;
  for (let offset = Math.max(0, size - lastBytes); offset < size;) {
    const length = Math.min(size - offset, chunkBytes);
    const file = await ctx.disk.read(path, { range: { offset, length }, maxBytes: chunkBytes });
    if (!file.ok) return;
    const { bytes } = file;
    // To its last line end; a line that fills a whole chunk is none of ours.
    const end = bytes.lastIndexOf(newline) + 1 || length;
    for (let at = bytes.indexOf(id); at >= 0 && at < end;) {
      const stop = bytes.indexOf(newline, at);
      if (stop < 0) break;
      const event = parseLine(bytes.toString('utf8', bytes.lastIndexOf(newline, at) + 1, stop));
      if (event) yield event;
      at = bytes.indexOf(id, stop);
    }
    offset += end;
  }
}

// As logEvents writes it; in a text the quotes would be escaped.
const claimed = Buffer.from('"event":"claimed"');

/** From the end of the log on, where most claims that still hold are. */
export async function claims(
  ctx: FileContext,
  name: string,
  attempts: ReadonlyMap<string, number>,
): Promise<Map<string, MailEvent>> {
  const found = new Map<string, MailEvent>();
  const mailbox = ctx.layout.mailbox(name);
  const oldest = [...attempts.keys()].reduce((least, id) => Math.min(least, idTime(id)), Infinity);
  const days = attempts.size === 0 ? [] : await loggedDays(ctx, mailbox, dayBefore(ctx, oldest));
  for (const day of days.reverse()) {
    for await (const line of linesFromEnd(ctx, eventLog(mailbox, day), claimed)) {
      const event = parseLine(line);
      if (event?.event !== 'claimed' || event.attempt === undefined || found.has(event.id)) continue;
      if (attempts.get(event.id) === event.attempt) found.set(event.id, { ...event, mailbox: name });
      if (found.size === attempts.size) return found;
    }
  }
  return found;
}

// As logEvents writes every event.
const anyEvent = Buffer.from('"event":"');
/** Of a log of which only the end is wanted: some hundred events. */
const endBytes = 64 * 1024;

/** The last day's first, of each log; then in the order of their times. */
export async function recent(ctx: FileContext, since: number, least: number): Promise<MailEvent[]> {
  const from = isoTime(since);
  const events: MailEvent[] = [];
  for (const name of await mailboxNames(ctx)) {
    const mailbox = ctx.layout.mailbox(name);
    const own: MailEvent[] = [];
    try {
      days: for (const day of (await loggedDays(ctx, mailbox)).reverse()) {
        if (own.length >= least && day < from.slice(0, day.length)) break;
        for await (const line of linesFromEnd(ctx, eventLog(mailbox, day), anyEvent, endBytes)) {
          const event = parseLine(line);
          if (!event) continue;
          if (own.length >= least && event.at < from) break days;
          own.push({ ...event, mailbox: name });
        }
      }
    } catch (error) {
      if (!(error instanceof DreamosError)) throw error;
      ctx.warn(`Not all events of ${name} can be read: ${error.message}`);
    }
    events.push(...own.reverse());
  }
  return events.sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)));
}

/** As late as a process that was paused between the time of an event and its line: such a one hides none before it. */
const lateMs = 60_000;
/** So much of a day's log is looked through. */
const mostTallied = chunkBytes;

export async function tally(ctx: FileContext, name: string, since: number): Promise<Map<string, number>> {
  const counted = new Map<string, number>();
  const mailbox = ctx.layout.mailbox(name);
  const first = isoTime(since);
  const end = isoTime(since - lateMs);
  for (const day of await loggedDays(ctx, mailbox, dayOf(since))) {
    for await (const line of linesFromEnd(ctx, eventLog(mailbox, day), anyEvent, chunkBytes, mostTallied)) {
      const event = parseLine(line);
      if (event && event.at < end) break;
      if (event && event.at >= first) counted.set(event.event, (counted.get(event.event) ?? 0) + 1);
    }
  }
  return counted;
}

/**
 * The last first: those with these bytes in them.
 * @param most read at once; a line that is longer is passed over @param lastBytes of its end alone
 */
async function* linesFromEnd(
  ctx: FileContext,
  path: string,
  having: Buffer,
  most = chunkBytes,
  lastBytes = Infinity,
): AsyncGenerator<string, void, void> {
  const size = (await ctx.disk.stat(path))?.size ?? 0;
  for (let end = size; end > Math.max(0, size - lastBytes);) {
    const offset = Math.max(0, end - most);
    const file = await ctx.disk.read(path, { range: { offset, length: end - offset }, maxBytes: most });
    if (!file.ok) return;
    const { bytes } = file;
    // Its first line may have begun in front of it; one that fills a whole chunk is none of ours.
    const start = offset === 0 ? 0 : bytes.indexOf(newline) + 1;
    for (let at = bytes.lastIndexOf(having); at >= start;) {
      const first = bytes.lastIndexOf(newline, at) + 1;
      const stop = bytes.indexOf(newline, at);
      if (stop >= 0) yield bytes.toString('utf8', first, stop);
      if (first === 0) break;
      at = bytes.lastIndexOf(having, first - 1);
    }
    end = offset === 0 || start === 0 || start >= bytes.length ? offset : offset + start;
  }
}
