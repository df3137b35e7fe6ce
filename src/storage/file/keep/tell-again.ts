/**
 * Names are synced, lines of event logs are not. So after a power cut messages may lie in mailboxes and topics' logs of
 * which no event tells, and who goes on from a cursor would never hear of them. The first who looks at events after a
 * start of the machine compares the two, and tells the missing ones, marked as `again`. Safe to do twice, and by several.
 */
import { dayMs } from '../../../model/basics/limits.ts';
import { DreamosError } from '../../../model/errors.ts';
import { idTime } from '../../../model/id.ts';
import { isLog } from '../../../model/topic.ts';
import type { FileContext } from '../disk/context.ts';
import { everyName } from '../documents/topics.ts';
import { memory } from '../disk/memory.ts';
import { type Boot, lastBoot, writeBoot } from '../documents/boot.ts';
import { arrival, logEvents } from '../events/event-log.ts';
import { eventsIn, loggedDays, prunedThrough } from '../events/log-lines.ts';
import { listState } from '../look/find.ts';
import { lockFolder } from '../names/beside.ts';
import { type Found, toEntry } from '../names/found.ts';
import type { Mailbox } from '../names/layout.ts';
import { dayOf } from '../names/slots.ts';
import { readIfGood } from '../places/read-entry.ts';

const looks = memory((): { done?: Promise<void> } => ({}));

/** @returns when nothing is missing that can be told */
export function tellAgain(ctx: FileContext): Promise<void> {
  return (looks.of(ctx).done ??= afterBoot(ctx));
}

/** So long is waited for another who compares before it is said. */
const silentMs = 1000;

async function afterBoot(ctx: FileContext): Promise<void> {
  const lock = ctx.layout.lock('boot');
  let saying: NodeJS.Timeout | undefined;
  try {
    const boot = await ctx.disk.bootId();
    if ((await lastBoot(ctx))?.boot === boot) return;
    const why = 'a process looks for events that a power cut took; if it has died, this goes on within ten seconds';
    saying = setTimeout(() => ctx.warn(`Waiting for ${lockFolder(lock)}: ${why}.`), silentMs);
    await ctx.disk.withLock(lock, async () => {
      clearTimeout(saying);
      const last = await lastBoot(ctx);
      if (last?.boot === boot) return;
      // From a clock that was ahead it says nothing.
      const toldBefore = last && last.toldBefore <= ctx.clock.now() ? last.toldBefore : 0;
      const told = await compareAll(ctx, toldBefore === 0 ? '' : dayOf(toldBefore - dayMs));
      // What has just been told may go with the next power cut.
      const next: Boot = { boot, toldBefore: told > 0 ? toldBefore : ctx.clock.now() };
      await writeBoot(ctx, next);
    });
  } catch (error) {
    // That is no reason not to tell what can be told; the next one tries again.
    if (!(error instanceof DreamosError)) throw error;
    ctx.warn(`Events that a power cut took may be missing, because they could not be looked for: ${error.message}`);
  } finally {
    clearTimeout(saying);
  }
}

/** @returns how many were told */
async function compareAll(ctx: FileContext, fromDay: string): Promise<number> {
  let told = 0;
  let failed: DreamosError | undefined;
  for (const name of await everyName(ctx)) {
    try {
      told += await compare(ctx, ctx.layout.mailbox(name), fromDay);
    } catch (error) {
      if (!(error instanceof DreamosError)) throw error;
      // One mailbox in disorder is no reason to keep the others waiting.
      failed = error;
    }
  }
  if (failed) throw failed;
  return told;
}

async function compare(ctx: FileContext, mailbox: Mailbox, fromDay: string): Promise<number> {
  const logged = await loggedDays(ctx, mailbox);
  const pruned = await prunedThrough(ctx, mailbox);
  const mayBeUntold = (day: string): boolean => day >= fromDay && day > pruned;
  // Names first: who publishes now tells of it afterwards.
  const there = new Map<string, Found>();
  const today = dayOf(ctx.clock.now());
  let firstDay = '9';
  for (const state of isLog(mailbox.name) ? (['archived'] as const) : (['ready', 'delayed', 'inflight'] as const)) {
    for await (const found of listState(ctx, mailbox, state)) {
      const day = dayOf(state === 'archived' ? found.name.time : idTime(found.name.id));
      // Newest first.
      if (state === 'archived' && day < fromDay) break;
      if (!mayBeUntold(handedOverBy(found, ctx.clock.now()) ?? day)) continue;
      there.set(found.name.id, found);
      // One of the future, as a script may hand it in, does not say on which day it was told.
      const since = day > today ? '' : day;
      if (since < firstDay) firstDay = since;
    }
  }
  if (there.size === 0) return 0;
  const told = new Map<string, 'there' | 'gone'>();
  for (const day of logged) {
    if (day < firstDay) continue;
    for await (const { event, id } of eventsIn(ctx, mailbox, day))
      if (there.has(id)) told.set(id, event === 'handed_over' ? 'gone' : 'there');
  }
  // Ids are in the order in which they were made, also within a millisecond.
  const untold = [...there.values()].sort((a, b) => (a.name.id < b.name.id ? -1 : 1));
  let events = 0;
  for (const found of untold) {
    const last = told.get(found.name.id);
    // It is back, and that was not told; or it went after its name was seen.
    if (last === 'there' || (last === 'gone' && !(await ctx.disk.stat(found.path)))) continue;
    await tell(ctx, mailbox, found);
    events++;
  }
  return events;
}

/** Not later than on this day, and perhaps long after it was made. */
function handedOverBy({ state, name }: Found, now: number): string | undefined {
  const comesFromElsewhere = name.origin !== undefined && (state === 'ready' || state === 'inflight');
  return comesFromElsewhere ? dayOf(Math.min(name.time, now)) : undefined;
}

async function tell(ctx: FileContext, mailbox: Mailbox, found: Found): Promise<void> {
  const { state, path, name } = found;
  const at = Math.min(state === 'ready' || state === 'archived' ? name.time : idTime(name.id), ctx.clock.now());
  const kind = state === 'archived' ? 'published' : state === 'delayed' ? 'scheduled' : 'delivered';
  const about = arrival(kind, name.id, await readIfGood(ctx, path, name, mailbox.name));
  const key = kind === 'published' ? { key: toEntry(mailbox, found).key } : {};
  if (await logEvents(ctx, mailbox, [{ ...about, ...key, again: true }], at)) return;
  throw new DreamosError('disk', 'DISK_FAILED', `The event log of ${mailbox.name} cannot be written.`);
}
