/** Making a root on disk. */
import { basename, dirname, join } from 'node:path';
import { systemClock } from '../../model/clock.ts';
import { DreamosError } from '../../model/errors.ts';
import { createIds } from '../../model/id.ts';
import type { FileContext } from './disk/context.ts';
import type { Disk } from './disk/disk.ts';
import { ensureFolder, syncFolderOrAncestor } from './disk/folders.ts';
import { nodeDisk } from './disk/node-disk.ts';
import { writeBoot } from './documents/boot.ts';
import { writeDocument } from './disk/replace.ts';
import { howToPutBack } from './aside.ts';
import {
  checkLength,
  files,
  findFileRoot,
  type FindOptions,
  formatVersion,
  type FoundRoot,
  type Looked,
  lookForRoot,
  nearestAbove,
} from './find-root.ts';
import { mayLieInRoot, probeFiles } from './names/beside.ts';
import { type Layout, placeInProject } from './names/layout.ts';
import { longestName } from './names/path.ts';
import { contextOf } from './open.ts';

/** Makes the root that is meant, or finds it; a second root below a root is refused, because mail would split silently. */
export async function initFileStore(options: FindOptions): Promise<MadeRoot> {
  return makeOrFind(options, makeRoot, () => ({ engine: files }));
}

/**
 * As initFileStore, of a root whose mail an engine keeps: the folder only says where.
 * @param begin makes it there, before the folder names it: one that is cut off has made nothing that anybody finds
 */
export async function initDescriptor<T extends object>(
  options: FindOptions,
  begin: () => Promise<T & { readonly engine: string }>,
): Promise<MadeRoot> {
  let descriptor: T & { readonly engine: string };
  const make = async (disk: Disk, path: string): Promise<boolean> => {
    descriptor = await begin();
    const topmost = await makeFolders(disk, path);
    const ids = createIds();
    await probe(disk, path, ids.token());
    const ctx = contextOf(disk, path, { clock: systemClock, ids, warn: () => undefined });
    await ignoreInGit(disk, ctx.layout, ids.token());
    // Two may make one at once, each in an engine of his own: mail would be split between them.
    const isMade = await placeOnce(disk, path, ctx.layout.format, `${JSON.stringify(descriptor)}\n`, ids.token());
    await syncFolderOrAncestor(ctx, path);
    await syncAbove(ctx, path, topmost);
    return isMade;
  };
  return makeOrFind(options, make, () => ({ engine: descriptor.engine, descriptor }));
}

export interface MadeRoot extends FoundRoot {
  readonly created: boolean;
}

/** @param make returns `false`: somebody else was faster @param made of what it has made */
async function makeOrFind(
  options: FindOptions,
  make: (disk: Disk, path: string) => Promise<boolean>,
  made: () => Pick<FoundRoot, 'engine' | 'descriptor'>,
): Promise<MadeRoot> {
  const { disk = nodeDisk(), warn = () => undefined } = options;
  const { path, found, passedOver, mainWorktree } = await placeForNew(disk, options);
  const linked = { ...(mainWorktree !== undefined && { mainWorktree }) };
  if (found !== undefined) return { ...(await existing(options, found)), ...linked };
  const hint = await howToPutBack(disk, path);
  if (hint !== undefined)
    throw new DreamosError('conflict', 'ALREADY_EXISTS', `${path} has a root, elsewhere.`, { hint });
  const isMade = await make(disk, path);
  for (const { message } of passedOver.values()) warn(`${message} It was passed over.`);
  if (!isMade) return { ...(await existing(options, path)), ...linked };
  return { path: await disk.realPath(path), ...made(), created: true, ...linked };
}

/** Where a root may be made, if there is none yet. @throws ROOT_INSIDE_ROOT, ROOT_NOT_YOURS, ALREADY_EXISTS, DISK_FAILED */
export async function placeForNew(
  disk: Disk,
  options: FindOptions,
): Promise<Pick<Looked, 'found' | 'passedOver' | 'mainWorktree'> & { readonly path: string }> {
  const { place, found, passedOver, mainWorktree } = await lookForRoot(disk, options);
  const linked = { ...(mainWorktree !== undefined && { mainWorktree }) };
  if (found !== undefined) return { path: found, found, passedOver, ...linked };
  const anothers = passedOver.get(place);
  if (anothers) throw anothers;
  const path = await realPlace(disk, place);
  const { found: above } = await nearestAbove(disk, dirname(path));
  if (above !== undefined && !options.movedFrom?.includes(await disk.realPath(above))) {
    // Another init may have made it since.
    const now = await lookForRoot(disk, options);
    if (now.found !== undefined) return { path: now.found, found: now.found, passedOver };
    throw new DreamosError(
      'conflict',
      'ROOT_INSIDE_ROOT',
      `${path} would be a second root below ${above}; mail would split between them.`,
      {
        hint: `Use the one that is there: \`root\` ${above}`,
      },
    );
  }
  await checkLength(disk, path);
  await checkRoom(disk, path);
  return { path, found, passedOver, ...linked };
}

