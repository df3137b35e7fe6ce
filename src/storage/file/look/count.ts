import { DreamosError } from '../../../model/errors.ts';
import { idTime } from '../../../model/id.ts';
import { dayMs } from '../../../model/basics/limits.ts';
import type { Counts, RefusedCount } from '../../port/look.ts';
import type { FileContext } from '../disk/context.ts';
import { namesIn } from '../disk/folders.ts';
import { corruptFiles } from '../places/corrupt.ts';
import { idIn, looksLikeEntry, mayExpire, parseEntryName } from '../names/entry-name.ts';
import { archiveDays, hasPacks, readyBuckets } from './find.ts';
import { allAnswers } from '../places/inbox.ts';
import type { Mailbox } from '../names/layout.ts';
import { wheelEntries } from '../places/wheel.ts';
import { memory } from '../disk/memory.ts';
import { troubleIsOver, warnOnce } from '../disk/warn-once.ts';
import { isReason } from '../names/beside.ts';
import { pathIn } from '../names/path.ts';

/** So many folders are being listed while one is looked through. */
const listedAhead = 16;

/** Counts names; opens no file. Exact at rest, approximate while mail moves. */
export async function counts(ctx: FileContext, mailbox: Mailbox): Promise<Counts> {
  const ready = await countReady(ctx, mailbox);
  const dead = (await namesIn(ctx, mailbox.dlq)).filter((name) => !isReason(name) && parseEntryName(name));
  let archived = 0;
  for (const day of await archiveDays(ctx, mailbox)) archived += await countEntries(ctx, pathIn(mailbox.archive, day));
  if (await hasPacks(ctx, mailbox)) archived += await (await import('../places/packed.ts')).countPacked(ctx, mailbox);
  const readAt = await lastReadAt(ctx, mailbox);
  const refused = await refusedLately(ctx, mailbox);
  return {
    ready: ready.count,
    inflight: await countWheel(ctx, mailbox.inflight),
    delayed: (await countWheel(ctx, mailbox.delayed)) + (await countAnswers(ctx, mailbox)),
    dead: dead.length,
    archived,
    corrupt: (await corruptFiles(ctx, mailbox)).length,
    ...(ready.expired > 0 && { expired: ready.expired }),
    ...(ready.oldestId !== undefined && { oldestReadyAt: idTime(ready.oldestId) }),
    ...(readAt !== undefined && { lastReadAt: readAt }),
    ...(refused && { refused }),
  };
}

async function refusedLately(ctx: FileContext, mailbox: Mailbox): Promise<RefusedCount | undefined> {
  const stat = await ctx.disk.stat(mailbox.refused);
  if (!stat || stat.mtimeMs < ctx.clock.now() - dayMs) return undefined;
  return (await import('./refusals.ts')).refusedIn(ctx, mailbox);
}

export async function lastReadAt(ctx: FileContext, mailbox: Mailbox): Promise<number | undefined> {
  return (await ctx.disk.stat(mailbox.lastRead))?.mtimeMs;
}

/** By mailbox: when (uptime) this process last left its mark. */
const markedAt = memory(() => new Map<string, number>());

/** Whether the mark of a read is of just now. One a second is enough for a person, and a consumer in a loop saves the call. */
export function isMarked(ctx: FileContext, { name }: Mailbox): boolean {
  return ctx.clock.uptime() - (markedAt.of(ctx).get(name) ?? -Infinity) < 1000;
}

/** Leaves the mark of a read. */
export async function markRead(ctx: FileContext, mailbox: Mailbox): Promise<void> {
  markedAt.of(ctx).set(mailbox.name, ctx.clock.uptime());
  const what = `The mark of the last read of ${mailbox.name} could not be set`;
  try {
    await ctx.disk.touch(mailbox.lastRead, ctx.clock.now());
    troubleIsOver(ctx, what);
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    // It only tells; mail is still to be had.
    warnOnce(ctx, `${what}: ${error.message}`, what);
  }
}

async function countReady(
  ctx: FileContext,
  mailbox: Mailbox,
): Promise<{ count: number; expired: number; oldestId: string | undefined }> {
  const now = ctx.clock.now();
  let count = 0;
  let expired = 0;
  let oldestId: string | undefined;
  for await (const names of listings(ctx, await readyBuckets(ctx, mailbox))) {
    for (const text of names) {
      if (!looksLikeEntry(text)) continue;
      count++;
      if (mayExpire(text) && (parseEntryName(text)?.expiresAt ?? Infinity) <= now) expired++;
      // ULIDs sort by time, so the smallest is the oldest.
      const id = idIn(text);
      if (oldestId === undefined || id < oldestId) oldestId = id;
    }
  }
  return { count, expired, oldestId };
}

/** The names in each folder; no names where there is none. */
async function* listings(ctx: FileContext, dirs: readonly string[]): AsyncGenerator<string[], void, void> {
  const aside = dirs.length > listedAhead;
  const ahead: Promise<string[] | undefined>[] = [];
  for (let next = 0; next < dirs.length || ahead.length > 0;) {
    while (ahead.length < listedAhead && next < dirs.length) {
      const listing = Promise.resolve(ctx.disk.list(dirs[next++] as string, { aside }));
      // When one before it fails, nobody awaits it any more.
      listing.catch(() => undefined);
      ahead.push(listing);
    }
    yield (await ahead.shift()) ?? [];
  }
}

async function countWheel(ctx: FileContext, wheel: string): Promise<number> {
  let count = 0;
  for await (const { name } of wheelEntries(ctx, wheel)) if (name) count++;
  return count;
}

async function countAnswers(ctx: FileContext, mailbox: Mailbox): Promise<number> {
  return (await allAnswers(ctx, mailbox)).filter(({ text }) => parseEntryName(text)).length;
}

async function countEntries(ctx: FileContext, dir: string): Promise<number> {
  let count = 0;
  for (const name of (await ctx.disk.list(dir)) ?? []) if (looksLikeEntry(name)) count++;
  return count;
}
