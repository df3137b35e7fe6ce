/**
 * Other programs' files, which `setup` changes: read whole, and replaced by one rename, with the mode and the owner that they have,
 * where a link to them leads. Their programs write them as well and know no lock of ours, so a file is replaced only while it is
 * what was read; between that look and the rename lies no other call.
 */
import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { quoteWord } from '../../../../model/basics/shell-word.ts';
import { systemClock } from '../../../../model/clock.ts';
import { DreamosError } from '../../../../model/errors.ts';
import { attempt, diskError } from '../disk-error.ts';
import { nodeDisk } from '../node-disk.ts';
import { heldHostFile, isHeldAside, nextHostFile } from '../../names/beside.ts';
import { isIn, pathIn } from '../../names/path.ts';

const mostBytes = 64 * 1024 * 1024;

export interface HostFile {
  /** Where it really is. */
  readonly path: string;
  readonly bytes: Buffer;
  readonly mode: number;
}

/**
 * @returns `undefined`: there is none
 * @throws HOST_FILE_REFUSED: it is none that can be changed; DISK_FAILED
 */
export function readHostFile(path: string): HostFile | undefined {
  const found = look(path);
  if (!found) return undefined;
  const real = attempt<string, string | undefined>(path, 'resolve', () => fs.realpathSync(path), { ENOENT: undefined });
  if (real === undefined) throw refuse(path, 'it is a link to nothing');
  const stat = attempt<fs.Stats, never>(real, 'look at', () => fs.statSync(real));
  if (stat.isDirectory()) throw refuse(path, 'it is a folder');
  if (!stat.isFile()) throw refuse(path, 'it is no regular file');
  if (stat.size > mostBytes) throw refuse(path, `it has ${stat.size} bytes`);
  return {
    path: real,
    bytes: attempt<Buffer, never>(real, 'read', () => fs.readFileSync(real)),
    mode: stat.mode & 0o7777,
  };
}

/**
 * Puts it in the place of what was read, synced.
 * @param was `undefined`: there was none
 * @param mode of a new one
 * @returns `false`: it is another one by now, and nothing was changed
 * @throws HOST_FILE_REFUSED: it is read-only; DISK_FAILED; then it is as it was
 */
export function replaceHostFile(path: string, bytes: Uint8Array, was: HostFile | undefined, mode = 0o666): boolean {
  const target = was?.path ?? path;
  if (was && (was.mode & 0o200) === 0) throw refuse(path, 'it is read-only', `chmod u+w ${quoteWord(path)}`);
  const fresh = nextHostFile(target);
  attempt(fresh, 'remove', () => fs.rmSync(fresh, { force: true }));
  try {
    attempt(fresh, 'write', () => write(fresh, bytes, was ? { mode: was.mode, like: target } : { mode }));
    if (!isStill(path, was)) return false;
    attempt(target, 'replace', () => fs.renameSync(fresh, target));
  } finally {
    attempt(fresh, 'remove', () => fs.rmSync(fresh, { force: true }));
  }
  nodeDisk().syncDir(dirname(target)) as boolean;
  return true;
}

/** @returns as `replaceHostFile` */
export function removeHostFile(path: string, was: HostFile): boolean {
  if (!isStill(path, was)) return false;
  return attempt(was.path, 'remove', () => (fs.unlinkSync(was.path), true), { ENOENT: true });
}

/** A second file like it, a link where it is one; nothing where there is one already. */
export function keepHostFile(path: string, as: string): void {
  const link = look(path)?.isSymbolicLink()
    ? attempt<string, never>(path, 'read', () => fs.readlinkSync(path))
    : undefined;
  const there = { EEXIST: undefined };
  if (link !== undefined) return attempt(as, 'write', () => fs.symlinkSync(link, as), there);
  if (look(as)) return;
  const file = readHostFile(path);
  // Never half of one under this name.
  if (file) replaceHostFile(as, file.bytes, undefined, file.mode);
}

/** Takes the place of whatever has this name, also of a link. @throws DISK_FAILED */
export function putHostFile(path: string, bytes: Uint8Array, mode: number): void {
  const fresh = nextHostFile(path);
  attempt(fresh, 'remove', () => fs.rmSync(fresh, { force: true }));
  replaceHostFile(fresh, bytes, undefined, mode);
  moveHostFile(fresh, path);
}

export function moveHostFile(from: string, to: string): void {
  attempt(from, `move to ${to}`, () => fs.renameSync(from, to));
}

export function isThere(path: string): boolean {
  return look(path) !== undefined;
}

/** The folders above a file, as anybody makes them. @returns the first of them that was not there */
export function makeFoldersFor(path: string): string | undefined {
  return attempt<string | undefined, never>(path, 'make the folder of', () =>
    fs.mkdirSync(dirname(path), { recursive: true }),
  );
}

