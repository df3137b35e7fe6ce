import { priorities } from '../../../model/message.ts';
import type { State } from '../../../model/state.ts';
import { bucketsIn } from '../places/buckets.ts';
import type { ListFrom } from '../../port/look.ts';
import type { FileContext } from '../disk/context.ts';
import { identityOf, mayBeOf, padTime, parseEntryName, timeTagOf, timeIn } from '../names/entry-name.ts';
import { isRealFolder, namesIn } from '../disk/folders.ts';
import { allAnswers } from '../places/inbox.ts';
import { laneOf, type Lane, type Mailbox, rankFolder } from '../names/layout.ts';
import { walkBuckets } from '../places/ready-walk.ts';
import { wheelEntries } from '../places/wheel.ts';
import type { Found } from '../names/found.ts';
import { newestFirst } from './newest-first.ts';
import { dayOf, isDay } from '../names/slots.ts';
import { looksPacked } from '../names/pack-name.ts';
import { folderOf, nameOf, pathIn } from '../names/path.ts';

/** Every place of a mailbox where this id lies. Lists the mailbox; opens no file. */
export async function findIn(ctx: FileContext, mailbox: Mailbox, id: string): Promise<Found[]> {
  const found: Found[] = [];
  // In the order of a message's life, so that one that moves on meanwhile is met later rather than missed.
  for (const state of ['delayed', 'ready', 'inflight', 'dead', 'archived'] as const) {
    for await (const entry of listState(ctx, mailbox, state, { id })) found.push(entry);
  }
  return found;
}

interface Which {
  /** Only this message's. */
  readonly id?: string;
  readonly from?: ListFrom | undefined;
}

/** The entries of one state in the order of the port. */
export async function* listState(
  ctx: FileContext,
  mailbox: Mailbox,
  state: State,
  { id, from = {} }: Which = {},
): AsyncGenerator<Found, void, void> {
  for await (const { dir, name: text } of names(ctx, mailbox, state, id, from)) {
    if (id !== undefined && !mayBeOf(text, id)) continue;
    const name = parseEntryName(text);
    if (!name || name.tag !== timeTagOf[state] || (id !== undefined && name.id !== id)) continue;
    yield { state, path: pathIn(dir, text), name };
  }
}

async function* names(
  ctx: FileContext,
  mailbox: Mailbox,
  state: State,
  id: string | undefined,
  from: ListFrom,
): AsyncGenerator<Place, void, void> {
  switch (state) {
    case 'ready':
      yield* readyNames(ctx, mailbox, from);
      break;
    case 'delayed':
      yield* behindName(delayedNames(ctx, mailbox, timeBehind(from)), from);
      break;
    case 'inflight':
      yield* behindName(inflightNames(ctx, mailbox, timeBehind(from)), from);
      break;
    case 'dead': {
      const before = newestOf(from);
      for (const name of newestFirst(await namesIn(ctx, mailbox.dlq), before)) yield { dir: mailbox.dlq, name };
      break;
    }
    case 'archived':
      yield* archivedNames(ctx, mailbox, id, newestOf(from));
  }
}

interface Place {
  readonly dir: string;
  readonly name: string;
}

async function* readyNames(ctx: FileContext, mailbox: Mailbox, { after }: ListFrom): AsyncGenerator<Place, void, void> {
  const last = after === undefined ? undefined : pathIn(mailbox.dir, after);
  const walk = walkBuckets(ctx, mailbox, { onlyLooks: true, from: last && folderOf(last) });
  for await (const { dir, names: texts } of walk) {
    const isBegun = last !== undefined && folderOf(last) === dir;
    for (const name of texts) if (!isBegun || identityOf(name) > nameOf(last)) yield { dir, name };
  }
}

/** In a wheel a name tells its place by itself: it begins with its time. */
async function* behindName(
  places: AsyncGenerator<Place, void, void>,
  { after }: ListFrom,
): AsyncGenerator<Place, void, void> {
  const last = after === undefined ? '' : nameOf(after);
  for await (const place of places) if (identityOf(place.name) > last) yield place;
}

/** Before this time nothing in a wheel is behind it; milliseconds since 1970. */
function timeBehind({ after }: ListFrom): number {
  return after === undefined ? 0 : timeIn(nameOf(after));
}

/** Of names that begin with their time, newest first: what is behind is smaller than this. */
function newestOf({ after, until }: ListFrom): string | undefined {
  if (after !== undefined) return nameOf(after);
  return until === undefined ? undefined : `k${padTime(until + 1)}`;
}

/** After each folder a look for packs, because whoever packs what is in it does so in the other order. */
async function* archivedNames(
  ctx: FileContext,
  mailbox: Mailbox,
  id: string | undefined,
  before: string | undefined,
): AsyncGenerator<Place, void, void> {
  const firstDay = before === undefined ? '9999-99-99' : dayOf(timeIn(before));
  const days = (await archiveDays(ctx, mailbox)).filter((day) => day <= firstDay);
  let packedFrom = (await hasPacks(ctx, mailbox)) ? firstDay : undefined;
  for (const day of days) {
    if (packedFrom !== undefined) break;
    const dir = pathIn(mailbox.archive, day);
    const texts = (await ctx.disk.list(dir)) ?? [];
    if (await hasPacks(ctx, mailbox)) packedFrom = day;
    else for (const name of newestFirst(texts, before)) yield { dir, name };
  }
  if (packedFrom === undefined) return;
  const packed = (await import('../places/packed.ts')).archivedNames(ctx, mailbox, { id, toDay: packedFrom });
  for await (const place of packed) if (before === undefined || identityOf(place.name) < before) yield place;
}

async function* inflightNames(ctx: FileContext, mailbox: Mailbox, since: number): AsyncGenerator<Place, void, void> {
  for await (const { dir, text } of wheelEntries(ctx, mailbox.inflight, since)) yield { dir, name: text };
}

/** What waits in inboxes among the others, by time, which names begin with. */
async function* delayedNames(ctx: FileContext, mailbox: Mailbox, since: number): AsyncGenerator<Place, void, void> {
  const answers = (await allAnswers(ctx, mailbox)).map(({ dir, text }) => ({ dir, name: text }));
  for await (const { dir, text } of wheelEntries(ctx, mailbox.delayed, since)) {
    while (answers[0] && answers[0].name < text) yield* answers.splice(0, 1);
    yield { dir, name: text };
  }
  yield* answers;
}

/** The days that have an archive, newest first. */
export async function archiveDays(ctx: FileContext, mailbox: Mailbox): Promise<string[]> {
  return (await namesIn(ctx, mailbox.archive)).filter(isDay).sort().reverse();
}

export async function hasPacks(ctx: FileContext, mailbox: Mailbox): Promise<boolean> {
  return (await ctx.disk.list(mailbox.archive))?.some(looksPacked) === true;
}

/** The folders that hold the entries of ready/, for counting. */
export async function readyBuckets(ctx: FileContext, mailbox: Mailbox): Promise<string[]> {
  const dirs: string[] = [];
  const inUse = await namesIn(ctx, mailbox.ready);
  for (let rank = 0; rank < priorities.length; rank++) {
    if (!inUse.includes(rankFolder(rank))) continue;
    for (const lane of [0, 1]) {
      const laneDir = laneOf(mailbox, rank, lane as Lane);
      if (!(await isRealFolder(ctx, laneDir))) continue;
      for (const parent of await bucketsIn(ctx, laneDir)) {
        const parentDir = pathIn(laneDir, parent);
        for (const bucket of await bucketsIn(ctx, parentDir)) dirs.push(pathIn(parentDir, bucket));
      }
    }
  }
  return dirs;
}