async function existing(options: FindOptions, root: string): Promise<MadeRoot> {
  return { ...(await findFileRoot({ ...options, root })), created: false };
}

/** Without links in what is there of it: through a link a root may lie below another one without looking so. */
async function realPlace(disk: Disk, path: string): Promise<string> {
  const above = dirname(path);
  if (path === above || (await disk.stat(path))) return disk.realPath(path);
  return join(await realPlace(disk, above), basename(path));
}

/** `--root .` in a project would strew a root among its files. What an init that was cut off left behind is no stranger. */
async function checkRoom(disk: Disk, path: string): Promise<void> {
  const there = await disk.stat(path);
  if (there !== undefined && there.kind !== 'directory')
    throw new DreamosError('conflict', 'ALREADY_EXISTS', `${path} is there already and is no folder, as a root is.`, {
      hint: `Name another place, such as ${join(dirname(path), placeInProject)}`,
    });
  const strangers = ((await disk.list(path)) ?? []).filter((name) => !mayLieInRoot(name));
  if (strangers.length === 0) return;
  throw new DreamosError(
    'conflict',
    'ALREADY_EXISTS',
    `${path} holds other files already, and a root needs a folder of its own.`,
    {
      hint: `Name one, such as ${join(path, placeInProject)}`,
    },
  );
}

/** @returns `true`; of two who make the same at once both have made it */
export async function makeRoot(disk: Disk, path: string): Promise<boolean> {
  const topmost = await makeFolders(disk, path);
  const ids = createIds();
  await probe(disk, path, ids.token());
  const ctx = contextOf(disk, path, { clock: systemClock, ids, warn: () => undefined });
  for (const dir of [ctx.layout.mailboxes, ctx.layout.outbox, ctx.layout.dedupe]) await ensureFolder(ctx, dir);
  await ignoreInGit(disk, ctx.layout, ids.token());
  // Nothing lies in it of which an event could be missing.
  await writeBoot(ctx, { boot: await disk.bootId(), toldBefore: ctx.clock.now() });
  // Last, because this is what makes it a root; and durable with everything above it.
  await writeDocument(ctx, ctx.layout.format, `${JSON.stringify({ format: 'dreamos', version: formatVersion })}\n`);
  await syncAbove(ctx, path, topmost);
  return true;
}

async function syncAbove(ctx: FileContext, path: string, topmost: string): Promise<void> {
  let dir = path;
  do {
    dir = dirname(dir);
    await syncFolderOrAncestor(ctx, dir);
  } while (dir !== topmost);
  if (basename(dir) === 'runtime') await syncFolderOrAncestor(ctx, dirname(dir));
}

/** A .gitignore that is there already is the user's. */
async function ignoreInGit(disk: Disk, { root, ignore }: Layout, token: string): Promise<void> {
  await placeOnce(disk, root, ignore, '*\n', token);
}

/** For a folder that takes a root's place, and says where the mail is. */
export function moveIgnore({ disk, layout, ids }: FileContext): Promise<void> {
  return ignoreInGit(disk, layout, ids.token());
}

/** Made in one step, for who makes the same root at once. @returns `false`: it was there already */
async function placeOnce(disk: Disk, root: string, path: string, text: string, token: string): Promise<boolean> {
  const { made } = probeFiles(root, token);
  await disk.create(made, Buffer.from(text), { sync: true });
  try {
    return (await disk.link(made, path)) === 'made';
  } finally {
    await disk.remove(made);
  }
}

/** @returns the folder that holds the topmost one it has made */
async function makeFolders(disk: Disk, path: string): Promise<string> {
  const above = dirname(path);
  if ((await disk.makeDir(path)) !== 'missing' || path === above) return above;
  const topmost = await makeFolders(disk, above);
  const made = await disk.makeDir(path);
  if (made === 'missing') throw new DreamosError('disk', 'DISK_FAILED', `The folder ${path} cannot be made.`);
  return topmost;
}

/** Hard links, atomic renames and long names are what the whole protocol stands on. */
async function probe(disk: Disk, path: string, token: string): Promise<void> {
  const { made, linked: second, renamed: moved } = probeFiles(path, token);
  try {
    await disk.create(made, Buffer.from('probe'), { sync: true });
    const linked = await disk.link(made, second);
    const renamed = await disk.rename(second, moved);
    if (linked !== 'made' || !renamed || !(await disk.stat(moved))) throw new Error('hard links do not work');
  } catch (cause) {
    throw new DreamosError(
      'disk',
      'DISK_FAILED',
      `The file system of ${path} cannot hold a root: ${(cause as Error).message}`,
      {
        hint: `Use a local file system with hard links, atomic rename and names of ${longestName} bytes (ext4, xfs, btrfs, apfs): \`root\` or DREAMOS_ROOT.`,
        cause,
      },
    );
  } finally {
    for (const file of [made, second, moved]) await disk.remove(file);
  }
}
