import type { Disk } from '../../../src/storage/file/disk/disk.ts';

/** What a negative control leaves out, although the protocol stands on it. */
export const omissions = ['file fsync', 'folder fsync', 'ancestor fsync'] as const;
export type Omission = (typeof omissions)[number];

/** The real disk that leaves out one kind of fsync and says it was done. Without an omission, the real disk. */
export function forgetfulDisk(disk: Disk, omits: Omission | undefined): Disk {
  switch (omits) {
    case 'file fsync':
      return { ...disk, create: (path, bytes) => disk.create(path, bytes, { sync: false }) };
    case 'folder fsync':
      return { ...disk, syncDir: async (dir) => (await disk.stat(dir)) !== undefined };
    case 'ancestor fsync':
      // A folder that is gone is taken for synced, so that nobody goes on to the one above it.
      return { ...disk, syncDir: async (dir) => (await disk.stat(dir)) === undefined || (await disk.syncDir(dir)) };
    case undefined:
    default:
      return disk;
  }
}

export interface Pausing {
  readonly disk: Disk;
  /** Runs `work` once, right before the next sync of a folder for which `matches` holds. */
  beforeSync(matches: (dir: string) => boolean, work: (dir: string) => Promise<void>): void;
}

/** A disk on which a process can be held up in front of a folder's fsync while others go on. */
export function pausingDisk(disk: Disk): Pausing {
  let armed: { matches: (dir: string) => boolean; work: (dir: string) => Promise<void> } | undefined;
  return {
    disk: {
      ...disk,
      async syncDir(dir) {
        const pause = armed?.matches(dir) === true ? armed : undefined;
        if (pause) {
          armed = undefined;
          await pause.work(dir);
        }
        return disk.syncDir(dir);
      },
    },
    beforeSync(matches, work) {
      armed = { matches, work };
    },
  };
}
