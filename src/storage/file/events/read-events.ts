import { dayMs } from '../../../model/basics/limits.ts';
import { DreamosError } from '../../../model/errors.ts';
import type { MailEvent } from '../../../model/event.ts';
import { logOf, topicMatches } from '../../../model/topic.ts';
import type { EventBatch, Scope } from '../../port/journal.ts';
import { prunedBehind } from '../../port/refusals.ts';
import type { FileContext } from '../disk/context.ts';
import { type Days, type LogPlace, type Position, quietLogs } from '../names/cursor.ts';
import { begin, type Place, placeOf, remember, Steps } from './cursors.ts';
import { chunkBytes, loggedDays, newLines, parseLine, wholeLines } from './log-lines.ts';
import { memory } from '../disk/memory.ts';
import { getAgent, mailboxNames } from '../documents/agents.ts';
import { topicNames } from '../documents/topics.ts';
import { dayOf, eventLog } from '../names/slots.ts';

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

/** What one call reads of all logs together, and of each at least: its events take ten times as much memory. */
const batchBytes = 2 * 1024 * 1024;
const leastBytes = 4096;

/**
 * Reads on from a cursor, to the last line end of each log; what is too long for one call stays for the next. Of several
 * mailboxes the events come in the order of their times, and each carries the cursor that continues right behind it.
 */
export async function readEvents(
  ctx: FileContext,
  of: Scope,
  cursor: string,
  among?: ReadonlySet<string>,
): Promise<EventBatch> {
  const warnings: string[] = [];
  const { place, fresh } = await placeOf(ctx, cursor, warnings);
  try {
    const { events, ends, more } = await news(ctx, of, among, place, fresh, warnings);
    events.sort((a, b) => (a.order < b.order ? -1 : Number(a.order > b.order)));
    const steps = new Steps(ctx, place);
    // The cursor last, so that no line brings one of its own.
    const told = events.map(({ event, name, day, at }) => ({ ...event, cursor: steps.to(name, day, at) }));
    for (const { name, day, at } of ends) steps.to(name, day, at);
    await steps.write();
    return { events: told, cursor: place.cursor, more, warnings };
  } finally {
    remember(ctx, place);
  }
}

/** Who was renamed goes on where he was; what a cursor does not know would be told from its first. */
async function followRenamed(
  ctx: FileContext,
  place: Place,
  names: readonly string[],
  warnings: string[],
): Promise<void> {
  const { position } = place;
  const known = keptNames.of(ctx);
  for (const name of names) {
    if (position.has(name) || known.has(name)) continue;
    known.add(name);
    const card = await orWarn(getAgent(ctx, name), name, undefined, warnings);
    for (const former of card?.formerNames?.toReversed() ?? []) {
      known.delete(name);
      const days = position.get(former.name);
      if (!days || names.includes(former.name)) continue;
      position.delete(former.name);
      position.set(name, days);
      // The next cursor says all of it.
      place.file = undefined;
      break;
    }
  }
}

/** Mailboxes that were never called otherwise. */
const keptNames = memory(() => new Set<string>());

interface Step {
  readonly name: string;
  readonly day: string;
  readonly at: LogPlace;
}

interface News {
  readonly events: (Step & { readonly event: MailEvent; readonly order: string })[];
  /** Where a log was read to, when that is behind its last event. */
  readonly ends: readonly Step[];
  readonly more: ReadonlySet<string>;
}

async function news(
  ctx: FileContext,
  of: Scope,
  among: ReadonlySet<string> | undefined,
  place: Place,
  fresh: boolean,
  warnings: string[],
): Promise<News> {
  const read: LogNews[] = [];
  const yesterday = yesterdayOf(ctx);
  const names = among ? [...among] : await namesOf(ctx, of);
  await followRenamed(ctx, place, names, warnings);
  const { position } = place;
  const lastDays = dayBefore([...position.values()].flatMap((days) => [...days.keys()]).reduce(later, ''));
  const gone = new Set<string>();
  // Among all, one in disorder hides no other's events, and its own come once they can be read.
  const asked = areNames(of);
  const share = Math.min(chunkBytes, Math.max(leastBytes, Math.ceil(batchBytes / names.length)));
  for (const name of names) {
    const mailbox = ctx.layout.mailbox(name);
    // One that the cursor does not know is newer than it, or was quiet.
    const days = position.get(name) ?? position.get(quietLogs) ?? new Map<string, LogPlace>();
    const orNone = <T, N>(look: Promise<T>, none: N): Promise<T | N> =>
      asked ? look : orWarn(look, name, none, warnings);
    const since = days.size > 0 ? [...days.keys(), yesterday].reduce(sooner) : '';
    const logged = await orNone(loggedDays(ctx, mailbox, since), undefined);
    if (!logged) continue;
    const log: LogNews = { name, events: [], ends: [], more: false };
    read.push(log);
    for (const [day, { bytes }] of fresh ? days : []) {
      if (bytes === 0 || logged.includes(day)) continue;
      // Where a log had an end before the cursor's last days, nothing came behind that end.
      if (day >= lastDays) gone.add(name);
      log.ends.push({ name, day, at: { bytes: 0 } });
    }
    let order = '';
    let left = share;
    for (const day of logged) {
      // One day after the other: the rest of this one comes first in the next call.
      if ((log.more ||= left <= 0)) break;
      const from = days.get(day) ?? { bytes: 0 };
      let told = from;
      const part = await orNone(newLines(ctx, mailbox, day, from, warnings, fresh, left), undefined);
      if (!part) break;
      for (const { line, at } of part.lines) {
        const event = parseLine(line);
        if (!event) warnings.push(`A line of the event log of ${name} (${day}) cannot be read and is passed over.`);
        // Two writers may log in another order than they looked at the clock; a log's own order stays as it is.
        else if (event.at > order) order = event.at;
        if (event) log.events.push({ event: { ...event, mailbox: name }, order, name, day, at: (told = at) });
      }
      if (part.at.bytes !== told.bytes) log.ends.push({ name, day, at: part.at });
      left -= Math.max(0, part.at.bytes - from.bytes);
      log.more = part.more;
    }
  }
  if (gone.size > 0) warnings.push(prunedBehind([...gone]));
  return inOrder(read);
}

interface LogNews {
  readonly name: string;
  readonly events: News['events'];
  readonly ends: Step[];
  /** There is more in it than was read. */
  more: boolean;
}

/** What all logs have told up to a time; what lies behind it waits for those that have more to tell of before. */
function inOrder(read: readonly LogNews[]): News {
  const lasts = read.flatMap(({ more, events }) => (more ? (events.at(-1)?.order ?? []) : []));
  const until = lasts.length > 0 ? lasts.reduce(sooner) : undefined;
  const events: News['events'] = [];
  const ends: Step[] = [];
  const behind = new Set<string>();
  for (const log of read) {
    const first = until === undefined ? log.events : log.events.filter(({ order }) => order <= until);
    events.push(...first);
    if (first.length === log.events.length) ends.push(...log.ends);
    if (log.more || first.length < log.events.length) behind.add(log.name);
  }
  return { events, ends, more: behind };
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

function yesterdayOf(ctx: FileContext): string {
  return dayOf(ctx.clock.now() - dayMs);
}

function dayBefore(day: string): string {
  return day === '' ? '' : dayOf(Date.parse(day) - dayMs);
}

const sooner = (a: string, b: string): string => (a < b ? a : b);
const later = (a: string, b: string): string => (a > b ? a : b);
