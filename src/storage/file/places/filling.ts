/** Filling ready/: the newest bucket of a lane, as long as it has room, and then the next (buckets.ts). */
import { DreamosError } from '../../../model/errors.ts';
import type { FileContext } from '../disk/context.ts';
import { ensureFolder, forgetFolder } from '../disk/folders.ts';
import { memory } from '../disk/memory.ts';
import { formatEntryName, type EntryName } from '../names/entry-name.ts';
import { bucketName, laneOf, parseBucket, type Lane, type Mailbox } from '../names/layout.ts';
import { bucketEntries, bucketsIn, lookMs } from './buckets.ts';
import { endWalk } from './ready-walk.ts';
import { pathIn } from '../names/path.ts';

interface Bucket {
  readonly dir: string;
  /** How many more names this process may add before it counts them; others may be filling the same bucket. */
  room: number;
  /** When (uptime) it was the newest. */
  lookedAt: number;
}

/** By lane: the bucket that this process fills. */
const filling = memory(() => new Map<string, Bucket>());

/** For who hands out what another process has sent: that one may have used newer buckets than those that this one fills. */
export function forgetFilling(ctx: FileContext): void {
  filling.of(ctx).clear();
}

// Who has opened a bucket fills it without counting (256 names: 220 us). Others who join in count every so often, and
// overfill it by at most as much again.
const entriesBetweenCounts = 64;

/** Renames `source` into the newest bucket. @returns the bucket, or `undefined` when the source is gone */
export function moveToReady(
  ctx: FileContext,
  source: string,
  mailbox: Mailbox,
  lane: Lane,
  name: EntryName,
): Promise<string | undefined> {
  return place(ctx, 'rename', source, mailbox, lane, name);
}

/** Gives a part of a batch its own name in the newest bucket. @returns as moveToReady */
export function linkToReady(
  ctx: FileContext,
  file: string,
  mailbox: Mailbox,
  name: EntryName,
): Promise<string | undefined> {
  return place(ctx, 'link', file, mailbox, 1, name);
}

async function place(
  ctx: FileContext,
  how: 'rename' | 'link',
  source: string,
  mailbox: Mailbox,
  lane: Lane,
  name: EntryName,
): Promise<string | undefined> {
  const laneDir = laneOf(mailbox, name.rank, lane);
  const entry = formatEntryName(name);
  for (let round = 0; round < 100; round++) {
    const bucket = bucketAtHand(ctx, laneDir) ?? (await bucketToFill(ctx, laneDir));
    const target = pathIn(bucket.dir, entry);
    const done = how === 'rename' ? await ctx.disk.rename(source, target) : await ctx.disk.link(source, target);
    if (done && done !== 'missing') {
      bucket.room--;
      // What this process adds, its own next claim must see.
      endWalk(ctx, mailbox);
      return bucket.dir;
    }
    // ENOENT has two meanings: the source is gone (another process moved it), or the bucket is (a consumer removed it).
    if (!(await ctx.disk.stat(source))) return undefined;
    filling.of(ctx).delete(laneDir);
    forgetFolder(ctx, bucket.dir);
  }
  throw new DreamosError('disk', 'DISK_FAILED', `The newest bucket of ${laneDir} vanishes again and again.`, {
    hint: 'Run `dreamos doctor`.',
  });
}

/** The one that this process fills, without a look whether it still is the newest. */
function bucketAtHand(ctx: FileContext, laneDir: string): Bucket | undefined {
  const known = filling.of(ctx).get(laneDir);
  return known && known.room > 0 && ctx.clock.uptime() - known.lookedAt < lookMs ? known : undefined;
}

async function bucketToFill(ctx: FileContext, laneDir: string): Promise<Bucket> {
  const buckets = filling.of(ctx);
  const known = buckets.get(laneDir);
  const lookedAt = ctx.clock.uptime();
  await ensureFolder(ctx, laneDir);
  const newest = await newestBucket(ctx, laneDir);
  if (known && known.room > 0 && newest === known.dir) {
    known.lookedAt = lookedAt;
    return known;
  }
  const bucket = { ...((await roomIn(ctx, newest)) ?? (await openBucket(ctx, laneDir))), lookedAt };
  if (buckets.size > 1024) buckets.clear();
  buckets.set(laneDir, bucket);
  return bucket;
}

async function newestBucket(ctx: FileContext, laneDir: string): Promise<string | undefined> {
  const level1 = (await bucketsIn(ctx, laneDir)).at(-1);
  if (level1 === undefined) return undefined;
  const parentDir = pathIn(laneDir, level1);
  const newest = (await bucketsIn(ctx, parentDir)).at(-1);
  return newest === undefined ? undefined : pathIn(parentDir, newest);
}

/** The bucket, if it is not full. */
async function roomIn(ctx: FileContext, dir: string | undefined): Promise<Omit<Bucket, 'lookedAt'> | undefined> {
  const names = dir === undefined ? undefined : await ctx.disk.list(dir);
  if (dir === undefined || !names || names.length >= bucketEntries) return undefined;
  return { dir, room: Math.min(entriesBetweenCounts, bucketEntries - names.length) };
}

/** A new bucket sorts behind every other one, even when the clock has stepped back since. */
async function openBucket(ctx: FileContext, laneDir: string): Promise<Omit<Bucket, 'lookedAt'>> {
  const parents = await bucketsIn(ctx, laneDir);
  const last = parents.at(-1);
  const siblings = last === undefined ? [] : await bucketsIn(ctx, pathIn(laneDir, last));
  const newest = Math.max(
    ctx.clock.now(),
    (parseBucket(last ?? '') ?? 0) + 1,
    (parseBucket(siblings.at(-1) ?? '') ?? 0) + 1,
  );
  const name = bucketName(newest, ctx.ids.token());
  const parent = last === undefined || siblings.length >= bucketEntries ? bucketName(newest, ctx.ids.token()) : last;
  const dir = pathIn(pathIn(laneDir, parent), name);
  await ensureFolder(ctx, dir);
  return { dir, room: bucketEntries };
}
