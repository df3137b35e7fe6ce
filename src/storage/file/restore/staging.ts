/**
 * A root that is made whole beside its place, and put there by one rename: so there is all of it, or nothing. A root without mail
 * may be in the place: it goes aside by one rename before, and what has come into it by then brings it back. Who is killed just
 * then leaves none in the place: the next one puts it back first, and whoever opens it or would make one is told how
 * (find-root.ts).
 */
import { systemClock } from '../../../model/clock.ts';
import { DreamosError } from '../../../model/errors.ts';
import { createIds } from '../../../model/id.ts';
import type { FileContext } from '../disk/context.ts';
import type { Disk } from '../disk/disk.ts';
import { nodeDisk } from '../disk/node-disk.ts';
import { putAside } from '../aside.ts';
import { files, findFileRoot, type FindOptions, type FoundRoot } from '../find-root.ts';
import { makeRoot, placeForNew } from '../make-root.ts';
import { replacedRoot, unfinishedRoot } from '../names/backup-name.ts';
import { folderOf, pathIn } from '../names/path.ts';
import { contextOf } from '../open.ts';
import { hasMail } from './has-mail.ts';

/** A place for a root, of which nothing is made yet. */
export interface Staging {
  readonly disk: Disk;
  readonly target: string;
  readonly engine: string;
  /** Of the root beside its place. */
  readonly ctx: FileContext;
  make(): Promise<void>;
  /** @throws ALREADY_EXISTS: mail has come into the place meanwhile */
  put(): Promise<FoundRoot>;
  /** What is left beside the place; nothing, once it is put. */
  remove(): Promise<void>;
}

/**
 * @param asked what is done, in a message; of what a move loads: that @param token by which the folder beside the place is called: what was left under the same
 * name goes first @throws as placeForNew; ALREADY_EXISTS: the root there has mail
 */
export async function stageRoot(options: FindOptions, asked: 'restore' | 'load', token?: string): Promise<Staging> {
  const { disk = nodeDisk(), warn = () => undefined } = options;
  const what = options.movedFrom === undefined ? asked : 'move';
  const { path, passedOver, ...looked } = await placeFor(disk, options);
  const found = looked.found ?? (await backInPlace(disk, path));
  const root = found === undefined ? undefined : await findFileRoot({ ...options, disk, root: found });
  const target = root?.path ?? path;
  if (root && root.engine !== files) throw elsewhere(target, root.engine, what);
  const ids = createIds();
  const contextAt = (at: string): FileContext => contextOf(disk, at, { clock: systemClock, ids, warn });
  if (root && (await hasMail(contextAt(target)))) throw inUse(target, what);
  await checkNotMounted(disk, target, what);
  const staged = unfinishedRoot(target, token ?? ids.token());
  const engine = root?.engine ?? files;
  return {
    ...{ disk, target, engine, ctx: contextAt(staged) },
    async make() {
      if (token !== undefined) await removeTree(disk, staged);
      await makeRoot(disk, staged);
    },
    async put() {
      // Logs of events are open, under a name that they lose now.
      await disk.close();
      await moveTo(contextAt, staged, target, root !== undefined, what);
      for (const { message } of passedOver.values()) warn(`${message} It was passed over.`);
      return { path: target, engine };
    },
    remove: async () => {
      await disk.close();
      await removeOrSay(disk, staged, warn);
    },
  };
}

type Making = keyof typeof done;

const done = { restore: 'restored', load: 'loaded', move: 'moved' } as const;

/** The words that name another place. */
function naming(what: Making, place: string): string {
  return what === 'move' ? `dreamos move --to file:${place}` : `\`root\` ${place}`;
}

/** Its folder holds no mail, and names the engine that does. */
function elsewhere(path: string, engine: string, what: Making): DreamosError {
  return new DreamosError('conflict', 'ALREADY_EXISTS', `The root ${path} keeps its mail in ${engine}, not in files.`, {
    hint: `Name another folder: ${naming(what, '<dir>')}`,
  });
}

/** What a restore that was cut off has moved away. @returns `undefined`: nothing, or the place is taken */
async function backInPlace(disk: Disk, path: string): Promise<string | undefined> {
  const aside = await putAside(disk, path);
  return aside !== undefined && (await disk.moveFolder(aside, path)) === 'moved' ? path : undefined;
}

/** Whoever names a place below a root does not mean that root. */
async function placeFor(disk: Disk, options: FindOptions): ReturnType<typeof placeForNew> {
  try {
    return await placeForNew(disk, options);
  } catch (error) {
    if (!(error instanceof DreamosError) || error.code !== 'ROOT_INSIDE_ROOT') throw error;
    const hint = 'Name a folder outside of the project that the other root is in: `root` <dir>';
    throw new DreamosError(error.kind, error.code, error.message, { hint });
  }
}

/** No rename takes away what is mounted, or comes from outside of it. */
export async function checkNotMounted(disk: Disk, target: string, what: string): Promise<void> {
  const here = await disk.stat(target);
  const above = await disk.stat(folderOf(target));
  if (here === undefined || here.device === above?.device) return;
  const message = `${target} is a mount point, and a ${what} makes the root beside its place and moves it there by one rename.`;
  throw new DreamosError('disk', 'DISK_FAILED', message, {
    hint: `Nothing was changed. Name a folder in it: \`root\` ${pathIn(target, 'mail')}. Or move its mount point.`,
  });
}

async function moveTo(
  contextAt: (path: string) => FileContext,
  staged: string,
  target: string,
  isThere: boolean,
  what: Making,
): Promise<void> {
  const { disk, ids, warn } = contextAt(staged);
  const aside = replacedRoot(target, ids.token());
  if (isThere) await disk.rename(target, aside);
  try {
    if (isThere && (await hasMail(contextAt(aside)))) throw inUse(target, what);
    if ((await disk.moveFolder(staged, target)) !== 'moved') throw inUse(target, what);
  } catch (error) {
    if (isThere) await disk.rename(aside, target);
    throw error;
  }
  // From here on others may work on it, so it is not taken away again.
  try {
    await disk.syncDir(folderOf(target));
  } catch (error) {
    const { message } = onlyDisk(error);
    throw new DreamosError(
      'disk',
      'DISK_FAILED',
      `${target} is ${done[what]}, and a power cut may undo that: ${message}`,
      {
        hint: `See that it is there: dreamos status; then: sync ${folderOf(target)}`,
        cause: error,
      },
    );
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

function inUse(path: string, what: Making): DreamosError {
  return new DreamosError('conflict', 'ALREADY_EXISTS', `${path} has mail already, and a ${what} never mixes it.`, {
    hint: `Name a new folder: ${naming(what, '<dir>')}. Or move the old root away first, while nobody works on it.`,
  });
}

/** What is in it, and it; nothing if it is not there. */
export async function removeTree(disk: Disk, dir: string): Promise<void> {
  for (const name of (await disk.list(dir)) ?? []) {
    const path = pathIn(dir, name);
    if ((await disk.stat(path))?.kind === 'directory') await removeTree(disk, path);
    else await disk.remove(path);
  }
  await disk.removeDir(dir);
}
