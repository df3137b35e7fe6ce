/**
 * How much a mailbox holds undelivered, for backpressure. Exact as long as a lane has no more than two buckets and a wheel
 * no more than 64 slots. Beyond that the buckets between the first and the last of a lane count as full (256), as their
 * producers leave them, and slots behind the first 64 as those; so a million costs some dozen listings.
 */
import { priorities } from '../../../model/message.ts';
import type { Load } from '../../port/look.ts';
import { bucketEntries, bucketsIn } from '../places/buckets.ts';
import type { FileContext } from '../disk/context.ts';
import { type EntryName, looksUndelivered, parseEntryName } from '../names/entry-name.ts';
import { isRealFolder } from '../disk/folders.ts';
import { laneOf, type Mailbox } from '../names/layout.ts';
import { slots } from '../places/wheel.ts';
import { nameOf, pathIn } from '../names/path.ts';

const listedSlots = 64;
// The mean size of so many messages stands for that of all.
const sizedEntries = 128;

export async function load(ctx: FileContext, mailbox: Mailbox): Promise<Load> {
  const seen: string[] = [];
  let messages = 0;
  for (let rank = 0; rank < priorities.length; rank++) {
    for (const lane of [0, 1] as const) messages += await countLane(ctx, laneOf(mailbox, rank, lane), seen);
  }
  for (const wheel of [mailbox.delayed, mailbox.inflight]) messages += await countWheel(ctx, wheel, seen);
  return { messages, bytes: Math.round((await meanBytes(ctx, seen)) * messages) };
}

/** What an entry takes: of a file that holds several, its own part. */
export async function entryBytes(ctx: FileContext, path: string, name: EntryName): Promise<number> {
  return name.range?.length ?? (await ctx.disk.stat(path))?.size ?? 0;
}

async function countLane(ctx: FileContext, laneDir: string, seen: string[]): Promise<number> {
  if (!(await isRealFolder(ctx, laneDir))) return 0;
  const buckets: string[] = [];
  for (const parent of await bucketsIn(ctx, laneDir)) {
    const parentDir = pathIn(laneDir, parent);
    for (const bucket of await bucketsIn(ctx, parentDir)) buckets.push(pathIn(parentDir, bucket));
  }
  let count = Math.max(0, buckets.length - 2) * bucketEntries;
  for (const dir of new Set([buckets[0], buckets.at(-1)]))
    if (dir !== undefined) count += await countFolder(ctx, dir, seen);
  return count;
}

async function countWheel(ctx: FileContext, wheel: string, seen: string[]): Promise<number> {
  let count = 0;
  let listed = 0;
  let more = 0;
  for await (const { dir } of slots(ctx, wheel)) {
    if (listed >= listedSlots) more++;
    else count += await countFolder(ctx, dir, seen);
    if (listed < listedSlots) listed++;
  }
  return count + Math.round((count / Math.max(1, listed)) * more);
}

async function countFolder(ctx: FileContext, dir: string, seen: string[]): Promise<number> {
  let count = 0;
  for (const text of (await ctx.disk.list(dir)) ?? []) {
    if (!looksUndelivered(text)) continue;
    count++;
    seen.push(pathIn(dir, text));
  }
  return count;
}

async function meanBytes(ctx: FileContext, paths: readonly string[]): Promise<number> {
  const step = Math.max(1, paths.length / sizedEntries);
  let sized = 0;
  let bytes = 0;
  for (let at = 0; at < paths.length; at += step) {
    const path = paths[Math.floor(at)] ?? '';
    const name = parseEntryName(nameOf(path));
    if (!name) continue;
    sized++;
    bytes += await entryBytes(ctx, path, name);
  }
  return sized === 0 ? 0 : bytes / sized;
}
