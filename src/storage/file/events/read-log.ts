/** Event logs in bulk, for who counts: a line costs little more than its JSON. */
import type { LoggedEvent } from '../../../model/metrics/tally.ts';
import type { LogMark, LogPart } from '../../port/journal.ts';
import type { FileContext } from '../disk/context.ts';
import { checkOf, fits, loggedDays, nextLine, prunedThrough } from './log-lines.ts';
import { eventLog } from '../names/slots.ts';

/** What is read at once: its events are garbage soon enough to cost little. */
const partBytes = 64 * 1024;
const newline = 0x0a;

export async function logs(ctx: FileContext, name: string): Promise<Map<string, LogMark>> {
  const mailbox = ctx.layout.mailbox(name);
  const marks = new Map<string, LogMark>();
  for (const day of await loggedDays(ctx, mailbox)) {
    const stat = await ctx.disk.stat(eventLog(mailbox, day));
    if (stat) marks.set(day, { bytes: stat.size });
  }
  return marks;
}

export async function lastPruned(ctx: FileContext, name: string, ahead?: true): Promise<string | undefined> {
  return (await prunedThrough(ctx, ctx.layout.mailbox(name), ahead)) || undefined;
}

/** To its last line end. */
export async function* readLog(
  ctx: FileContext,
  name: string,
  day: string,
  from: LogMark = { bytes: 0 },
): AsyncGenerator<LogPart, void, void> {
  const path = eventLog(ctx.layout.mailbox(name), day);
  const size = (await ctx.disk.stat(path))?.size;
  if (size === undefined || size === from.bytes) return;
  const isSame = await fits(ctx, path, from, size);
  let anew = isSame ? {} : { anew: true as const };
  let mark: LogMark = isSame ? from : { bytes: 0 };
  while (mark.bytes < size) {
    const range = { offset: mark.bytes, length: Math.min(size - mark.bytes, partBytes) };
    const file = await ctx.disk.read(path, { range, maxBytes: partBytes });
    if (!file.ok) return;
    const { bytes } = file;
    const end = bytes.lastIndexOf(newline);
    if (end >= 0) {
      const { events, broken } = eventsIn(bytes.toString('utf8', 0, end).split('\n'));
      const last = end === 0 ? 0 : bytes.lastIndexOf(newline, end - 1) + 1;
      mark = { bytes: mark.bytes + end + 1, check: checkOf(bytes, last, end) };
      yield { events, broken, mark, ...anew };
    } else {
      // One that fills all of it is none of ours.
      const next = range.length < partBytes ? undefined : await nextLine(ctx, path, mark.bytes + range.length, size);
      if (next === undefined) break;
      mark = { bytes: next };
      yield { events: [], broken: 1, mark, ...anew };
    }
    anew = {};
  }
  // Cut down to less than a line.
  if (anew.anew) yield { events: [], broken: 0, mark: { bytes: 0 }, ...anew };
}

function eventsIn(lines: readonly string[]): Pick<LogPart, 'events' | 'broken'> {
  const events: LoggedEvent[] = [];
  let broken = 0;
  for (const line of lines) {
    if (line === '') continue;
    const event = eventIn(line) ?? eventIn(line.slice(Math.max(0, line.lastIndexOf('{"at":'))));
    if (event) events.push(event);
    else broken++;
  }
  return { events, broken };
}

/** A moment as every event has it: who counts goes by its text. */
const moment = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

function eventIn(line: string): LoggedEvent | undefined {
  let json: Partial<LoggedEvent> | null;
  try {
    json = JSON.parse(line) as Partial<LoggedEvent> | null;
  } catch {
    return undefined;
  }
  if (typeof json?.event !== 'string' || typeof json.id !== 'string') return undefined;
  return typeof json.at === 'string' && moment.test(json.at) ? (json as LoggedEvent) : undefined;
}
