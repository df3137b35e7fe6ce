import * as fs from 'node:fs';
import { geteuid, pid, platform } from 'node:process';
import { systemClock } from '../../../model/clock.ts';
import type { Disk, FileStat, OpenFile, ReadOptions, ReadResult, Unread } from './disk.ts';
import { attempt, expectedOf } from './disk-error.ts';
import { fileMode, openLogs } from './logs.ts';
import { pidSpace, startOf } from './programs.ts';
import { refreshFile, touchFile } from './touch.ts';

const dirMode = 0o700;
// O_NONBLOCK: opening a fifo would otherwise wait for its other end, for ever.
const readFlags = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK;
// Calls that return at once never let the event loop turn: a command that reads 100,000 files would be deaf to signals,
// and its locks would not be refreshed. So now and then a look waits for one turn.
const turnEveryMs = 30;

/** The real disk. */
export function nodeDisk(): Disk {
  const logs = openLogs();
  let turnedAt = systemClock.uptime();
  function letTurn<T>(look: () => T): T | Promise<T> {
    if (systemClock.uptime() - turnedAt < turnEveryMs) return look();
    return new Promise((resolve) => setImmediate(resolve)).then(() => {
      turnedAt = systemClock.uptime();
      return look();
    });
  }

  return {
    list(dir, { aside } = { aside: false }) {
      const noFolder = { ENOENT: undefined, ENOTDIR: undefined };
      if (!aside) return letTurn(() => attempt(dir, 'read the folder', () => listFolder(dir), noFolder));
      return listAside(dir).catch((error: unknown) => expectedOf(error, dir, 'read the folder', noFolder));
    },
    stat: (path) =>
      attempt(path, 'look at', () => describe(fs.lstatSync(path, { throwIfNoEntry: false })), { ENOTDIR: undefined }),
    read: (path, options) => letTurn(() => attempt(path, 'read', () => readFile(path, options))),
    open: (path) => attempt(path, 'read', () => openFile(path, letTurn)),
    createFrom: (path, parts) =>
      createFrom(path, parts).catch((error: unknown) => expectedOf<never>(error, path, 'write', {})),
    create(path, bytes, options) {
      return attempt(path, 'write', () => createFile(path, bytes, options.sync), { ENOENT: false });
    },
    rename: (from, to) => attempt(from, `move to ${to}`, () => (fs.renameSync(from, to), true), { ENOENT: false }),
    moveFolder: (from, to) =>
      attempt(from, `move to ${to}`, () => (fs.renameSync(from, to), 'moved'), {
        ENOTEMPTY: 'taken',
        EEXIST: 'taken',
        ENOTDIR: 'taken',
        ENOENT: 'missing',
      }),
    link: (existing, to) =>
      attempt(to, 'link', () => (fs.linkSync(existing, to), 'made'), { EEXIST: 'exists', ENOENT: 'missing' }),
    remove: (path) => attempt(path, 'remove', () => (fs.unlinkSync(path), true), { ENOENT: false }),
    makeDir: (dir) =>
      attempt(dir, 'make the folder', () => (fs.mkdirSync(dir, dirMode), 'made'), {
        EEXIST: 'exists',
        ENOENT: 'missing',
      }),
    makeFile: (path) =>
      attempt(path, 'write', () => (fs.closeSync(fs.openSync(path, 'wx', fileMode)), 'made'), {
        EEXIST: 'exists',
        ENOENT: 'missing',
      }),
    removeDir: (dir) =>
      attempt(dir, 'remove the folder', () => (fs.rmdirSync(dir), true), {
        ENOENT: false,
        ENOTEMPTY: false,
        EEXIST: false,
        ENOTDIR: false,
      }),
    syncFile: (path) => attempt(path, 'sync', () => (syncPath(path, 0), true), { ENOENT: false }),
    syncDir: (dir) =>
      attempt(dir, 'sync the folder', () => (syncPath(dir, fs.constants.O_DIRECTORY), true), {
        ENOENT: false,
        ENOTDIR: false,
      }),
    append(path, text) {
      return attempt(path, 'append to', () => logs.append(path, text), { ENOENT: false });
    },
    touch: (path, timeMs) => attempt(path, 'touch', () => touchFile(path, timeMs / 1000)),
    refresh: (path, timeMs) => attempt(path, 'touch', () => refreshFile(path, timeMs / 1000), { ENOENT: false }),
    writeWhole: (path, bytes) =>
      writeWhole(path, bytes).catch((error: unknown) => expectedOf<never>(error, path, 'write', {})),
    async withLock(path, work, busy) {
      const { takeLock } = await import('./lock.ts');
      const { isHeld, release } = await takeLock(path, busy);
      try {
        return await work({ isHeld });
      } finally {
        // What could not be removed is soon dead, and whoever waits removes it.
        await release().catch(() => undefined);
      }
    },
    makePrivate(path) {
      const work = () => fs.chmodSync(path, fs.lstatSync(path).isDirectory() ? dirMode : fileMode);
      return attempt(path, 'change the mode of', work, { ENOENT: undefined });
    },
    realPath: (path) => attempt(path, 'resolve', () => fs.realpathSync(path)),
    userId: () => geteuid?.(),
    longestPath: platform === 'linux' ? 4095 : 1023,
    fileSystem: (path) => attempt(path, 'look at', () => fs.statfsSync(path).type),
    space: (path) =>
      attempt(path, 'look at', () => {
        const { bsize, blocks, bavail } = fs.statfsSync(path);
        return { bytes: blocks * bsize, freeBytes: bavail * bsize };
      }),
    bootId,
    self: async () => (itself ??= { pid, machine: `${await bootId()} ${pidSpace()}` }),
    hostName: async () => (await import('node:os')).hostname(),
    startOf: (of) => attempt('/proc', 'look at', () => startOf(of), {}),
    close: () => logs.close(),
  };
}

