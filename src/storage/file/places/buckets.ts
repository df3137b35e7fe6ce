/**
 * Where ready messages lie: lane/<level 1>/<bucket>/<entry>, about 256 names a folder, so that the next message costs the
 * same at 10 and at 1,000,000. A producer fills the newest bucket and then opens the next; a consumer takes from the
 * oldest and removes what it finds empty, but never the newest, which a producer may be filling. rmdir is the guard:
 * it refuses a folder that is not empty. A bucket's name is never used twice, so a rename into a removed one fails
 * (ENOENT) instead of landing where nobody looks.
 */
import type { FileContext } from '../disk/context.ts';
import { removeEmpty } from '../disk/folders.ts';
import { parseBucket } from '../names/layout.ts';
import { folderOf } from '../names/path.ts';

/**
 * How old the view of a mailbox may be that a producer or a consumer acts on. For a producer that is how long it goes on
 * filling a bucket without a look for a newer one: what it puts into an old one comes before what another process of the
 * same sender has put into the new one.
 */
export const lookMs = 5;
export const bucketEntries = 256;

/** The names of buckets (or of folders of buckets) in a folder, oldest first. */
export async function bucketsIn(ctx: FileContext, dir: string): Promise<string[]> {
  const names = (await ctx.disk.list(dir)) ?? [];
  return names.filter((name) => parseBucket(name) !== undefined).sort();
}

/** Removes an empty bucket, and the folder above it when that is then empty and not the newest either. */
export async function removeEmptyBucket(ctx: FileContext, dir: string, alsoParent: boolean): Promise<void> {
  if ((await removeEmpty(ctx, dir)) && alsoParent) await removeEmpty(ctx, folderOf(dir));
}
