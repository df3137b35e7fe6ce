import { DreamosError } from '../../../model/errors.ts';
import { MailboxGone } from '../../port/refusals.ts';
import type { FileContext } from './context.ts';
import type { FileStat } from './disk.ts';
import { memory } from './memory.ts';
import { type Mailbox, tmpFile } from '../names/layout.ts';
import { folderOf, isIn, nameOf, pathIn } from '../names/path.ts';

// Of a send to a thousand mailboxes seven folders each.
const mostRemembered = 16_384;

/** Folders that this process has seen to be real folders, not links. */
const checked = memory(() => new Set<string>());
/** Folders whose names this process has synced since it first used them. */
const synced = memory(() => new Set<string>());

/**
 * Makes a folder and what is missing above it, and makes sure that none of them is a link that leads elsewhere. But for a
 * mailbox's own folder: where that is missing the mailbox may have another name by now, and what is put into a second
 * folder of the old one would be found by nobody.
 * @throws MailboxGone
 */
export function ensureFolder(ctx: FileContext, dir: string): Promise<void> {
  return ensure(ctx, dir, false);
}

/** The same with the mailbox's own folder: for who makes an agent. */
export function ensureMailbox(ctx: FileContext, dir: string): Promise<void> {
  return ensure(ctx, dir, true);
}

async function ensure(ctx: FileContext, dir: string, isNew: boolean): Promise<void> {
  for (let round = 0; round < 100; round++) {
    if (isChecked(ctx, dir) || dir === ctx.layout.root) return;
    // From the top down: a folder made below a link would be made outside of the root.
    await ensure(ctx, folderOf(dir), false);
    const stat = await ctx.disk.stat(dir);
    if (stat?.kind === 'directory') return remember(ctx, dir);
    if (stat) {
      if (await ctx.quarantineObstacle(dir, stat.kind)) continue;
      throw notAFolder(dir, stat.kind);
    }
    if (!isNew && folderOf(dir) === ctx.layout.mailboxes) throw new MailboxGone(nameOf(dir));
    if ((await ctx.disk.makeDir(dir)) === 'made') {
      if (folderOf(dir) === ctx.layout.root) await checkMade(ctx, dir);
      // Whatever was synced under this name before is not this folder.
      forgetSynced(ctx, dir);
      return remember(ctx, dir);
    }
    // Another process made it, or removed the one above, in between: look again.
    forgetFolder(ctx, folderOf(dir));
  }
  throw removedAgain(dir);
}

/** What is made in the place of a root that was moved would be found by nobody. @throws ROOT_MOVED */
async function checkMade(ctx: FileContext, dir: string): Promise<void> {
  try {
    await ctx.checkPlace();
  } catch (error) {
    await ctx.disk.removeDir(dir);
    throw error;
  }
}

/** Whether this is a folder that can be reached without passing through a link. */
export async function isRealFolder(ctx: FileContext, dir: string): Promise<boolean> {
  return (await kindOf(ctx, dir)) === 'directory';
}

/** What stands there; `undefined` too where a folder above it is none, or is a link. */
export async function kindOf(ctx: FileContext, dir: string): Promise<FileStat['kind'] | undefined> {
  if (isChecked(ctx, dir) || dir === ctx.layout.root) return 'directory';
  if (!(await isRealFolder(ctx, folderOf(dir)))) return undefined;
  const kind = (await ctx.disk.stat(dir))?.kind;
  if (kind === 'directory') remember(ctx, dir);
  return kind;
}

/** Whether this process has seen it to be a real folder: then there is nothing to ensure. */
export function isChecked(ctx: FileContext, dir: string): boolean {
  return checked.of(ctx).has(dir);
}

/** It may be gone, and the folder above it, too: the next use looks again. */
export function forgetFolder(ctx: FileContext, dir: string): void {
  forgetRemoved(ctx, dir);
  if (dir !== ctx.layout.root) forgetRemoved(ctx, folderOf(dir));
}

/** This one is gone. */
export function forgetRemoved(ctx: FileContext, dir: string): void {
  checked.of(ctx).delete(dir);
}

/** It has another name, with all that is in it. */
export function forgetMoved(ctx: FileContext, dir: string): void {
  for (const known of [checked.of(ctx), synced.of(ctx)])
    for (const path of known) if (isIn(dir, path)) known.delete(path);
}

