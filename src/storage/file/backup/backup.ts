/**
 * A backup of a root that others work on. It takes no lock and changes nothing, so a message may move while it looks.
 *
 * - Documents and cards first, then dedupe keys, then mail. So an occurrence of a schedule that is noted as sent has its
 *   message in it, or is sent once more; and a key without its message is known for what it is (`unsure`).
 * - One look at the mail goes through each mailbox in the order of a message's life: outbox/, drop/, delayed/, requests/,
 *   ready/, inflight/, dlq/, archive/, packs. A message that moves on meanwhile is met later. One that comes back behind the
 *   look (given back, restored) is met by the next: there are two at least, and they go on until one finds nothing new and no
 *   name without its bytes. Then event logs are asked: whatever they have told of since the beginning must have been met, or
 *   there is another look. So only a message could be missed that comes back in each look, each time moved by a process that
 *   dies before it tells. One that is handed over to a mailbox that was looked into before is met, or told of, in the same way.
 * - The first look takes all that it meets, later ones only what the first has met in other mailboxes, and what is older than
 *   the beginning: so a send to several mailboxes that was met in one of them is met in all, and the looks end.
 *
 * Each place where a message is met is a line of the index. Which one counts is for who restores it (restore/settle.ts).
 */
import { DreamosError } from '../../../model/errors.ts';
import { usage } from '../../../model/refusals.ts';
import type { BackedUp, BackupOptions } from '../../port/upkeep.ts';
import type { FileContext } from '../disk/context.ts';
import { writeTarGz } from '../disk/foreign/tar-gz.ts';
import { aboutBackup, indexOfBackup, isInRoot, unfinishedBackup } from '../names/backup-name.ts';
import { folderOf, nameOf, pathIn } from '../names/path.ts';
import { calledNow } from '../documents/renamed.ts';
import { everyName } from '../documents/topics.ts';
import { type Add, Collection } from './collection.ts';
import { addDedupeKeys } from './dedupe-keys.ts';
import { addDocuments, addKept } from './files.ts';
import { lookAtMail } from './look.ts';
import { idsToldOf, logged } from './told.ts';
import { backupVersion } from './sighting.ts';

// So often a message can come back behind a look before it is said that it does.
const mostLooks = 25;

/** @returns `undefined`: the signal came, and there is no backup @throws ALREADY_EXISTS, USAGE, STATE_CHANGED, DISK_FAILED */
export async function backup(ctx: FileContext, file: string, options: BackupOptions): Promise<BackedUp | undefined> {
  const path = await placeFor(ctx, file);
  const waiting = unfinishedBackup(path, ctx.ids.token());
  const begunAt = ctx.clock.now();
  let collection: Collection | undefined;
  try {
    await writeTarGz(waiting, async (add) => {
      collection = await collect(ctx, add, begunAt, options);
    });
    if (!collection || options.signal?.aborted) return undefined;
    if (await ctx.disk.stat(path)) throw taken(path);
    if (!(await ctx.disk.rename(waiting, path)))
      throw new DreamosError('disk', 'DISK_FAILED', `${waiting} vanished before it became ${path}.`, {
        hint: 'Does something clean up there? Try again.',
      });
    await ctx.disk.syncDir(folderOf(path));
  } finally {
    await ctx.disk.remove(waiting);
  }
  const { messages } = collection;
  return { file: path, messages, bytes: (await ctx.disk.stat(path))?.size ?? 0, begunAt };
}

async function placeFor(ctx: FileContext, file: string): Promise<string> {
  const folder = folderOf(file);
  if ((await ctx.disk.stat(folder)) === undefined)
    throw new DreamosError('not-found', 'SOURCE_NOT_FOUND', `There is no folder ${folder} for the backup.`, {
      hint: `mkdir -p ${folder}`,
    });
  const path = pathIn(await ctx.disk.realPath(folder), nameOf(file));
  if (isInRoot(ctx.layout.root, path))
    throw usage(
      `${path} lies in the root itself.`,
      'Keep backups elsewhere, best on another disk: dreamos backup ~/mail-$(date +%F-%H%M).tar.gz',
    );
  if (await ctx.disk.stat(path)) throw taken(path);
  return path;
}

function taken(path: string): DreamosError {
  return new DreamosError('conflict', 'ALREADY_EXISTS', `${path} is there already, and a backup replaces nothing.`, {
    hint: 'Name another file, for example: dreamos backup mail-$(date +%F-%H%M).tar.gz',
  });
}

/** All of a backup, in its order. */
export async function collect(
  ctx: FileContext,
  add: Add,
  begunAt: number,
  { signal, onProgress }: BackupOptions,
): Promise<Collection | undefined> {
  const about = { format: 'dreamos-backup', version: backupVersion, begunAt, root: ctx.layout.root };
  await add({ name: aboutBackup, bytes: Buffer.from(`${JSON.stringify(about)}\n`) });
  const collection = new Collection(ctx, add, begunAt, await logged(ctx, begunAt));
  const atFirst = await everyName(ctx);
  await addDocuments(ctx, collection);
  await addDedupeKeys(ctx, collection);
  for (let look = 0; ; look++) {
    const missed = await lookAtMail(ctx, collection, { first: look === 0, signal, onProgress });
    if (signal?.aborted) return undefined;
    // Where the first has found nothing, something may have come back behind it all the same.
    if (look > 0 && missed.found === 0 && missed.slipped.size === 0) {
      const [told] = await idsToldOf(ctx, collection);
      if (told === undefined) break;
      missed.slipped.add(told);
    }
    if (look >= mostLooks) throw restless([...missed.slipped][0]);
  }
  await addKept(ctx, collection);
  await refuseRenamed(ctx, [...atFirst, ...collection.mailboxes]);
  const end = { kind: 'end', endedAt: ctx.clock.now(), messages: collection.messages } as const;
  await add({ name: indexOfBackup, bytes: collection.index(end) });
  return collection;
}

/** What was met under one name may have been met, or missed, under another. */
async function refuseRenamed(ctx: FileContext, met: readonly string[]): Promise<void> {
  const now = new Set(await everyName(ctx));
  for (const name of met) {
    if (now.has(name)) continue;
    const [renamed] = await calledNow(ctx, name);
    if (!renamed) continue;
    const message = `${name} was renamed meanwhile and is ${renamed.name} now, so there is no backup.`;
    throw new DreamosError('conflict', 'STATE_CHANGED', message, { hint: 'Run it again.' });
  }
}

function restless(id = 'A message'): DreamosError {
  return new DreamosError('conflict', 'STATE_CHANGED', `${id} was somewhere else at every look; there is no backup.`, {
    hint: `See what moves it, then try again: dreamos show ${id}`,
  });
}