let itself: { readonly pid: number; readonly machine: string } | undefined;

async function bootId(): Promise<string> {
  try {
    return fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    const { uptime } = await import('node:os');
    // Not Linux. A clock that is put right moves the moment a little; to be wrong costs a look at the events.
    return `${Math.round((systemClock.now() - uptime() * 1000) / 600_000)}`;
  }
}

function listFolder(dir: string): string[] | undefined {
  return isFolder(dir) ? fs.readdirSync(dir) : undefined;
}

async function listAside(dir: string): Promise<string[] | undefined> {
  return isFolder(dir) ? fs.promises.readdir(dir) : undefined;
}

/** readdir would follow a link that somebody planted in place of a folder. */
function isFolder(dir: string): boolean {
  return fs.lstatSync(dir, { throwIfNoEntry: false })?.isDirectory() === true;
}

function describe(stat: fs.Stats | undefined): FileStat | undefined {
  if (!stat) return undefined;
  return {
    kind: stat.isFile() ? 'file' : stat.isDirectory() ? 'directory' : stat.isSymbolicLink() ? 'symlink' : 'other',
    size: stat.size,
    mtimeMs: stat.mtimeMs,
    links: stat.nlink,
    inode: stat.ino,
    uid: stat.uid,
    mode: stat.mode & 0o7777,
    device: stat.dev,
  };
}

function openToRead(path: string): number | Unread {
  try {
    return fs.openSync(path, readFlags);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { ok: false, missing: true, why: 'it is not there' };
    // Looked at again, because what is called a link or a fifo here is put aside as corrupt: a good file must not be.
    const odd =
      code === 'ELOOP' || code === 'ENXIO' ? describe(fs.lstatSync(path, { throwIfNoEntry: false })) : undefined;
    if (odd?.kind === 'symlink') return { ok: false, missing: false, why: 'it is a symbolic link' };
    if (odd && odd.kind !== 'file') return notRegular;
    throw error;
  }
}

