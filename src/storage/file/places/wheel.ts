/**
 * delayed/ and inflight/ are timing wheels: an hour's folders of ten-second slots, so that a look at what is due lists
 * only the slots that have begun. A slot is removed when it is over and empty.
 */
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

/** What is due now, at most `limit`, earliest first; junk does not count, so that it holds up nothing. */
export async function due(ctx: FileContext, wheel: string, limit: number): Promise<Due> {
  const now = ctx.clock.now();
  const entries: (WheelEntry & { name: EntryName })[] = [];
  const junk: string[] = [];
  const addJunk = (path: string): unknown => junk.length < limit && junk.push(path);
  for await (const slot of slots(ctx, wheel, addJunk)) {
    if (slot.start > now) return { entries, junk, nextAt: slot.start };
    const names = await ctx.disk.list(slot.dir);
    if (!names && (await isOdd(ctx, slot.dir))) addJunk(slot.dir);
    if (names?.length === 0) await removeOverSlot(ctx, slot, now);
    for (const text of names?.sort() ?? []) {
      const path = pathIn(slot.dir, text);
      const name = parseEntryName(text);
      if (!name) {
        addJunk(path);
        continue;
      }
      if (name.time > now) return { entries, junk, nextAt: name.time };
      if (entries.length >= limit) return { entries, junk, nextAt: now };
      entries.push({ path, dir: slot.dir, text, name });
    }
  }
  return { entries, junk, nextAt: undefined };
}

/** Everything in a wheel, by time. */
export async function* wheelEntries(ctx: FileContext, wheel: string): AsyncGenerator<WheelEntry, void, void> {
  for await (const { dir } of slots(ctx, wheel)) {
    for (const text of ((await ctx.disk.list(dir)) ?? []).sort()) {
      yield { path: pathIn(dir, text), dir, text, name: parseEntryName(text) };
    }
  }
}

interface Slot {
  readonly dir: string;
  readonly hourDir: string;
  readonly start: number;
  readonly end: number;
  readonly hourEnd: number;
}

export async function* slots(
  ctx: FileContext,
  wheel: string,
  addJunk?: (path: string) => unknown,
): AsyncGenerator<Slot, void, void> {
  const now = ctx.clock.now();
  // What is in the place of the wheel itself, whoever looks is told; whoever claims goes on with what is ready.
  const hours = addJunk ? ((await ctx.disk.list(wheel)) ?? []) : await namesIn(ctx, wheel);
  for (const hourName of hours.sort()) {
    const hour = parseHour(hourName);
    const hourDir = pathIn(wheel, hourName);
    if (!hour) continue;
    if (!(await isRealFolder(ctx, hourDir))) {
      if (addJunk && (await isOdd(ctx, hourDir))) addJunk(hourDir);
      continue;
    }
    const names = ((await ctx.disk.list(hourDir)) ?? []).sort();
    if (names.length === 0 && hour.end <= now) await removeFolder(ctx, hourDir);
    for (const slotName of names) {
      const slot = parseSlot(hour.start, slotName);
      if (slot) yield { dir: pathIn(hourDir, slotName), hourDir, hourEnd: hour.end, ...slot };
    }
  }
}

/** A link or a file in the place of a folder. */
async function isOdd(ctx: FileContext, dir: string): Promise<boolean> {
  const stat = await ctx.disk.stat(dir);
  return stat !== undefined && stat.kind !== 'directory';
}

async function removeOverSlot(ctx: FileContext, slot: Slot, now: number): Promise<void> {
  if (slot.end > now) return;
  await removeFolder(ctx, slot.dir);
  if (slot.hourEnd <= now) await removeFolder(ctx, slot.hourDir);
}

// A process that was paused may be about to use it: its rename then fails, and it makes the folder again.
async function removeFolder(ctx: FileContext, dir: string): Promise<void> {
  if (await removeEmpty(ctx, dir)) forgetRemoved(ctx, dir);
}
