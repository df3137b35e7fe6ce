/**
 * How much a mailbox holds undelivered, for backpressure: each of its folders is listed, because consumers with filters,
 * priorities and ordering keys leave them in any shape. A folder is listed again when it has changed; else it costs a stat.
 * (100,000 ready messages: 0.1 s at first, then 5 ms.)
 */
import { priorities } from '../../../model/message.ts';
import type { Load } from '../../port/look.ts';
import { bucketsIn } from '../places/buckets.ts';
import type { FileContext } from '../disk/context.ts';
import { memory } from '../disk/memory.ts';
import { type EntryName, looksUndelivered, parseEntryName } from '../names/entry-name.ts';
import { laneOf, type Mailbox } from '../names/layout.ts';
import { slots } from '../places/wheel.ts';
import { nameOf, pathIn } from '../names/path.ts';
import { isRealFolder } from '../disk/folders.ts';

interface Listed {
  readonly mtimeMs: number;
  readonly count: number;
  /** Some of its entries, whose sizes stand for all. */
  readonly some: readonly string[];
}

/** By folder: what it held when it was listed. */
const listed = memory(() => new Map<string, Listed>());

// Two changes within one tick of the disk's clock leave the same time, so a folder of a moment ago is listed again.
const settledMs = 1000;
const mostListed = 65_536;
const someEntries = 64;
// The mean size of so many messages stands for that of all.
const sizedEntries = 128;

/** @param most it may stop counting when there are more */
export async function load(ctx: FileContext, mailbox: Mailbox, most = Infinity): Promise<Load> {
  const seen: string[] = [];
  let messages = 0;
  for await (const dir of folders(ctx, mailbox)) {
    const { count, some } = await look(ctx, dir);
    messages += count;
    seen.push(...some);
    if (messages > most) break;
  }
  return { messages, bytes: Math.round((await meanBytes(ctx, seen)) * messages) };
}

/** What an entry takes: of a file that holds several, its own part. */
export async function entryBytes(ctx: FileContext, path: string, name: EntryName): Promise<number> {
  return name.range?.length ?? (await ctx.disk.stat(path))?.size ?? 0;
}

/** Every folder that may hold a message to be delivered. */
async function* folders(ctx: FileContext, mailbox: Mailbox): AsyncGenerator<string, void, void> {
  for (let rank = 0; rank < priorities.length; rank++) {
    for (const lane of [0, 1] as const) {
      const laneDir = laneOf(mailbox, rank, lane);
      if (!(await isRealFolder(ctx, laneDir))) continue;
      for (const parent of await bucketsIn(ctx, laneDir)) {
        const parentDir = pathIn(laneDir, parent);
        for (const bucket of await bucketsIn(ctx, parentDir)) yield pathIn(parentDir, bucket);
      }
    }
  }
  for (const wheel of [mailbox.delayed, mailbox.inflight]) for await (const { dir } of slots(ctx, wheel)) yield dir;
}

async function look(ctx: FileContext, dir: string): Promise<Listed> {
  const known = listed.of(ctx);
  // Before the listing, so that a change meanwhile is seen the next time.
  const mtimeMs = (await ctx.disk.stat(dir))?.mtimeMs ?? 0;
  const before = known.get(dir);
  if (before?.mtimeMs === mtimeMs) return before;
  const names = ((await ctx.disk.list(dir)) ?? []).filter(looksUndelivered);
  const step = Math.max(1, names.length / someEntries);
  const some: string[] = [];
  for (let at = 0; at < names.length; at += step) some.push(pathIn(dir, names[Math.floor(at)] ?? ''));
  const now = { mtimeMs, count: names.length, some };
  known.delete(dir);
  if (known.size >= mostListed) known.clear();
  if (ctx.clock.now() - mtimeMs > settledMs) known.set(dir, now);
  return now;
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