/** Those above a file that are empty now, up to `top`, which stays. */
export function removeEmptyFoldersOf(path: string, top: string): void {
  const folder = dirname(path);
  if (folder === top || !isIn(top, folder)) return;
  const busy = { ENOTEMPTY: false, EEXIST: false, ENOENT: false, ENOTDIR: false, EACCES: false, EPERM: false };
  if (attempt(folder, 'remove the folder', () => (fs.rmdirSync(folder), true), busy)) removeEmptyFoldersOf(folder, top);
}

/** One `setup` at a time changes a file. @param path that there is a folder for */
export function whileHeld<T>(path: string, work: () => Promise<T>): Promise<T> {
  const real = look(path) && !look(path)?.isSymbolicLink() ? path : realOf(path);
  return nodeDisk().withLock(heldHostFile(real), async () => {
    sweep(real);
    return work();
  });
}

// Longer than any process is on its way between the two steps of giving a lock back.
const oldMs = 60_000;

/** In a folder that `doctor` does not look into. */
function sweep(path: string): void {
  const folder = dirname(path);
  const gone = { ENOENT: undefined, ENOTEMPTY: undefined, ENOTDIR: undefined };
  for (const name of attempt<string[], never>(folder, 'read the folder', () => fs.readdirSync(folder))) {
    const aside = pathIn(folder, name);
    if (!isHeldAside(name, path) || systemClock.now() - (look(aside)?.mtimeMs ?? Infinity) < oldMs) continue;
    attempt(aside, 'remove the folder', () => fs.rmdirSync(aside), gone);
  }
}

/** Also through a link to nothing, which is refused later. */
function realOf(path: string): string {
  return attempt(path, 'resolve', () => fs.realpathSync(path), {
    ENOENT: path,
    ENOTDIR: path,
    ELOOP: path,
    EACCES: path,
  });
}

function look(path: string): fs.Stats | undefined {
  return attempt(path, 'look at', () => fs.lstatSync(path, { throwIfNoEntry: false }), { ENOTDIR: undefined });
}

function isStill(path: string, was: HostFile | undefined): boolean {
  if (!was) return look(path) === undefined;
  const now = readHostFile(path);
  return now !== undefined && now.path === was.path && now.bytes.equals(was.bytes);
}

function write(path: string, bytes: Uint8Array, { mode, like }: { mode: number; like?: string }): void {
  const fd = fs.openSync(path, 'wx', mode);
  try {
    for (let written = 0; written < bytes.length;) written += fs.writeSync(fd, bytes, written);
    if (like !== undefined) {
      const { uid, gid } = fs.statSync(like);
      // Only root can give a file away; anybody else has written what is their own.
      if (uid !== fs.fstatSync(fd).uid || gid !== fs.fstatSync(fd).gid) fs.fchownSync(fd, uid, gid);
      fs.fchmodSync(fd, mode);
    }
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Of the file that was named, what the system said of what lies beside it for a moment; what is something else as it is. */
export function notWritten(path: string, error: unknown): unknown {
  const cause = error instanceof DreamosError ? error.cause : error;
  const told = cause instanceof Error ? diskError(cause, path, 'write') : error;
  if (!(told instanceof DreamosError)) return error;
  const { code } = cause as NodeJS.ErrnoException;
  const folder = dirname(realOf(path));
  const above = nearest(folder);
  if (!above.isFolder)
    return disk(`Could not write ${path}: ${above.path} is no folder.`, `ls -ld ${quoteWord(above.path)}`, cause);
  if (code === 'ENOENT' && above.path !== folder)
    return disk(`Could not write ${path}: there is no folder ${folder}.`, `mkdir -p ${quoteWord(folder)}`, cause);
  const isOfPlace = ['EACCES', 'EPERM', 'EROFS', 'ENOENT'].includes(code ?? '');
  return disk(told.message, isOfPlace ? `ls -ld ${quoteWord(above.path)}` : told.hint, cause);
}

function disk(message: string, hint: string | undefined, cause: unknown): DreamosError {
  return new DreamosError('disk', 'DISK_FAILED', message, { hint, cause });
}

/** What there is of a path, as far as one may look. */
function nearest(path: string): { readonly path: string; readonly isFolder: boolean } {
  try {
    return { path, isFolder: fs.statSync(path).isDirectory() };
  } catch {
    return path === dirname(path) ? { path, isFolder: true } : nearest(dirname(path));
  }
}

function refuse(path: string, why: string, next?: string): DreamosError {
  return new DreamosError('invalid', 'HOST_FILE_REFUSED', `${path} was left as it is: ${why}.`, {
    hint: next ?? `Look what it is: ls -ld ${quoteWord(path)}`,
  });
}
