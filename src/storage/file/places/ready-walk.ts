/**
 * Walks over what is ready in delivery order: by priority, then what comes back before what is new, then oldest first.
 * It lists one bucket at a time, so that the first message costs the same however many lie behind it.
 *
 * A consumer in a loop goes on with the walk of its last claim for a few milliseconds instead of listing eight lanes
 * again for each message; what this process itself adds ends the walk at once. So an urgent message from another process
 * may have to wait for the claims that begin within `lookMs` of its arrival, and no longer; behind many messages of busy
 * ordering keys, for twice as long as it takes to get past them.
 *
 * After `lookMs` it begins again from the top, but what it has listed of its bucket is good for `walkMs`, unless it has skipped
 * messages of busy keys: listing 256 names takes longer than all the rest of a walk, and what is added to a bucket comes
 * behind what is in it. Before the next bucket this one is listed again, so that nothing that was added meanwhile is
 * overtaken by what was sent later.
 */
import { priorities } from '../../../model/message.ts';
import { bucketsIn, lookMs, removeEmptyBucket } from './buckets.ts';
import type { FileContext } from '../disk/context.ts';
import type { FileStat } from '../disk/disk.ts';
import { memory } from '../disk/memory.ts';
import { quarantine } from './corrupt.ts';
import { parseEntryName } from '../names/entry-name.ts';
import { kindOf, namesIn, removeEmpty } from '../disk/folders.ts';
import { laneOf, type Mailbox, rankFolder } from '../names/layout.ts';
import { contestedBuckets, endContest, shareOf } from './contest.ts';
import { handOut, type ReadyEntry, resolve, startOrder, type WalkOrder } from './walk-order.ts';
import { folderOf, pathIn } from '../names/path.ts';

/** By mailbox: a walk that the next claim may go on with. */
const walks = memory(() => new Map<string, ReadyWalk>());

const walkMs = 50;
// A hundred thousand stray files must not make one claim take minutes: so much a walk puts aside, the next one goes on.
const junkAtOnce = 100;

export interface ReadyWalk {
  readonly order: WalkOrder;
  /** Where among the oldest buckets of each lane it begins; 0: with the oldest (contest.ts). */
  readonly share: number;
  /** Begins from the top, with what is left of its bucket. */
  lookAgain(): void;
  /** The next candidate; `undefined`: that was all. */
  next(): Promise<ReadyEntry | undefined>;
}

/** The next candidate of the mailbox's shared walk; `fresh` begins a new one, with the oldest. */
export function nextReady(ctx: FileContext, mailbox: Mailbox, fresh: boolean): Promise<ReadyEntry | undefined> {
  let walk = walks.of(ctx).get(mailbox.name);
  const now = ctx.clock.uptime();
  if (!walk || fresh || isOver(walk, now)) {
    walk = walkReady(ctx, mailbox, fresh ? 0 : shareOf(ctx, mailbox));
    walks.of(ctx).set(mailbox.name, walk);
  } else if (walk.order.skipped === undefined && now - walk.order.lookedAt > lookMs) walk.lookAgain();
  return walk.share === 0 ? walk.next() : nextWithoutKey(ctx, mailbox, walk);
}

/** Of a walk that does not begin with the oldest: an earlier message of a key may lie in a bucket that it comes to later. */
async function nextWithoutKey(ctx: FileContext, mailbox: Mailbox, walk: ReadyWalk): Promise<ReadyEntry | undefined> {
  const entry = await walk.next();
  if (!entry?.name.order) return entry;
  resolve(entry);
  endContest(ctx, mailbox);
  return nextReady(ctx, mailbox, true);
}

/** The next claim begins a new one: what was just put there, or left there, it has to see. */
export function endWalk(ctx: FileContext, mailbox: Mailbox): void {
  walks.of(ctx).delete(mailbox.name);
}

/**
 * One that has skipped messages of busy keys is begun anew instead of from the top, so that they are looked at again
 * soon; if it had to get past many of them, it is good for as long again, or it might never get by.
 */
function isOver({ order }: ReadyWalk, now: number): boolean {
  if (order.skipped === undefined) return now - order.startedAt > walkMs;
  return now - order.lookedAt > Math.max(lookMs, 2 * order.passingMs);
}

/** Whether it goes on with a listing from before it last began from the top. */
export function isKept(order: WalkOrder): boolean {
  return order.lookedAt !== order.startedAt;
}

/** A walk for who claims: it puts junk aside as it meets it. */
export function walkReady(ctx: FileContext, mailbox: Mailbox, share = 0): ReadyWalk {
  const order = startOrder(ctx);
  const onJunk = sweeper(ctx, mailbox);
  let buckets = walkBuckets(ctx, mailbox, { onJunk, share });
  // More than one where several claims of this process share the walk.
  let listed: Listing[] = [];
  let kept: Listing | undefined;
  const walk: ReadyWalk = {
    order,
    share,
    lookAgain() {
      order.lookedAt = ctx.clock.uptime();
      [kept] = listed;
      buckets = walkBuckets(ctx, mailbox, { onJunk, share, known: kept?.bucket });
      listed = [];
    },
    async next() {
      for (;;) {
        for (let listing = listed[0]; listing; listing = listed[0]) {
          const { dir, names } = listing.bucket;
          const text = names[listing.at++];
          if (text === undefined) {
            if (listed[0] === listing) listed.shift();
            continue;
          }
          const name = parseEntryName(text);
          if (name) return handOut(order, { dir, text, name });
          await onJunk(pathIn(dir, text), 'its name is not one that dreamos makes');
        }
        const from = buckets;
        const { value: bucket } = await from.next();
        if (from !== buckets) continue;
        if (!bucket) {
          if (walks.of(ctx).get(mailbox.name) === walk) endWalk(ctx, mailbox);
          return undefined;
        }
        listed.push(bucket === kept?.bucket ? kept : { bucket, at: 0 });
      }
    },
  };
  return walk;
}

