import { priorities } from '../../../model/message.ts';
import type { State } from '../../../model/state.ts';
import { bucketsIn } from '../places/buckets.ts';
import type { FileContext } from '../disk/context.ts';
import { mayBeOf, parseEntryName, timeTagOf } from '../names/entry-name.ts';
import { isRealFolder, namesIn } from '../disk/folders.ts';
import { allAnswers } from '../places/inbox.ts';
import { laneOf, type Lane, type Mailbox, rankFolder } from '../names/layout.ts';
import { walkBuckets } from '../places/ready-walk.ts';
import { wheelEntries } from '../places/wheel.ts';
import type { Found } from '../names/found.ts';
import { isDay } from '../names/slots.ts';
import { looksPacked } from '../names/pack-name.ts';
import { pathIn } from '../names/path.ts';

/** Every place of a mailbox where this id lies. Lists the mailbox; opens no file. */
export async function findIn(ctx: FileContext, mailbox: Mailbox, id: string): Promise<Found[]> {
  const found: Found[] = [];
  // In the order of a message's life, so that one that moves on meanwhile is met later rather than missed.
  for (const state of ['delayed', 'ready', 'inflight', 'dead', 'archived'] as const) {
    for await (const entry of listState(ctx, mailbox, state, id)) found.push(entry);
  }
  return found;
}

/** The entries of one state in the order of the port. @param id only this message's */
export async function* listState(
  ctx: FileContext,
  mailbox: Mailbox,
  state: State,
  id?: string,
): AsyncGenerator<Found, void, void> {
  for await (const { dir, name: text } of names(ctx, mailbox, state, id)) {
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
): AsyncGenerator<{ dir: string; name: string }, void, void> {
  switch (state) {
    case 'ready':
      for await (const { dir, names: texts } of walkBuckets(ctx, mailbox, { onlyLooks: true })) {
        for (const name of texts) yield { dir, name };
      }
      break;
    case 'delayed':
      yield* delayedNames(ctx, mailbox);
      break;
    case 'inflight':
      for await (const { dir, text } of wheelEntries(ctx, mailbox.inflight)) yield { dir, name: text };
      break;
    case 'dead':
      for (const name of (await namesIn(ctx, mailbox.dlq)).sort().reverse()) yield { dir: mailbox.dlq, name };
      break;
    case 'archived':
      yield* archivedNames(ctx, mailbox, id);
  }
}

/** After each folder a look for packs, because whoever packs what is in it does so in the other order. */
async function* archivedNames(
  ctx: FileContext,
  mailbox: Mailbox,
  id: string | undefined,
): AsyncGenerator<{ dir: string; name: string }, void, void> {
  const days = await archiveDays(ctx, mailbox);
  let packedFrom = (await hasPacks(ctx, mailbox)) ? '9999-99-99' : undefined;
  for (const day of days) {
    if (packedFrom !== undefined) break;
    const dir = pathIn(mailbox.archive, day);
    const texts = ((await ctx.disk.list(dir)) ?? []).sort().reverse();
    if (await hasPacks(ctx, mailbox)) packedFrom = day;
    else for (const name of texts) yield { dir, name };
  }
  if (packedFrom === undefined) return;
  yield* (await import('../places/packed.ts')).archivedNames(ctx, mailbox, { id, toDay: packedFrom });
}

/** What waits in inboxes among the others, by time, which names begin with. */
async function* delayedNames(
  ctx: FileContext,
  mailbox: Mailbox,
): AsyncGenerator<{ dir: string; name: string }, void, void> {
  const answers = (await allAnswers(ctx, mailbox)).map(({ dir, text }) => ({ dir, name: text }));
  for await (const { dir, text } of wheelEntries(ctx, mailbox.delayed)) {
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
