import { utimes } from 'node:fs/promises';
import type { Clock } from '../../../src/model/clock.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import type { Disk } from '../../../src/storage/file/disk/disk.ts';
import { nodeDisk } from '../../../src/storage/file/disk/node-disk.ts';

/** One call of the store to its disk. `writeWhole` counts as two: the new file beside the old one, then the rename. */
export interface DiskCall {
  readonly method: string;
  readonly path: string;
  readonly to?: string;
  readonly synced?: boolean;
}

let replaced = 0;

type Before = (call: DiskCall) => void | Promise<void>;

/** Methods after which something is different on the disk, or safer. */
const changing = new Set([
  'create',
  'rename',
  'moveFolder',
  'link',
  'remove',
  'makeDir',
  'makeFile',
  'removeDir',
  'syncFile',
  'syncDir',
  'append',
  'touch',
  'refresh',
  'writeWhole',
]);

export function changes({ method }: DiskCall): boolean {
  return changing.has(method);
}

/**
 * A real disk that asks `before` in front of every call. It waits for no device: what is synced is only told. Locks are
 * not taken, because what is done under one has to be safe without it.
 */
export function watchedDisk(before: Before = () => undefined): Disk {
  const real = nodeDisk();
  return {
    async list(path, options) {
      await before({ method: 'list', path });
      return real.list(path, options);
    },
    async stat(path) {
      await before({ method: 'stat', path });
      return real.stat(path);
    },
    async read(path, options) {
      await before({ method: 'read', path });
      return real.read(path, options);
    },
    async open(path) {
      await before({ method: 'read', path });
      return real.open(path);
    },
    async createFrom(path, parts) {
      const all: Uint8Array[] = [];
      for await (const part of parts) all.push(part);
      await before({ method: 'create', path, synced: true });
      await real.create(path, Buffer.concat(all), { sync: false });
    },
    async create(path, bytes, { sync }) {
      await before({ method: 'create', path, synced: sync });
      return real.create(path, bytes, { sync: false });
    },
    async rename(path, to) {
      await before({ method: 'rename', path, to });
      return real.rename(path, to);
    },
    async moveFolder(path, to) {
      await before({ method: 'moveFolder', path, to });
      return real.moveFolder(path, to);
    },
    async link(path, to) {
      await before({ method: 'link', path, to });
      return real.link(path, to);
    },
    async remove(path) {
      await before({ method: 'remove', path });
      return real.remove(path);
    },
    async makeDir(path) {
      await before({ method: 'makeDir', path });
      return real.makeDir(path);
    },
    async makeFile(path) {
      await before({ method: 'makeFile', path });
      return real.makeFile(path);
    },
    async removeDir(path) {
      await before({ method: 'removeDir', path });
      return real.removeDir(path);
    },
    async syncFile(path) {
      await before({ method: 'syncFile', path });
      return (await real.stat(path)) !== undefined;
    },
    async syncDir(path) {
      await before({ method: 'syncDir', path });
      return (await real.stat(path))?.kind === 'directory';
    },
    async append(path, text) {
      await before({ method: 'append', path });
      return real.append(path, text);
    },
    async touch(path, timeMs) {
      await before({ method: 'touch', path });
      return real.touch(path, timeMs);
    },
    async refresh(path, timeMs) {
      await before({ method: 'refresh', path });
      return real.refresh(path, timeMs);
    },
    async writeWhole(path, bytes) {
      await before({ method: 'writeWhole', path, synced: true });
      const beside = `${path}.${++replaced}`;
      await real.create(beside, bytes, { sync: false });
      await before({ method: 'rename', path: beside, to: path });
      await real.rename(beside, path);
    },
    withLock: (_, work) => work({ isHeld: () => true }),
    makePrivate: (path) => real.makePrivate(path),
    realPath: (path) => real.realPath(path),
    userId: () => real.userId(),
    longestPath: real.longestPath,
    fileSystem: (path) => real.fileSystem(path),
    space: (path) => real.space(path),
    bootId: () => real.bootId(),
    self: () => real.self(),
    hostName: () => real.hostName(),
    startOf: (pid) => real.startOf(pid),
    close: () => real.close(),
  };
}

export class Killed extends Error {}

export interface KilledDisk {
  readonly disk: Disk;
  /** Whether the kill has come. */
  killed(): boolean;
}

/** A real disk whose files have the time of a test's clock, and not the machine's. */
export function diskOnTime(clock: Clock): Disk {
  const real = nodeDisk();
  return {
    ...real,
    async create(path, bytes, options) {
      const made = await real.create(path, bytes, options);
      if (made) await utimes(path, new Date(), new Date(clock.now()));
      return made;
    },
  };
}

/**
 * A process that is killed in front of its n-th change of the disk (counted from 1): neither it nor any later call is made.
 * A kill in front of a look leaves the same disk as one in front of the next change.
 */
export function killedAt(n: number): KilledDisk {
  let count = 0;
  const disk = watchedDisk((call) => {
    if (changes(call)) count++;
    if (count >= n) throw new Killed(`killed in front of change ${n}`);
  });
  return { disk, killed: () => count >= n };
}

/** A process that is killed right behind the first call of which this holds. */
export function killedBehind(matches: (call: DiskCall) => boolean): Disk {
  let over = false;
  return watchedDisk((call) => {
    if (over) throw new Killed(`killed behind a call`);
    over = matches(call);
  });
}

/** A call fails as a device does: with a DISK_FAILED error. */
export function diskFailure({ method, path }: DiskCall): DreamosError {
  return new DreamosError('disk', 'DISK_FAILED', `Could not ${method} ${path}: EIO.`);
}
