/**
 * Replacing a document as one step: by write-file-atomic, under a guard.
 *
 * write-file-atomic 7 does not look how much of its write was done (writeFileSync in its lib/index.js): on a disk that is
 * nearly full it puts a stump in the place of the document, and calls it a success. So the old version keeps a second name
 * until what was put in place has been read back:
 *
 *   | step | <document> | <document>.kept |
 *   | --- | --- | --- |
 *   | 1 link | old | old, the same file |
 *   | 2 write-file-atomic: beside it, synced, renamed | new, or a stump of it | old |
 *   | 3 read back: it is the new one, and its folder is synced | new | old |
 *   | 4 remove | new | |
 *   | 3' it is a stump: rename back, or, of a first version, remove | old, or none | |
 *
 * Whoever dies in between leaves a kept version. Beside a whole document it is of no more use; beside a stump it is the
 * document. Readers take it as such (`readWhole`); the next replacement and `doctor --fix` finish what was begun. All
 * documents are JSON objects, and no stump of one is JSON.
 */
import { DreamosError } from '../../../model/errors.ts';
import type { Disk, ReadOptions, ReadResult } from './disk.ts';
import { parseJson } from './parse-json.ts';
import { keptOf } from '../names/beside.ts';
import { folderOf } from '../names/path.ts';

/** @throws DISK_FAILED; then the document is what it was, unless the folder could not be synced */
export async function replaceDocument(disk: Disk, path: string, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  const kept = keptOf(path);
  for (let round = 1; (await disk.link(path, kept)) === 'exists'; round++) {
    if (round > mostRounds) throw new DreamosError('disk', 'DISK_FAILED', `${kept} cannot be taken away.`);
    await settleKept(disk, path);
  }
  try {
    await disk.writeWhole(path, bytes);
  } catch (error) {
    // Nothing was put in its place.
    await quietly(() => disk.remove(kept));
    throw error;
  }
  const placed = await disk.read(path, { maxBytes: mostBytes });
  if (!isPlaced(placed, bytes)) throw await undone(disk, path, placed);
  await disk.syncDir(folderOf(path));
  await disk.remove(kept);
}

/** As `read`, of a document: where it is a stump that somebody is about to undo, or died before, its kept version. */
export async function readWhole(disk: Disk, path: string, options: ReadOptions): Promise<ReadResult> {
  const file = await disk.read(path, options);
  if (!file.ok || parseJson(file.bytes) !== undefined) return file;
  const kept = await disk.read(keptOf(path), options);
  if (kept.ok && parseJson(kept.bytes) !== undefined) return kept;
  // Between the two it may have been undone.
  return disk.read(path, options);
}

/** What becomes of a kept version: `none` is there; the document is whole, and it is `spare`; or it is `needed`. */
export async function keptState(disk: Disk, path: string): Promise<'none' | 'spare' | 'needed'> {
  const kept = await disk.stat(keptOf(path));
  if (!kept) return 'none';
  // Two names of one file, by who died behind step 1: to rename one to the other would succeed, and do nothing (POSIX).
  if ((await disk.stat(path))?.inode === kept.inode) return 'spare';
  const file = await disk.read(path, { maxBytes: mostBytes });
  return file.ok && parseJson(file.bytes) !== undefined ? 'spare' : 'needed';
}

/** Finishes what was cut off; safe to do twice. */
export async function settleKept(disk: Disk, path: string): Promise<void> {
  const state = await keptState(disk, path);
  if (state === 'spare') await disk.remove(keptOf(path));
  else if (state === 'needed') await disk.rename(keptOf(path), path);
}

// Who has no lock may make one again and again.
const mostRounds = 100;
// What any document may have, and more.
const mostBytes = 72 * 1024 * 1024;

/**
 * Also when another one's has taken its place meanwhile: ours was whole. Or when it has gone: reasons have no lock, and of two
 * who bury one message in the same millisecond the one who is too late removes the reason that both have.
 */
function isPlaced(placed: ReadResult, bytes: Buffer): boolean {
  if (!placed.ok) return placed.missing;
  return placed.bytes.equals(bytes) || parseJson(placed.bytes) !== undefined;
}

async function undone(disk: Disk, path: string, placed: ReadResult): Promise<DreamosError> {
  const found = placed.ok ? `only ${placed.bytes.length} bytes of it were written` : placed.why;
  const wasThere = await disk.rename(keptOf(path), path);
  if (!wasThere) await disk.remove(path);
  return new DreamosError('disk', 'DISK_FAILED', `Could not write ${path}: ${found}; it is as it was before.`, {
    hint: 'Is the disk full, or at a limit (`df -h`, `ulimit -f`, a quota)? Then try again.',
  });
}

async function quietly(work: () => unknown): Promise<void> {
  try {
    await work();
  } catch (error) {
    // The first error is the one to tell; what stays is finished later.
    if (!(error instanceof DreamosError)) throw error;
  }
}