function readFile(path: string, { range, maxBytes }: ReadOptions): ReadResult {
  const fd = openToRead(path);
  if (typeof fd !== 'number') return fd;
  try {
    // What is no regular file shows when it is read, and a loop that claims the parts of a batch saves a call for each.
    if (range) return readRange(fd, range, maxBytes);
    const stat = fs.fstatSync(fd);
    if (!stat.isFile()) return notRegular;
    if (stat.size > maxBytes) return tooLarge(stat.size);
    const bytes = Buffer.allocUnsafe(stat.size);
    const read = readFully(fd, bytes, 0);
    return { ok: true, bytes: read < stat.size ? bytes.subarray(0, read) : bytes, mtimeMs: stat.mtimeMs };
  } finally {
    fs.closeSync(fd);
  }
}

function readRange(fd: number, { offset, length }: NonNullable<ReadOptions['range']>, maxBytes: number): ReadResult {
  if (length > maxBytes) return tooLarge(length);
  const bytes = Buffer.allocUnsafe(length);
  try {
    if (readFully(fd, bytes, offset) < length) return { ok: false, missing: false, why: 'it is cut short' };
  } catch (error) {
    // A folder, a fifo or a device. Looked at, because it will be put aside as corrupt: a good file must not be.
    if (!fs.fstatSync(fd).isFile()) return notRegular;
    throw error;
  }
  return { ok: true, bytes };
}

function openFile(path: string, letTurn: <T>(look: () => T) => T | Promise<T>): OpenFile | Unread {
  const fd = openToRead(path);
  if (typeof fd !== 'number') return fd;
  const close = (): void => fs.closeSync(fd);
  let stat: fs.Stats;
  try {
    stat = fs.fstatSync(fd);
  } catch (error) {
    close();
    throw error;
  }
  if (!stat.isFile()) {
    close();
    return notRegular;
  }
  const read = (offset: number, length: number): Buffer => {
    const bytes = Buffer.allocUnsafe(length);
    return bytes.subarray(0, readFully(fd, bytes, offset));
  };
  return {
    ok: true,
    size: stat.size,
    mtimeMs: stat.mtimeMs,
    read: (offset, length) => letTurn(() => attempt(path, 'read', () => read(offset, length))),
    close,
  };
}

const notRegular: Unread = { ok: false, missing: false, why: 'it is not a regular file' };

function tooLarge(length: number): Unread {
  return { ok: false, missing: false, why: `it is too large (${length} bytes)` };
}

/** @returns how many bytes there were */
function readFully(fd: number, bytes: Buffer, offset: number): number {
  let read = 0;
  while (read < bytes.length) {
    const n = fs.readSync(fd, bytes, read, bytes.length - read, offset + read);
    if (n === 0) break;
    read += n;
  }
  return read;
}

function writeFully(fd: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) written += fs.writeSync(fd, bytes, written);
}

async function createFrom(path: string, parts: AsyncIterable<Uint8Array>): Promise<void> {
  const fd = fs.openSync(path, 'wx', fileMode);
  try {
    for await (const part of parts) writeFully(fd, part);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

function createFile(path: string, bytes: Uint8Array, sync: boolean): true {
  const fd = fs.openSync(path, 'wx', fileMode);
  try {
    writeFully(fd, bytes);
    // Once: after a failed fsync the kernel may call the same pages clean, so a second one that succeeds proves nothing.
    if (sync) fs.fsyncSync(fd);
  } catch (error) {
    fs.closeSync(fd);
    try {
      fs.unlinkSync(path);
    } catch {
      // The first error is the one to tell; what stays in tmp/ is swept later.
    }
    throw error;
  }
  fs.closeSync(fd);
  return true;
}

async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const { default: writeFileAtomic } = await import('write-file-atomic');
  writeFileAtomic.sync(path, Buffer.from(bytes), { mode: fileMode });
}

function syncPath(path: string, kind: number): void {
  const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK | kind);
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}
