/**
 * Walks over what is ready in delivery order: by priority, then what comes back before what is new, then oldest first.
 * It lists one bucket at a time, so that the first message costs the same however many lie behind it.
 *
 * A consumer in a loop goes on with the walk of its last claim for a few milliseconds instead of listing eight lanes
 * again for each message; what this process itself adds ends the walk at once. So an urgent message from another process
 * may have to wait for the claims that begin within `walkMs` of its arrival, and no longer.
 */
import { dirname } from 'node:path';
import { priorities } from '../../model/message.ts';
import { bucketsIn, removeEmptyBucket } from './buckets.ts';
import type { FileContext } from './context.ts';
import { isRealFolder } from './folders.ts';
import { laneOf, type Lane, type Mailbox } from './layout.ts';

export const walkMs = 5;

export interface ReadyWalk {
  readonly startedAt: number;
  readonly entries: AsyncGenerator<ReadyEntry, undefined, void>;
}

export interface ReadyEntry {
  readonly dir: string;
  readonly name: string;
}

/** The next candidate of the mailbox's shared walk; `fresh` begins a new one. */
export async function nextReady(ctx: FileContext, mailbox: Mailbox, fresh: boolean): Promise<ReadyEntry | undefined> {
  let walk = ctx.walks.get(mailbox.name);
  if (!walk || fresh || ctx.clock.uptime() - walk.startedAt > walkMs) {
    walk = { startedAt: ctx.clock.uptime(), entries: walkReady(ctx, mailbox) };
    ctx.walks.set(mailbox.name, walk);
  }
  const next = await walk.entries.next();
  if (next.value === undefined) ctx.walks.delete(mailbox.name);
  return next.value;
}

export async function* walkReady(ctx: FileContext, mailbox: Mailbox): AsyncGenerator<ReadyEntry, undefined, void> {
  const inUse = await ctx.disk.list(mailbox.ready);
  for (let rank = 0; rank < priorities.length; rank++) {
    if (inUse?.includes(`p${rank}`) !== true) continue;
    for (const lane of [0, 1] as const) yield* walkLane(ctx, laneOf(mailbox, rank, lane as Lane));
  }
  return undefined;
}

async function* walkLane(ctx: FileContext, laneDir: string): AsyncGenerator<ReadyEntry, void, void> {
  if (!(await isRealFolder(ctx, laneDir))) return;
  const parents = await bucketsIn(ctx, laneDir);
  for (const [p, parent] of parents.entries()) {
    const parentIsNewest = p === parents.length - 1;
    const buckets = await bucketsIn(ctx, `${laneDir}/${parent}`);
    if (buckets.length === 0 && !parentIsNewest) await ctx.disk.removeDir(`${laneDir}/${parent}`);
    for (const [b, bucket] of buckets.entries()) {
      const dir = `${laneDir}/${parent}/${bucket}`;
      const names = await ctx.disk.list(dir);
      if (!names) {
        // Gone since, or no folder at all: a link or a file under a bucket's name.
        if (await ctx.disk.stat(dir)) yield { dir: dirname(dir), name: bucket };
        continue;
      }
      const last = b === buckets.length - 1;
      if (names.length === 0 && !(last && parentIsNewest)) await removeEmptyBucket(ctx, dir, last);
      for (const name of names.sort()) yield { dir, name };
    }
  }
}
