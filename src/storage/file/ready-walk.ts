/**
 * Walks over what is ready in delivery order: by priority, then what comes back before what is new, then oldest first.
 * It lists one bucket at a time, so that the first message costs the same however many lie behind it.
 *
 * A consumer in a loop goes on with the walk of its last claim for a few milliseconds instead of listing eight lanes
 * again for each message; what this process itself adds ends the walk at once. So an urgent message from another process
 * may have to wait for the claims that begin within `walkMs` of its arrival, and no longer; behind many messages of busy
 * ordering keys, for twice as long as it takes to get past them.
 */
import { dirname } from 'node:path';
import { priorities } from '../../model/message.ts';
import { bucketsIn, removeEmptyBucket } from './buckets.ts';
import type { FileContext } from './context.ts';
import { quarantine } from './corrupt.ts';
import { parseEntryName, type EntryName } from './entry-name.ts';
import { isRealFolder } from './folders.ts';
import { laneOf, type Mailbox } from './layout.ts';
import { startOrder, type WalkOrder } from './walk-order.ts';

const walkMs = 5;
// A hundred thousand stray files must not make one claim take minutes: so much a walk puts aside, the next one goes on.
const junkAtOnce = 100;

export interface ReadyWalk {
  readonly order: WalkOrder;
  /** The next candidate; `undefined`: that was all. */
  next(): Promise<ReadyEntry | undefined>;
}

export interface ReadyEntry {
  readonly dir: string;
  readonly text: string;
  readonly name: EntryName;
  /** Of the walk that came upon it. */
  readonly order: WalkOrder;
}

/** The next candidate of the mailbox's shared walk; `fresh` begins a new one. */
export function nextReady(ctx: FileContext, mailbox: Mailbox, fresh: boolean): Promise<ReadyEntry | undefined> {
  let walk = ctx.walks.get(mailbox.name);
  if (!walk || fresh || isOver(ctx, walk)) {
    walk = walkReady(ctx, mailbox);
    ctx.walks.set(mailbox.name, walk);
  }
  return walk.next();
}

/** One that had to get past many messages of busy keys is good for as long again: begun anew, it might never get by. */
function isOver(ctx: FileContext, { order }: ReadyWalk): boolean {
  return ctx.clock.uptime() - order.startedAt > Math.max(walkMs, 2 * order.passingMs);
}

/** A walk for who claims: it puts junk aside as it meets it. */
export function walkReady(ctx: FileContext, mailbox: Mailbox): ReadyWalk {
  const order = startOrder(ctx);
  const sweep = sweeper(ctx, mailbox);
  const buckets = walkBuckets(ctx, mailbox, sweep);
  let listed: readonly { dir: string; text: string }[] = [];
  let at = 0;
  const walk: ReadyWalk = {
    order,
    async next() {
      for (;;) {
        for (let candidate = listed[at]; candidate; candidate = listed[at]) {
          at++;
          const { dir, text } = candidate;
          const name = parseEntryName(text);
          if (name) return { dir, text, name, order };
          await sweep(`${dir}/${text}`, 'its name is not one that dreamos makes');
        }
        const { value: bucket } = await buckets.next();
        if (!bucket) {
          if (ctx.walks.get(mailbox.name) === walk) ctx.walks.delete(mailbox.name);
          return undefined;
        }
        // Behind what another claim of this process, which shares the walk, has listed meanwhile.
        listed = [...listed.slice(at), ...bucket.names.map((text) => ({ dir: bucket.dir, text }))];
        at = 0;
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

/** What is ready, bucket by bucket. Without `onJunk` it only looks, and passes over what is no folder of ours. */
export async function* walkBuckets(
  ctx: FileContext,
  mailbox: Mailbox,
  onJunk?: OnJunk,
): AsyncGenerator<ReadyBucket, undefined, void> {
  const inUse = await ctx.disk.list(mailbox.ready);
  for (let rank = 0; rank < priorities.length; rank++) {
    if (inUse?.includes(`p${rank}`) !== true) continue;
    for (const lane of [0, 1] as const) yield* walkLane(ctx, laneOf(mailbox, rank, lane), onJunk);
  }
  return undefined;
}

async function* walkLane(
  ctx: FileContext,
  laneDir: string,
  onJunk: OnJunk | undefined,
): AsyncGenerator<ReadyBucket, void, void> {
  if (!(await isRealFolder(ctx, laneDir))) {
    if (!(await sweepOdd(ctx, dirname(laneDir), onJunk))) await sweepOdd(ctx, laneDir, onJunk);
    return;
  }
  const parents = await bucketsIn(ctx, laneDir);
  for (const [p, parent] of parents.entries()) {
    const parentIsNewest = p === parents.length - 1;
    const buckets = await bucketsIn(ctx, `${laneDir}/${parent}`);
    if (buckets.length === 0) {
      if (!parentIsNewest) await ctx.disk.removeDir(`${laneDir}/${parent}`);
      await sweepOdd(ctx, `${laneDir}/${parent}`, onJunk);
    }
    for (const [b, bucket] of buckets.entries()) {
      const dir = `${laneDir}/${parent}/${bucket}`;
      const names = await ctx.disk.list(dir);
      if (!names) {
        // Gone since, or no folder at all.
        await sweepOdd(ctx, dir, onJunk);
        continue;
      }
      const last = b === buckets.length - 1;
      if (names.length === 0 && !(last && parentIsNewest)) await removeEmptyBucket(ctx, dir, last);
      yield { dir, names: names.sort() };
    }
  }
}

/** @returns whether there is a link or a file in the place of this folder */
async function sweepOdd(ctx: FileContext, dir: string, onJunk: OnJunk | undefined): Promise<boolean> {
  const kind = (await ctx.disk.stat(dir))?.kind;
  if (kind === undefined || kind === 'directory') return false;
  await onJunk?.(dir, `it is a ${kind} in the place of a folder`);
  return true;
}