/** It comes back under the same name, so that it was synced once says nothing. */
export function forgetSynced(ctx: FileContext, dir: string): void {
  synced.of(ctx).delete(dir);
}

function remember(ctx: FileContext, dir: string): void {
  // Slots and buckets come and go, and a set that only grows is a leak.
  const known = checked.of(ctx);
  if (known.size > mostRemembered) known.clear();
  known.add(dir);
}

/**
 * Renames `source` into `dir`, which is made if need be.
 * @returns `false` when the source is gone: somebody else was faster.
 */
export async function moveInto(ctx: FileContext, source: string, dir: string, name: string): Promise<boolean> {
  // The loop ends: each round either moves, or finds the source gone, or makes the folder that another process removed.
  for (let round = 0; round < 100; round++) {
    if (!isChecked(ctx, dir)) {
      // Looked for first, so that nothing makes a folder for what will not come.
      if (!(await ctx.disk.stat(source))) return false;
      await ensureFolder(ctx, dir);
    }
    if (await ctx.disk.rename(source, pathIn(dir, name))) return true;
    if (!(await ctx.disk.stat(source))) return false;
    forgetFolder(ctx, dir);
  }
  throw removedAgain(dir);
}

/** Whoever waited for the folder longer than any race between processes takes. */
export function removedAgain(dir: string): DreamosError {
  return new DreamosError('disk', 'DISK_FAILED', `The folder ${dir} is removed again and again.`, {
    hint: 'Run `dreamos doctor`.',
  });
}

/**
 * Makes the names in `dir` durable. Where a consumer has emptied and removed the folder already, its nearest existing
 * ancestor is synced instead: that commits the renames that led out of it. (Skipping this loses the message in a power
 * cut; seen on ext4, xfs and btrfs.)
 * @returns what was synced
 */
export async function syncFolderOrAncestor(ctx: FileContext, dir: string): Promise<string> {
  let at = dir;
  while (!(await ctx.disk.syncDir(at))) at = folderOf(at);
  return at;
}

/**
 * Syncs the folders from `dir` (excluded) up to `top` (included) that this process has not synced yet, whoever made them:
 * a name in a folder that is itself not on disk is lost with it.
 * @returns `false`: one of them is gone
 */
export async function syncAncestorsOnce(ctx: FileContext, dir: string, top: string): Promise<boolean> {
  const known = synced.of(ctx);
  let areThere = true;
  for (let at = dir; at !== top;) {
    const below = at;
    at = folderOf(at);
    if (known.has(below)) continue;
    areThere = (await syncFolderOrAncestor(ctx, at)) === at && areThere;
    if (known.size > mostRemembered) known.clear();
    known.add(below);
  }
  return areThere;
}

/** The names in one of a mailbox's folders; none before it is made. @throws where something else is in its place: it may hold mail */
export async function namesIn(ctx: FileContext, dir: string): Promise<string[]> {
  for (;;) {
    const names = await ctx.disk.list(dir);
    if (names) return names;
    const stat = await ctx.disk.stat(dir);
    if (!stat) return [];
    if (stat.kind !== 'directory') throw notAFolder(dir, stat.kind);
  }
}

/** Tidies away an empty folder. One that cannot be removed, on a read-only disk, is in nobody's way. */
export async function removeEmpty(ctx: FileContext, dir: string): Promise<boolean> {
  try {
    return await ctx.disk.removeDir(dir);
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    return false;
  }
}

function notAFolder(path: string, kind: string): DreamosError {
  const what = kind === 'symlink' ? 'a symbolic link, and dreamos follows none' : 'not a folder';
  return new DreamosError('disk', 'DISK_FAILED', `${path} is ${what}.`, {
    hint: 'Move it out of the root by hand, then run `dreamos doctor --fix`.',
  });
}

/**
 * What is written in tmp/ has a fresh name. Under a message's own id who sends it again, or a bridge that brings it again, would
 * find what was left there by who was killed, for a day.
 */
export function freshFile({ ids, clock }: FileContext, mailbox: Mailbox, what?: 'batch' | 'pack'): string {
  return tmpFile(mailbox, ids.next(clock.now()), what);
}
