// A folder for everything that a run writes, on a disk: what a tmpfs calls synced is in memory.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const tmpfs = 0x01021994;

/** @param {string | undefined} wanted a folder; else the first usual place that is not in memory */
export function makeScratch(wanted) {
  const place = wanted ?? [tmpdir(), '/var/tmp', import.meta.dirname].find((dir) => isOnDisk(dir)) ?? tmpdir();
  mkdirSync(place, { recursive: true });
  const base = mkdtempSync(join(place, 'dreamos-bench-'));
  // Each folder in it gets a part of an ext4 of its own. Without a journal that passes over inodes that were deleted within
  // the last minutes (recently_deleted in fs/ext4/ialloc.c), and a file beside thousands of deleted ones, which some peers
  // leave behind, takes up to a millisecond to make. Other file systems have no such mark, and need none.
  spawnSync('chattr', ['+T', base], { stdio: 'ignore' });
  process.once('exit', () => rmSync(base, { recursive: true, force: true }));
  let count = 0;
  return {
    base,
    onDisk: isOnDisk(base),
    /** A new folder; `remove` gives its space back before the end. */
    folder(name) {
      const path = join(base, `${++count}-${name}`);
      mkdirSync(path);
      return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
    },
  };
}

function isOnDisk(dir) {
  try {
    return statfsSync(dir).type !== tmpfs;
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return false;
  }
}
