/** What event logs say of the time of a backup. */
import type { FileContext } from '../disk/context.ts';
import { dayMs } from '../../../model/basics/limits.ts';
import type { MailEvent } from '../../../model/event.ts';
import { isId } from '../../../model/id.ts';
import { loggedDays, parseLine, wholeLines } from '../events/log-lines.ts';
import { mailboxNames } from '../documents/agents.ts';
import { everyName } from '../documents/topics.ts';
import { dayOf, eventLog } from '../names/slots.ts';
import type { OpenFile } from '../disk/disk.ts';
import type { Collection } from './collection.ts';
import { partsOf, type Source } from './source.ts';

const newline = 0x0a;
/** After these it is rightly nowhere. */
const endings = new Set<string>(['purged', 'corrupt']);

/** The first day whose log may tell of the time since: a clock that is set back meanwhile is so by less than a day. */
export function firstDayOf(begunAt: number): string {
  return dayOf(begunAt - dayMs);
}

/**
 * How long each log is that may tell of the time since. By where a line stands, and not by the time that it names, because a
 * clock may be set.
 */
export async function logged(ctx: FileContext, begunAt: number): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  for (const name of await everyName(ctx)) {
    const mailbox = ctx.layout.mailbox(name);
    for (const day of await loggedDays(ctx, mailbox, firstDayOf(begunAt))) {
      const path = eventLog(mailbox, day);
      sizes.set(path, (await wholeLines(ctx, path)).bytes);
    }
  }
  return sizes;
}

/** What was told last of a message that was not met in a mailbox. */
type Last = 'there' | 'ended' | { readonly to: string };

/** What has been met by now, as far as event logs are asked about the rest. */
export type Meeting = Pick<Collection, 'begunAt' | 'logged' | 'isUnmet' | 'belongs' | 'isOlder'>;

/** The messages to which something has happened since the beginning, that belong into the backup, and are not in it. */
export async function idsToldOf(ctx: FileContext, collection: Meeting): Promise<string[]> {
  const unmet = new Map<string, ReadonlyMap<string, Last>>();
  for (const name of await mailboxNames(ctx)) {
    const mailbox = ctx.layout.mailbox(name);
    const logs = (await loggedDays(ctx, mailbox, firstDayOf(collection.begunAt))).map((day) => eventLog(mailbox, day));
    const here = new Map<string, Last>();
    for (const path of logs) {
      for await (const event of eventsOf(ctx, path, { from: collection.logged.get(path) ?? 0 }))
        if (collection.isUnmet(name, event.id)) here.set(event.id, lastOf(event));
    }
    unmet.set(name, here);
    const young = new Set([...here.keys()].filter((id) => !collection.belongs(id)));
    if (young.size > 0) await findOlder(ctx, collection, logs, young);
  }
  return [...unmet.values()].flatMap((here) =>
    [...here].flatMap(([id, last]) => (collection.belongs(id) && isMissed(id, last) ? [id] : [])),
  );

  /** Handed over, it was met where it went, or where it went from there: it may have gone round before every look. */
  function isMissed(id: string, last: Last | undefined, been: readonly string[] = []): boolean {
    if (last === undefined || typeof last === 'string') return last !== 'ended';
    const { to } = last;
    return been.includes(to) || (collection.isUnmet(to, id) && isMissed(id, unmet.get(to)?.get(id), [...been, to]));
  }
}

function lastOf({ event, to }: MailEvent): Last {
  if (event === 'handed_over' && to !== undefined) return { to };
  return endings.has(event) ? 'ended' : 'there';
}

/** The clock may have been ahead when they were sent, and be past that time by now. */
async function findOlder(
  ctx: FileContext,
  collection: Meeting,
  logs: readonly string[],
  young: ReadonlySet<string>,
): Promise<void> {
  for (const path of logs) {
    const to = collection.logged.get(path) ?? 0;
    for await (const { id } of eventsOf(ctx, path, { to })) if (young.has(id)) collection.isOlder(id);
  }
}

async function* eventsOf(
  ctx: FileContext,
  path: string,
  part: { readonly from?: number; readonly to?: number },
): AsyncGenerator<MailEvent, void, void> {
  const file = await ctx.disk.open(path);
  // Pruned by now.
  if (!file.ok) return;
  try {
    for await (const line of linesOf(partsOf(path, file, part))) {
      const event = parseLine(line.subarray(0, -1).toString());
      if (event && isId(event.id)) yield event;
    }
  } finally {
    await file.close();
  }
}

/** The lines of a log that were there at the beginning: what is restored has not had the others. */
export function toldBefore(path: string, file: OpenFile, collection: Collection): Source {
  const size = Math.min(collection.logged.get(path) ?? 0, file.size);
  return { size, parts: partsOf(path, file, { to: size }) };
}

/** Those that have their end, with it. */
async function* linesOf(parts: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  let begun: Buffer[] = [];
  for await (const part of parts) {
    let start = 0;
    for (let end = part.indexOf(newline); end >= 0; end = part.indexOf(newline, start)) {
      yield begun.length === 0
        ? part.subarray(start, end + 1)
        : Buffer.concat([...begun, part.subarray(start, end + 1)]);
      begun = [];
      start = end + 1;
    }
    if (start < part.length) begun.push(part.subarray(start));
  }
}