/** Told of what is no message, or stands where a folder should be. */
type OnJunk = (path: string, why: string) => Promise<unknown>;

function sweeper(ctx: FileContext, mailbox: Mailbox): OnJunk {
  let left = junkAtOnce;
  return async (path, why) => left-- > 0 && quarantine(ctx, mailbox, path, why);
}

interface ReadyBucket {
  readonly dir: string;
  /** Sorted; junk is among them. */
  readonly names: readonly string[];
}

/** A bucket and how far a walk has come in it. */
interface Listing {
  readonly bucket: ReadyBucket;
  at: number;
}

interface WalkOptions {
  /** Without it a walk only looks, and passes over what is no folder of ours. */
  readonly onJunk?: OnJunk;
  /** A bucket that an earlier walk has listed: it goes on with that, and then lists what was added. */
  readonly known?: ReadyBucket | undefined;
  /** As of a ReadyWalk. */
  readonly share?: number;
  /** Empty folders stay where they are. */
  readonly onlyLooks?: boolean;
  /** A bucket, which need not be there any more: it begins with that. */
  readonly from?: string | undefined;
}

/** What is ready, bucket by bucket. */
export async function* walkBuckets(
  ctx: FileContext,
  mailbox: Mailbox,
  options: WalkOptions = {},
): AsyncGenerator<ReadyBucket, undefined, void> {
  const inUse = await namesIn(ctx, mailbox.ready);
  for (let rank = 0; rank < priorities.length; rank++) {
    if (!inUse.includes(rankFolder(rank))) continue;
    for (const lane of [0, 1] as const) {
      const dir = laneOf(mailbox, rank, lane);
      if (!isPassed(dir, options.from)) yield* walkLane(ctx, dir, options);
    }
  }
  return undefined;
}

/** Whether all that is in a folder comes before a bucket: folders of one level sort by their names. */
function isPassed(dir: string, from: string | undefined): boolean {
  return from !== undefined && dir < from.slice(0, dir.length);
}

async function* walkLane(
  ctx: FileContext,
  laneDir: string,
  { onJunk, known, share = 0, onlyLooks = false, from: first }: WalkOptions,
): AsyncGenerator<ReadyBucket, void, void> {
  const kind = await kindOf(ctx, laneDir);
  // Looked at again though it was a folder once: whoever claims for weeks has to see what stands there now.
  if (kind === undefined) await sweepOdd(ctx, folderOf(laneDir), onJunk);
  if (kind !== 'directory') {
    await sweep(laneDir, kind, onJunk);
    return;
  }
  const parents = await bucketsIn(ctx, laneDir);
  for (const [p, parent] of parents.entries()) {
    const parentIsNewest = p === parents.length - 1;
    const parentDir = pathIn(laneDir, parent);
    if (isPassed(parentDir, first)) continue;
    const buckets = await bucketsIn(ctx, parentDir);
    if (buckets.length === 0) {
      if (!parentIsNewest && !onlyLooks) await removeEmpty(ctx, parentDir);
      await sweepOdd(ctx, parentDir, onJunk);
    }
    const inOrder = [...buckets.entries()];
    const from = p === 0 ? Math.floor(share * Math.min(contestedBuckets, buckets.length)) : 0;
    for (const [b, bucket] of [...inOrder.slice(from), ...inOrder.slice(0, from)]) {
      const dir = pathIn(parentDir, bucket);
      if (isPassed(dir, first)) continue;
      if (known?.dir === dir) yield known;
      const names = await ctx.disk.list(dir);
      if (!names) {
        // Gone since, or no folder at all.
        await sweepOdd(ctx, dir, onJunk);
        continue;
      }
      const last = b === buckets.length - 1;
      if (names.length === 0 && !(last && parentIsNewest) && !onlyLooks) await removeEmptyBucket(ctx, dir, last);
      const seen = new Set(known?.dir === dir ? known.names : []);
      yield { dir, names: names.filter((name) => !seen.has(name)).sort() };
    }
  }
}

/** Puts a link or a file aside that stands in the place of this folder. */
async function sweepOdd(ctx: FileContext, dir: string, onJunk: OnJunk | undefined): Promise<void> {
  await sweep(dir, (await ctx.disk.stat(dir))?.kind, onJunk);
}

async function sweep(dir: string, kind: FileStat['kind'] | undefined, onJunk: OnJunk | undefined): Promise<void> {
  if (kind === undefined || kind === 'directory') return;
  await onJunk?.(dir, `it is a ${kind} in the place of a folder`);
}
