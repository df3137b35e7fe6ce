/**
 * Replacing a document as one step, and only the version that was read.
 *
 * A rename asks for no condition, and who looks in front of it can be stopped in between for as long as it likes: its lock
 * is another's by then, and what that one has confirmed would be overwritten. So each next version waits under a name of its
 * own, and who replaces a document takes away whatever else waits for it:
 *
 *   1 write-file-atomic: whole and synced, as <document>.next-<token>
 *   2 read back: write-file-atomic 7 does not look how much of its write was done (writeFileSync in its lib/index.js), and
 *     calls a stump on a disk that is nearly full a success
 *   3 remove every other <document>.next-<token>
 *   4 look: the document is still the one that was read
 *   5 rename it into the document's place; if it is gone, another one took it away, and nothing was changed
 *   6 sync the folder
 *
 * Of two that replace the same version, the one that renames later was at 4 before the other's 5, so at 3 before it, too.
 * Did the other's wait then, it took that away. Else the other came to 1, and so to 3, behind that, and took away this one's.
 * No lock is needed for it; with one, nobody takes away what is only slow. Whoever dies leaves a file that the next one, or
 * `doctor --fix`, removes.
 */
import { DreamosError } from '../../../model/errors.ts';
import type { FileContext } from './context.ts';
import type { Disk, ReadOptions, ReadResult } from './disk.ts';
import { isJson } from './parse-json.ts';
import { isWaitingFor, keptOf, waitingOf } from '../names/beside.ts';
import { folderOf, nameOf, pathIn } from '../names/path.ts';

/**
 * @param isAsRead step 4 @returns `false`: it is another one by now, and nothing was changed
 * @throws DISK_FAILED; then the document is what it was, unless the folder could not be synced
 */
export async function replaceDocument(
  ctx: FileContext,
  path: string,
  text: string | Buffer,
  isAsRead: () => Promise<boolean>,
): Promise<boolean> {
  const waiting = await write(ctx, path, text);
  const folder = folderOf(path);
  for (const name of (await ctx.disk.list(folder)) ?? []) {
    const other = pathIn(folder, name);
    if (other !== waiting && isWaitingFor(name, nameOf(path))) await ctx.disk.remove(other);
  }
  if (await isAsRead()) return place(ctx.disk, waiting, path);
  await ctx.disk.remove(waiting);
  return false;
}

/** Of a document that nobody changes: its first version, or another like it. @throws DISK_FAILED as above */
export async function writeDocument(ctx: FileContext, path: string, text: string): Promise<void> {
  const waiting = await write(ctx, path, text);
  if (await place(ctx.disk, waiting, path)) return;
  throw vanished(waiting, path);
}

function vanished(waiting: string, path: string): DreamosError {
  return new DreamosError('disk', 'DISK_FAILED', `${waiting} vanished before it became ${path}.`, {
    hint: 'Does something clean up in this root? Try again.',
  });
}

/**
 * Of a document that is made once, and never changed: whole, or not at all. A link asks for the one condition, that there is
 * none yet. @returns `false`: there is @throws DISK_FAILED
 */
export async function makeDocument(ctx: FileContext, path: string, text: string): Promise<boolean> {
  const waiting = await write(ctx, path, text);
  const made = await ctx.disk.link(waiting, path);
  await ctx.disk.remove(waiting);
  if (made === 'missing') throw vanished(waiting, path);
  if (made === 'made') await ctx.disk.syncDir(folderOf(path));
  return made === 'made';
}

/** Steps 1 and 2. @returns where it waits */
async function write({ disk, ids }: FileContext, path: string, text: string | Buffer): Promise<string> {
  const waiting = waitingOf(path, ids.token());
  const bytes = Buffer.from(text);
  await disk.writeWhole(waiting, bytes);
  const written = await disk.read(waiting, { maxBytes: bytes.length });
  // Taken away already: that is seen when it is renamed.
  if (written.ok ? written.bytes.equals(bytes) : written.missing) return waiting;
  await disk.remove(waiting);
  const found = written.ok ? `only ${written.bytes.length} bytes of it were written` : written.why;
  throw new DreamosError('disk', 'DISK_FAILED', `Could not write ${path}: ${found}; it is as it was before.`, {
    hint: 'Is the disk full, or at a limit (`df -h`, `ulimit -f`, a quota)? Then try again.',
  });
}

async function place(disk: Disk, waiting: string, path: string): Promise<boolean> {
  if (!(await disk.rename(waiting, path))) return false;
  await disk.syncDir(folderOf(path));
  return true;
}

/**
 * As `read`, of a document. Older builds put a stump in its place before they looked, and kept the version before it beside
 * it until then: that is the document, as long as a stump is all there is. (All documents are JSON objects, and no stump of
 * one is JSON.)
 */
export async function readWhole(disk: Disk, path: string, options: ReadOptions): Promise<ReadResult> {
  const file = await readSurely(disk, path, options);
  if (!file.ok || isJson(file.bytes)) return file;
  const kept = await disk.read(keptOf(path), options);
  if (kept.ok && isJson(kept.bytes)) return kept;
  // Between the two it may have been undone.
  return readSurely(disk, path, options);
}

/** What is decided by a document that is not there, such as that nobody has subscribed, is not left to one failed open. */
async function readSurely(disk: Disk, path: string, options: ReadOptions): Promise<ReadResult> {
  for (let tries = 3; tries > 0; tries--) {
    const file = await disk.read(path, options);
    if (file.ok || !file.missing || !(await disk.stat(path))) return file;
  }
  throw new DreamosError('disk', 'DISK_FAILED', `${path} is there, and cannot be opened.`, {
    hint: 'Try again; if it stays so: dreamos doctor',
  });
}
