/**
 * Removing a dedupe key, and none but the one that was looked at: whoever sends under it may have made another in between, and
 * without that a repeat would be sent a second time. No lock says that this has not happened, because who was paused for long
 * (SIGSTOP, a laptop's lid) has lost it and does not know. So a key is removed in three steps:
 *
 *   1 look: it is the one
 *   2 rename it to a name that nobody else knows, and look again: nothing takes its place there
 *   3 remove it; or, if it is another, link it back into its place, where it takes no other's, and then remove that name
 *
 * Wherever one is stopped for long, a key that is made meanwhile is remembered. Only who is stopped between 1 and 2 takes
 * another's at all, and gives it back two calls later. What is not kept is a repeat that comes between these two calls, or after
 * a kill there: it is sent again, as if the key were over. What a kill leaves under the other name is swept by its age.
 */
import { mostFileBytes } from '../../../model/basics/limits.ts';
import { DreamosError } from '../../../model/errors.ts';
import { unseal } from '../../../model/message.ts';
import { dedupeWindowOf } from '../../../model/settings.ts';
import { isForgotten } from '../../port/repeat.ts';
import type { FileContext } from '../disk/context.ts';
import type { FileStat } from '../disk/disk.ts';
import { settingsInForce } from '../documents/documents.ts';
import { dedupeKeyAside, isDedupeFolder, isDedupeKeyAside } from '../names/key-name.ts';
import { folderOf, nameOf, pathIn } from '../names/path.ts';

/** @param isIt whether the file under this name is the key that is meant @returns whether it was there */
async function removeKey(
  ctx: FileContext,
  dedupeFile: string,
  isIt: (path: string) => Promise<boolean>,
): Promise<boolean> {
  if (!(await isIt(dedupeFile))) return false;
  const aside = dedupeKeyAside(dedupeFile, ctx.ids.token());
  if (!(await ctx.disk.rename(dedupeFile, aside))) return false;
  let found = false;
  try {
    found = await isIt(aside);
  } finally {
    if (!found) await ctx.disk.link(aside, dedupeFile);
  }
  await ctx.disk.remove(aside);
  return found;
}

/** The key that a send has made, if it is still there. @param made.body the file that it is another name of */
export async function removeKeyOf(
  ctx: FileContext,
  dedupeFile: string,
  { id, body }: { readonly id: string; readonly body: FileStat | undefined },
): Promise<void> {
  await removeKey(ctx, dedupeFile, async (path) => {
    const stat = await ctx.disk.stat(path);
    // Where a root was copied, they are two files.
    return stat !== undefined && (stat.inode === body?.inode || (await idIn(ctx, path)) === id);
  });
}

async function idIn(ctx: FileContext, path: string): Promise<string | undefined> {
  const file = await ctx.disk.read(path, { maxBytes: mostFileBytes });
  try {
    return file.ok ? unseal(file.bytes).id : undefined;
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    return undefined;
  }
}

/** Of a key, and of what a kill has left of its removal; in the order in which a file passes through these names. */
export async function inodesOfKey(ctx: FileContext, dedupeFile: string): Promise<(number | undefined)[]> {
  const inodes = [(await ctx.disk.stat(dedupeFile))?.inode];
  const dir = folderOf(dedupeFile);
  for (const name of (await ctx.disk.list(dir)) ?? [])
    if (isDedupeKeyAside(nameOf(dedupeFile), name)) inodes.push((await ctx.disk.stat(pathIn(dir, name)))?.inode);
  return inodes;
}

/** The root's own setting, read here: the same for whoever sends, adopts, sweeps and inspects, whatever they were told. */
export async function windowMs(ctx: FileContext): Promise<number> {
  return dedupeWindowOf(await settingsInForce(ctx));
}

export async function isOver(ctx: FileContext, path: string, ms: number): Promise<boolean> {
  const stat = await ctx.disk.stat(path);
  return stat !== undefined && isForgotten(stat.mtimeMs, ctx.clock.now(), ms);
}

/** Of those that are over. Under a lock, so that hardly anybody takes another's, not even for two calls. */
export async function forget(ctx: FileContext, dedupeFiles: readonly string[]): Promise<number> {
  if (dedupeFiles.length === 0) return 0;
  return ctx.disk.withLock(ctx.layout.lock('dedupe'), async () => {
    const ms = await windowMs(ctx);
    const isIt = (path: string): Promise<boolean> => isOver(ctx, path, ms);
    let forgotten = 0;
    for (const path of dedupeFiles) {
      const isLeft = isDedupeKeyAside(nameOf(folderOf(path)), nameOf(path));
      if (isLeft ? (await isIt(path)) && (await ctx.disk.remove(path)) : await removeKey(ctx, path, isIt)) forgotten++;
    }
    return forgotten;
  });
}

/** Forgets every key that is over. @returns how many */
export async function sweepKeys(ctx: FileContext, dryRun: boolean): Promise<number> {
  let swept = 0;
  for (const folder of ((await ctx.disk.list(ctx.layout.dedupe)) ?? []).filter(isDedupeFolder).sort()) {
    const old = await oldDedupeFiles(ctx, pathIn(ctx.layout.dedupe, folder));
    swept += dryRun ? old.length : await forget(ctx, old);
  }
  return swept;
}

export async function oldDedupeFiles(ctx: FileContext, dir: string): Promise<string[]> {
  const ms = await windowMs(ctx);
  const old: string[] = [];
  for (const name of (await ctx.disk.list(dir)) ?? []) {
    if (await isOver(ctx, pathIn(dir, name), ms)) old.push(pathIn(dir, name));
  }
  return old;
}
