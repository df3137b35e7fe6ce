/**
 * Packing a day of the archive: its messages are written to tmp/ as one or more packs (pack-file.ts), each is synced, gets
 * its name in archive/, the folder is synced, and only then the day's entries are removed. Nobody moves an archived entry
 * but restore, prune and doctor, and the first two hold the same lock; should two hold it at a time (a stale takeover), nothing
 * is lost:
 *
 * - A message in a pack and in the day's folder counts once, as the one in the folder. So a packing that was cut off
 *   shows nothing twice; the next one removes what is packed already.
 * - An entry that was gone when its turn came to be removed is somewhere else: ready again, or in another's pack. Where it
 *   is found, it is marked as gone from this pack; where it is not, it stays in it.
 * - An ack into a packed day makes its folder anew, and the next packing makes a further pack of it.
 */
import { mostFileBytes } from '../../../model/basics/limits.ts';
import { DreamosError } from '../../../model/errors.ts';
import { seal } from '../../../model/message.ts';
import type { Lock } from '../../port/documents.ts';
import { packLost } from '../../port/refusals.ts';
import type { PackOptions, Tidied } from '../../port/upkeep.ts';
import type { FileContext } from '../disk/context.ts';
import { quarantine } from '../places/corrupt.ts';
import { type EntryName, identityOf, parseEntryName, timeTagOf } from '../names/entry-name.ts';
import { findIn } from '../look/find.ts';
import { ensureFolder, forgetFolder, freshFile, moveInto } from '../disk/folders.ts';
import type { Mailbox } from '../names/layout.ts';
import { encodeLine, encodeMember } from '../places/pack-file.ts';
import { daysOf, packNames, type ArchiveDay } from '../places/packed.ts';
import { entryBytes } from '../look/load.ts';
import { removeEmpty } from './prune.ts';
import { readEntry } from '../places/read-entry.ts';
import { dayOf } from '../names/slots.ts';
import { goneOf, markOf, packName } from '../names/pack-name.ts';
import { folderOf, nameOf, pathIn } from '../names/path.ts';

// Bounds for the memory: a member's text, a pack's packed bytes. A larger day has several packs.
const memberEntries = 256;
const memberBytes = 1024 * 1024;
const packEntries = 50_000;
const packBytes = 32 * 1024 * 1024;

export async function* packArchive(
  ctx: FileContext,
  mailbox: Mailbox,
  { beforeDay, dryRun, lock }: PackOptions,
): AsyncGenerator<Tidied, void, void> {
  const today = dayOf(ctx.clock.now());
  for (const day of await daysOf(ctx, mailbox)) {
    if (day.dir === undefined || day.day >= beforeDay || day.day >= today) continue;
    const entries = await entriesIn(ctx, day.dir);
    const total = { day: day.day, count: 0, bytes: 0 };
    for (const { path, name } of entries) {
      total.count++;
      total.bytes += await entryBytes(ctx, path, name);
    }
    const packedBytes = dryRun ? undefined : await packDay(ctx, { mailbox, lock }, day, day.dir);
    if (total.count > 0) yield packedBytes === undefined ? total : { ...total, packedBytes };
  }
  if (!dryRun) await removeEmpty(ctx, mailbox);
}

/** Marks a message as gone from a pack; durable, and safe to do twice. */
export async function markGone(ctx: FileContext, pack: string, identity: string): Promise<void> {
  const dir = goneOf(pack);
  await ensureFolder(ctx, dir);
  const mark = markOf(pack, identity);
  if (!(await ctx.disk.stat(mark))) await ctx.disk.create(mark, new Uint8Array(), { sync: true });
  await ctx.disk.syncDir(dir);
  await ctx.disk.syncDir(folderOf(dir));
}

interface DayEntry {
  readonly path: string;
  readonly text: string;
  readonly name: EntryName;
}

async function entriesIn(ctx: FileContext, dir: string): Promise<DayEntry[]> {
  const day = nameOf(dir);
  const entries: DayEntry[] = [];
  for (const text of ((await ctx.disk.list(dir)) ?? []).sort()) {
    const name = parseEntryName(text);
    // What is no entry of this day stays for doctor.
    if (name?.tag === timeTagOf.archived && dayOf(name.time) === day)
      entries.push({ path: pathIn(dir, text), text, name });
  }
  return entries;
}

/** Whose archive, and the lock under which it is packed. */
interface Packing {
  readonly mailbox: Mailbox;
  readonly lock?: Lock | undefined;
}

/**
 * Another who has taken the lock over may take a message out of a pack just now: its file in the folder, by then marked as
 * gone from the pack, must not be taken for one that is packed.
 */
async function removeHeld(ctx: FileContext, { mailbox, lock }: Packing, path: string): Promise<boolean> {
  if (lock?.isHeld() === false) throw packLost(mailbox.name);
  return ctx.disk.remove(path);
}

