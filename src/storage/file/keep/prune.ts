/** Removing whole days, of the archive and of the event log, for good. Each removal is safe to do twice; none is synced. */
import { dayMs } from '../../../model/basics/limits.ts';
import type { KeepOptions, Tidied } from '../../port/upkeep.ts';
import type { FileContext } from '../disk/context.ts';
import { type EntryName, identityOf, parseEntryName } from '../names/entry-name.ts';
import { forgetFolder } from '../disk/folders.ts';
import { type Mailbox } from '../names/layout.ts';
import { entryBytes } from '../look/load.ts';
import { placesIn, readMember } from '../places/pack-file.ts';
import { daysOf, type ArchiveDay, type Pack } from '../places/packed.ts';
import { dayOf, eventLog, parseEventLog, parsePrunedMark, prunedMark } from '../names/slots.ts';
import { goneOf, parseGone } from '../names/pack-name.ts';
import { pathIn } from '../names/path.ts';

export async function* pruneArchive(
  ctx: FileContext,
  mailbox: Mailbox,
  options: KeepOptions,
): AsyncGenerator<Tidied, void, void> {
  const today = dayOf(ctx.clock.now());
  const days = await daysOf(ctx, mailbox);
  for (const { item, ...gone } of await daysToGo(days, (day) => sizeOf(ctx, day), options, today)) {
    if (!options.dryRun) await removeDay(ctx, mailbox, item);
    yield gone;
  }
  if (!options.dryRun) await removeEmpty(ctx, mailbox);
}

export async function* pruneEvents(
  ctx: FileContext,
  mailbox: Mailbox,
  options: KeepOptions,
): AsyncGenerator<Tidied, void, void> {
  const eventLogs = ((await ctx.disk.list(mailbox.events)) ?? []).flatMap((name) => {
    const day = parseEventLog(name);
    return day === undefined ? [] : [{ day, path: eventLog(mailbox, day) }];
  });
  const sizeOfEventLog = async ({ day, path }: (typeof eventLogs)[number]): Promise<Tidied> => {
    return { day, count: 1, bytes: (await ctx.disk.stat(path))?.size ?? 0 };
  };
  // Cursors know two days, and a process that was paused over midnight still writes to yesterday's.
  const yesterday = dayOf(ctx.clock.now() - dayMs);
  const going = await daysToGo(eventLogs, sizeOfEventLog, options, yesterday);
  for (const { item, ...gone } of going) {
    if (options.dryRun || (await ctx.disk.remove(item.path))) yield gone;
  }
  const last = going.at(-1);
  if (last && !options.dryRun) await markPruned(ctx, mailbox, last.day);
}

/**
 * So that nobody takes these days' logs for lost in a power cut (tell-again.ts). Behind the removal, which may be what makes
 * room for it; without it what is still there of those days is told once more, and that is all.
 */
async function markPruned(ctx: FileContext, mailbox: Mailbox, day: string): Promise<void> {
  await ctx.disk.touch(prunedMark(mailbox, day), ctx.clock.now());
  for (const name of (await ctx.disk.list(mailbox.events)) ?? []) {
    const other = parsePrunedMark(name);
    if (other !== undefined && other !== day) await ctx.disk.remove(prunedMark(mailbox, other));
  }
}

/** The days that have to go, the oldest first. @param stays this day and all behind it */
async function daysToGo<Day extends { readonly day: string }>(
  days: readonly Day[],
  sizeOfDay: (day: Day) => Promise<Tidied>,
  { fromDay = '', maxBytes = Infinity }: KeepOptions,
  stays: string,
): Promise<(Tidied & { readonly item: Day })[]> {
  const going: (Tidied & { item: Day })[] = [];
  let kept = 0;
  for (const item of [...days].sort((a, b) => (a.day < b.day ? 1 : -1))) {
    // Asked only where it matters: it may have to look at each file.
    if (maxBytes === Infinity && (item.day >= fromDay || item.day >= stays)) continue;
    const size = await sizeOfDay(item);
    kept += size.bytes;
    if (item.day < stays && (item.day < fromDay || kept > maxBytes)) going.push({ ...size, item });
  }
  return going.reverse();
}

async function sizeOf(ctx: FileContext, { day, dir, packs }: ArchiveDay): Promise<Tidied> {
  let count = 0;
  let bytes = 0;
  for (const pack of packs) {
    count += pack.count - pack.gone.size;
    bytes += (await ctx.disk.stat(pack.path))?.size ?? 0;
  }
  for (const { path, name } of await entriesIn(ctx, dir)) {
    count++;
    bytes += await entryBytes(ctx, path, name);
  }
  return { day, count, bytes };
}

/** Of a day's folder; what is no entry stays for doctor. */
async function entriesIn(ctx: FileContext, dir: string | undefined): Promise<{ path: string; name: EntryName }[]> {
  if (dir === undefined) return [];
  const entries: { path: string; name: EntryName }[] = [];
  for (const text of (await ctx.disk.list(dir)) ?? []) {
    const name = parseEntryName(text);
    if (name) entries.push({ path: pathIn(dir, text), name });
  }
  return entries;
}

async function removeDay(ctx: FileContext, mailbox: Mailbox, { dir, packs }: ArchiveDay): Promise<void> {
  for (const { path } of await entriesIn(ctx, dir)) await ctx.disk.remove(path);
  if (dir !== undefined && (await ctx.disk.removeDir(dir))) forgetFolder(ctx, dir);
  for (const pack of packs) await ctx.disk.remove(pack.path);
  // Before the marks: after a power cut a pack without them would show again what was restored from it.
  if (packs.some((pack) => pack.gone.size > 0)) await ctx.disk.syncDir(mailbox.archive);
  for (const pack of packs) await removeMarks(ctx, goneOf(pack.path));
}

/** Packs from which everything was taken out, and marks whose pack is gone. */
export async function removeEmpty(ctx: FileContext, mailbox: Mailbox): Promise<void> {
  for (const { packs } of await daysOf(ctx, mailbox)) {
    for (const pack of packs) {
      if (pack.gone.size >= pack.count && (await isEmpty(ctx, pack))) await ctx.disk.remove(pack.path);
    }
  }
  const names = (await ctx.disk.list(mailbox.archive)) ?? [];
  const orphans = names.filter((name) => !names.includes(parseGone(name) ?? name));
  if (orphans.length > 0) await ctx.disk.syncDir(mailbox.archive);
  for (const name of orphans) await removeMarks(ctx, pathIn(mailbox.archive, name));
}

/** One that cannot be read to its end is not empty. */
async function isEmpty(ctx: FileContext, { path, gone }: Pack): Promise<boolean> {
  const places = await placesIn(ctx, path);
  if (!places || places.broken !== undefined) return false;
  for (const place of places.members) {
    const lines = await readMember(ctx, path, place);
    if ('why' in lines || lines.some(({ text }) => !gone.has(identityOf(text)))) return false;
  }
  return true;
}

async function removeMarks(ctx: FileContext, dir: string): Promise<void> {
  for (const name of (await ctx.disk.list(dir)) ?? []) await ctx.disk.remove(pathIn(dir, name));
  if (await ctx.disk.removeDir(dir)) forgetFolder(ctx, dir);
}
