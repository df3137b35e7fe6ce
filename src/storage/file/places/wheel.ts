/**
 * delayed/ and inflight/ are timing wheels: an hour's folders of ten-second slots, so that a look at what is due lists
 * only the slots that have begun. A slot is removed when it is over and empty.
 */
import { isAhead, isOver } from '../../../model/clock.ts';
import type { FileContext } from '../disk/context.ts';
import { parseEntryName, type EntryName } from '../names/entry-name.ts';
import { isRealFolder, forgetRemoved, namesIn, removeEmpty } from '../disk/folders.ts';
import { parseHour, parseSlot } from '../names/slots.ts';
import { pathIn } from '../names/path.ts';

export interface WheelEntry {
  readonly path: string;
  readonly dir: string;
  readonly text: string;
  /** `undefined`: not a name that dreamos makes. */
  readonly name: EntryName | undefined;
}

export interface Due {
  readonly entries: readonly (WheelEntry & { readonly name: EntryName })[];
  /** Paths of what is no message, or stands where a folder should be; so much of it as one look puts aside. */
  readonly junk: readonly string[];
  /** When the next one falls due; the start of its slot where that has not begun, so never too late. */
  readonly nextAt: number | undefined;
}

/**
 * What is due now, at most `limit`, earliest first; junk does not count, so that it holds up nothing.
 * @param longestMs what lies further ahead is due as well: it was put there while the clock was ahead
 */
export async function due(ctx: FileContext, wheel: string, limit: number, longestMs = Infinity): Promise<Due> {
  const now = ctx.clock.now();
  let nextAt: number | undefined;
  const waits = ({ start, end }: Span): boolean => start > now && !isAhead(end, now, longestMs);
  const over = ({ start, end }: Span): boolean => end <= now || isAhead(start, now, longestMs);
  const entries: (WheelEntry & { name: EntryName })[] = [];
  const junk: string[] = [];
  const addJunk = (path: string): unknown => junk.length < limit && junk.push(path);
  for await (const slot of slots(ctx, wheel, { addJunk, passes: (hour) => nextAt !== undefined && waits(hour) })) {
    if (waits(slot)) {
      nextAt ??= slot.start;
      if (longestMs === Infinity) break;
      continue;
    }
    const names = await ctx.disk.list(slot.dir);
    if (!names && (await isOdd(ctx, slot.dir))) addJunk(slot.dir);
    if (names?.length === 0) await removeOverSlot(ctx, slot, over);
    for (const text of names?.sort() ?? []) {
      const path = pathIn(slot.dir, text);
      const name = parseEntryName(text);
      if (!name) {
        addJunk(path);
        continue;
      }
      if (!isOver(name.time, now, longestMs)) {
        nextAt ??= name.time;
        if (longestMs === Infinity) return { entries, junk, nextAt };
        if (!isAhead(slot.end, now, longestMs)) break;
        continue;
      }
      if (entries.length >= limit) return { entries, junk, nextAt: now };
      entries.push({ path, dir: slot.dir, text, name });
    }
  }
  return { entries, junk, nextAt };
}

/** Everything in a wheel, by time. @param since what is over by then may be left out */
export async function* wheelEntries(
  ctx: FileContext,
  wheel: string,
  since = 0,
): AsyncGenerator<WheelEntry, void, void> {
  for await (const { dir, end } of slots(ctx, wheel, { passes: (hour) => hour.end <= since }))
    if (end > since) yield* entriesIn(ctx, dir);
}

/** Everything in the latest slots of a wheel. */
export async function* latestEntries(
  ctx: FileContext,
  wheel: string,
  mostSlots: number,
): AsyncGenerator<WheelEntry, void, void> {
  let looked = 0;
  for await (const { dir } of slots(ctx, wheel, { latestFirst: true })) {
    if (++looked > mostSlots) return;
    yield* entriesIn(ctx, dir);
  }
}

async function* entriesIn(ctx: FileContext, dir: string): AsyncGenerator<WheelEntry, void, void> {
  for (const text of ((await ctx.disk.list(dir)) ?? []).sort())
    yield { path: pathIn(dir, text), dir, text, name: parseEntryName(text) };
}

interface Span {
  readonly start: number;
  readonly end: number;
}

interface Slot extends Span {
  readonly dir: string;
  readonly hourDir: string;
  readonly hour: Span;
}

interface SlotsHow {
  readonly addJunk?: (path: string) => unknown;
  /** Hours that are not looked into. */
  readonly passes?: (hour: Span) => boolean;
  readonly latestFirst?: boolean;
}

export async function* slots(
  ctx: FileContext,
  wheel: string,
  { addJunk, passes, latestFirst }: SlotsHow = {},
): AsyncGenerator<Slot, void, void> {
  const now = ctx.clock.now();
  const inOrder = (names: string[] | undefined = []): string[] => {
    const sorted = names.sort();
    return latestFirst ? sorted.reverse() : sorted;
  };
  // What is in the place of the wheel itself, whoever looks is told; whoever claims goes on with what is ready.
  const claims = addJunk !== undefined || latestFirst === true;
  for (const hourName of inOrder(claims ? await ctx.disk.list(wheel) : await namesIn(ctx, wheel))) {
    const hour = parseHour(hourName);
    const hourDir = pathIn(wheel, hourName);
    if (!hour || passes?.(hour)) continue;
    if (!(await isRealFolder(ctx, hourDir))) {
      if (addJunk && (await isOdd(ctx, hourDir))) addJunk(hourDir);
      continue;
    }
    const names = inOrder(await ctx.disk.list(hourDir));
    if (claims && names.length === 0 && hour.end <= now) await removeFolder(ctx, hourDir);
    for (const slotName of names) {
      const slot = parseSlot(hour.start, slotName);
      if (slot) yield { dir: pathIn(hourDir, slotName), hourDir, hour, ...slot };
    }
  }
}

/** A link or a file in the place of a folder. */
async function isOdd(ctx: FileContext, dir: string): Promise<boolean> {
  const stat = await ctx.disk.stat(dir);
  return stat !== undefined && stat.kind !== 'directory';
}

async function removeOverSlot(ctx: FileContext, slot: Slot, over: (span: Span) => boolean): Promise<void> {
  if (!over(slot)) return;
  await removeFolder(ctx, slot.dir);
  if (over(slot.hour)) await removeFolder(ctx, slot.hourDir);
}

// A process that was paused may be about to use it: its rename then fails, and it makes the folder again.
async function removeFolder(ctx: FileContext, dir: string): Promise<void> {
  if (await removeEmpty(ctx, dir)) forgetRemoved(ctx, dir);
}