/** @returns how many bytes the new packs have */
async function packDay(ctx: FileContext, packing: Packing, day: ArchiveDay, dir: string): Promise<number> {
  const { mailbox } = packing;
  await removePacked(ctx, packing, day, dir);
  let bytes = 0;
  let part: Part = emptyPart();
  for (const entry of await entriesIn(ctx, dir)) {
    const line = await lineOf(ctx, mailbox, entry);
    if (!line) continue;
    part.lines.push({ name: entry.name, bytes: line });
    part.lineBytes += line.length;
    part.entries.push(entry);
    if (part.lines.length >= memberEntries || part.lineBytes >= memberBytes) closeMember(part);
    if (part.entries.length < packEntries && part.bytes < packBytes) continue;
    bytes += await writePack(ctx, packing, day.day, part);
    part = emptyPart();
  }
  if (part.entries.length > 0) bytes += await writePack(ctx, packing, day.day, part);
  if (await ctx.disk.removeDir(dir)) forgetFolder(ctx, dir);
  return bytes;
}

/** As packing does before it begins. Under the mailbox's lock. */
export async function finishPacking(ctx: FileContext, mailbox: Mailbox, lock?: Lock): Promise<void> {
  for (const day of await daysOf(ctx, mailbox)) {
    if (day.dir === undefined) continue;
    await removePacked(ctx, { mailbox, lock }, day, day.dir);
    if (await ctx.disk.removeDir(day.dir)) forgetFolder(ctx, day.dir);
  }
}

/** Finishes what a killed process began: its pack has its name, so what is in it need not lie in the folder, too. */
async function removePacked(ctx: FileContext, packing: Packing, day: ArchiveDay, dir: string): Promise<void> {
  if (day.packs.length === 0) return;
  const inFolder = new Map((await entriesIn(ctx, dir)).map(({ text, path }) => [identityOf(text), path]));
  // Whoever gave the pack its name may have died before he synced it.
  await ctx.disk.syncDir(packing.mailbox.archive);
  for (const pack of day.packs) {
    for await (const { name } of packNames(ctx, pack, {})) {
      const path = inFolder.get(identityOf(name));
      if (path !== undefined) await removeHeld(ctx, packing, path);
    }
  }
}

interface Part {
  readonly members: Buffer[];
  readonly entries: DayEntry[];
  bytes: number;
  lines: { name: EntryName; bytes: Buffer }[];
  lineBytes: number;
}

function emptyPart(): Part {
  return { members: [], entries: [], bytes: 0, lines: [], lineBytes: 0 };
}

function closeMember(part: Part): void {
  if (part.lines.length === 0) return;
  const member = encodeMember(part.lines);
  part.members.push(member);
  part.bytes += member.length;
  part.lines = [];
  part.lineBytes = 0;
}

/** @returns `undefined`: it has moved on, was put aside because it cannot be read, or stays in its folder */
async function lineOf(ctx: FileContext, mailbox: Mailbox, { path, text, name }: DayEntry): Promise<Buffer | undefined> {
  try {
    const message = await readEntry(ctx, path, name, mailbox.name);
    const file =
      message && (await ctx.disk.read(path, { maxBytes: mostFileBytes, ...(name.range && { range: name.range }) }));
    if (!message || !file?.ok) return undefined;
    const bytes = file.bytes.at(-1) === 0x0a ? file.bytes.subarray(0, -1) : file.bytes;
    // Its bytes as they are, where they are a line and end in the digest; else the message anew, and the bytes beside it.
    if (name.handedIn === undefined && !bytes.includes(0x0a)) return encodeLine(text, name, bytes);
    return encodeLine(text, name, seal(message), file.bytes);
  } catch (error) {
    // Handed in, and larger with what it did not say: it stays as it is.
    if (error instanceof DreamosError && error.code === 'MESSAGE_TOO_LARGE') return undefined;
    if (!(error instanceof DreamosError) || error.code !== 'CORRUPT') throw error;
    await quarantine(ctx, mailbox, path, error.message.replace(/\.$/, ''));
    return undefined;
  }
}

async function writePack(ctx: FileContext, packing: Packing, day: string, part: Part): Promise<number> {
  const { mailbox } = packing;
  closeMember(part);
  const ids = part.entries.map(({ name }) => name.id).sort();
  const about = { day, count: part.entries.length, firstId: ids[0] ?? '', lastId: ids.at(-1) ?? '' };
  const name = packName(about, ctx.ids.token());
  const file = freshFile(ctx, mailbox, 'pack');
  await ensureFolder(ctx, mailbox.tmp);
  await ctx.disk.create(file, Buffer.concat(part.members), { sync: true });
  if (!(await moveInto(ctx, file, mailbox.archive, name))) {
    throw new DreamosError('disk', 'DISK_FAILED', `${file} vanished while it was being packed; nothing was removed.`, {
      hint: 'Does something clean up tmp/ of this root? Run it again.',
    });
  }
  await ctx.disk.syncDir(mailbox.archive);
  for (const { path, text, name: entry } of part.entries) {
    if (await removeHeld(ctx, packing, path)) continue;
    const elsewhere = await findIn(ctx, mailbox, entry.id);
    if (elsewhere.some((found) => identityOf(nameOf(found.path)) !== identityOf(text)))
      await markGone(ctx, pathIn(mailbox.archive, name), identityOf(text));
  }
  return part.bytes;
}
