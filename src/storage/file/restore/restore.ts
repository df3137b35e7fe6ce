/**
 * A root out of a backup. All of the backup is checked first; then the root is made whole and synced in a folder beside its
 * place, and one rename puts it there. So there is the root that was backed up, or nothing. A root without mail may be in the
 * place: it goes aside by one rename before, and what has come into it by then brings it back. Who is killed just then leaves
 * none in the place: the next restore puts it back first, and whoever opens it or would make one is told how (find-root.ts).
 */
import { systemClock } from '../../../model/clock.ts';
import { DreamosError } from '../../../model/errors.ts';
import { createIds } from '../../../model/id.ts';
import type { FileContext } from '../disk/context.ts';
import type { Disk } from '../disk/disk.ts';
import { nodeDisk } from '../disk/node-disk.ts';
import { files, findFileRoot, type FindOptions, type FoundRoot, putAside } from '../find-root.ts';
import { makeRoot, placeForNew } from '../make-root.ts';
import { replacedRoot, unfinishedRoot } from '../names/backup-name.ts';
import { folderOf, pathIn } from '../names/path.ts';
import { contextOf } from '../open.ts';
import { hasMail } from './has-mail.ts';
import { place } from './place.ts';
import { planFor } from './plan.ts';
import { readBackup } from './read-backup.ts';

export interface RestoreOptions extends FindOptions {
  readonly onProgress?: ((messages: number) => void) | undefined;
  /** Ends it; nothing is restored then. */
  readonly signal?: AbortSignal | undefined;
}

export interface RestoredRoot extends FoundRoot {
  /** How many messages it has, each mailbox's own. */
  readonly messages: number;
  /** Of these, how many were claimed, and are ready again. */
  readonly claimed: number;
  readonly begunAt: number;
}

/**
 * @param file its absolute path @returns `undefined`: the signal came
 * @throws as readBackup and placeForNew; ALREADY_EXISTS: the root there has mail
 */
export async function restoreFileStore(file: string, options: RestoreOptions): Promise<RestoredRoot | undefined> {
  const { disk = nodeDisk(), warn = () => undefined, signal } = options;
  const { path, passedOver, ...looked } = await placeFor(disk, options);
  const found = looked.found ?? (await backInPlace(disk, path));
  const root = found === undefined ? undefined : await findFileRoot({ ...options, disk, root: found });
  const target = root?.path ?? path;
  const contextAt = (at: string): FileContext => contextOf(disk, at, { clock: systemClock, ids, warn });
  const ids = createIds();
  if (root && (await hasMail(contextAt(target)))) throw inUse(target);
  await checkNotMounted(disk, target);
  const backup = await readBackup(disk, file);
  const staged = unfinishedRoot(target, ids.token());
  const ctx = contextAt(staged);
  const plan = planFor(ctx, backup);
  try {
    await makeRoot(disk, staged);
    const messages = await place(ctx, file, plan, options);
    // Logs of events are open, under a name that they lose now.
    await disk.close();
    if (messages === undefined || signal?.aborted) return undefined;
    await moveTo(contextAt, staged, target, root !== undefined);
    for (const { message } of passedOver.values()) warn(`${message} It was passed over.`);
    const claimed = [...plan.claims.values()].reduce((sum, { length }) => sum + length, 0);
    return { path: target, engine: root?.engine ?? files, messages, claimed, begunAt: backup.begunAt };
  } finally {
    await removeOrSay(disk, staged, warn);
  }
}

/** What a restore that was cut off has moved away. @returns `undefined`: nothing, or the place is taken */
async function backInPlace(disk: Disk, path: string): Promise<string | undefined> {
  const aside = await putAside(disk, path);
  return aside !== undefined && (await disk.moveFolder(aside, path)) === 'moved' ? path : undefined;
}

/** Whoever names a place below a root does not mean that root. */
async function placeFor(disk: Disk, options: RestoreOptions): ReturnType<typeof placeForNew> {
  try {
    return await placeForNew(disk, options);
  } catch (error) {
    if (!(error instanceof DreamosError) || error.code !== 'ROOT_INSIDE_ROOT') throw error;
    const hint = 'Name a folder outside of the project that the other root is in: `root` <dir>';
    throw new DreamosError(error.kind, error.code, error.message, { hint });
  }
}

/** No rename takes away what is mounted, or comes from outside of it. */
async function checkNotMounted(disk: Disk, target: string): Promise<void> {
  const here = await disk.stat(target);
  const above = await disk.stat(folderOf(target));
  if (here === undefined || here.device === above?.device) return;
  const message = `${target} is a mount point, and a restore makes the root beside its place and moves it there by one rename.`;
  throw new DreamosError('disk', 'DISK_FAILED', message, {
    hint: `Nothing was changed. Restore into a folder of it: \`root\` ${pathIn(target, 'mail')}. Or move its mount point.`,
  });
}

async function moveTo(
  contextAt: (path: string) => FileContext,
  staged: string,
  target: string,
  isThere: boolean,
): Promise<void> {
  const { disk, ids, warn } = contextAt(staged);
  const aside = replacedRoot(target, ids.token());
  if (isThere) await disk.rename(target, aside);
  try {
    if (isThere && (await hasMail(contextAt(aside)))) throw inUse(target);
    if ((await disk.moveFolder(staged, target)) !== 'moved') throw inUse(target);
  } catch (error) {
    if (isThere) await disk.rename(aside, target);
    throw error;
  }
  // From here on others may work on it, so it is not taken away again.
  try {
    await disk.syncDir(folderOf(target));
  } catch (error) {
    const { message } = onlyDisk(error);
    throw new DreamosError('disk', 'DISK_FAILED', `${target} is restored, and a power cut may undo that: ${message}`, {
      hint: `See that it is there: dreamos status; then: sync ${folderOf(target)}`,
      cause: error,
    });
  }
  if (isThere) await removeOrSay(disk, aside, warn);
}

/** That it stays undoes nothing, and hides no other failure. */
async function removeOrSay(disk: Disk, dir: string, warn: (message: string) => void): Promise<void> {
  try {
    await removeTree(disk, dir);
  } catch (error) {
    warn(`${dir} is of no more use, and stays: ${onlyDisk(error).message} It may be removed.`);
  }
}

/** @throws whatever it is else */
function onlyDisk(error: unknown): DreamosError {
  if (error instanceof DreamosError) return error;
  throw error;
}

function inUse(path: string): DreamosError {
  return new DreamosError('conflict', 'ALREADY_EXISTS', `${path} has mail already, and a restore never mixes it.`, {
    hint: 'Name a new folder: `root` <dir>. Or move the old root away first, while nobody works on it.',
  });
}

/** What is in it, and it; nothing if it is not there. */
async function removeTree(disk: Disk, dir: string): Promise<void> {
  for (const name of (await disk.list(dir)) ?? []) {
    const path = pathIn(dir, name);
    if ((await disk.stat(path))?.kind === 'directory') await removeTree(disk, path);
    else await disk.remove(path);
  }
  await disk.removeDir(dir);
}
