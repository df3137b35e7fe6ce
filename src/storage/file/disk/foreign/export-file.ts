/**
 * The file of an export, in which programs of others read: its next version is made in a folder of its own beside it, and takes
 * its place by one rename. So nobody reads a part of it, whoever is killed leaves it as it was, and no lock is needed: of two
 * that export at once the later one looks again.
 */
import * as fs from 'node:fs';
import { systemClock } from '../../../../model/clock.ts';
import { dayMs } from '../../../../model/basics/limits.ts';
import { quoteWord } from '../../../../model/basics/shell-word.ts';
import { DreamosError } from '../../../../model/errors.ts';
import { usage } from '../../../../model/refusals.ts';
import { attempt } from '../disk-error.ts';
import { fileMode } from '../logs.ts';
import { nodeDisk } from '../node-disk.ts';
import { isExportFolder, exportFolder, exportFiles, isInRoot } from '../../names/backup-name.ts';
import { folderOf, nameOf, pathIn } from '../../names/path.ts';

export interface ExportFile {
  /** Where it really is. */
  readonly path: string;
  readonly folder: string;
  /** What is there; `undefined`: nothing, or nothing in it. */
  readonly stat: fs.Stats | undefined;
  /** Its first bytes. */
  readonly head: Buffer;
}

const headBytes = 100;

/**
 * @param root where none is made
 * @throws SOURCE_NOT_FOUND: there is no folder for it; USAGE: it lies in the root; EXPORT_REFUSED: it is no file; DISK_FAILED
 */
export function lookAtExport(file: string, root: string): ExportFile {
  const named = pathIn(realFolder(folderOf(file)), nameOf(file));
  // Through a link to what it leads to.
  const path = attempt(named, 'resolve', () => fs.realpathSync(named), { ENOENT: named });
  checkOutside(root, path);
  const stat = attempt<fs.Stats, undefined>(path, 'look at', () => fs.lstatSync(path), { ENOENT: undefined });
  if (stat && !stat.isFile())
    throw exportRefused(path, stat.isDirectory() ? 'it is a folder' : 'it is no regular file');
  if (!stat || stat.size === 0) return { path, folder: folderOf(path), stat: undefined, head: Buffer.alloc(0) };
  return { path, folder: folderOf(path), stat, head: attempt<Buffer, never>(path, 'read', () => headOf(path)) };
}

/** A folder for several files; it is made, and those above it are not. @throws as lookAtExport */
export function makeExportFolder(folder: string, root: string): string {
  const path = pathIn(realFolder(folderOf(folder)), nameOf(folder));
  checkOutside(root, path);
  const above = folderOf(path);
  attempt(above, 'make a folder in', () => fs.mkdirSync(path, { mode: 0o700 }), { EEXIST: undefined });
  return realFolder(path);
}

function realFolder(folder: string): string {
  const missing = { ENOENT: undefined, ENOTDIR: undefined };
  const real = attempt<string, undefined>(folder, 'resolve', () => fs.realpathSync(folder), missing);
  if (real !== undefined && fs.statSync(real).isDirectory()) return real;
  throw new DreamosError('not-found', 'SOURCE_NOT_FOUND', `There is no folder ${folder} to export into.`, {
    hint: `mkdir -p ${quoteWord(folder)}`,
  });
}

function checkOutside(root: string, path: string): void {
  if (
    isInRoot(
      attempt<string, string>(root, 'resolve', () => fs.realpathSync(root), { ENOENT: root }),
      path,
    )
  )
    throw usage(`${path} lies in the root itself.`, 'Name a file elsewhere: dreamos export --sqlite ~/mail.db');
}

export function exportRefused(
  path: string,
  why: string,
  next = 'Name another file; one that is not there is made.',
): DreamosError {
  return new DreamosError('conflict', 'EXPORT_REFUSED', `${path} was left as it is: ${why}.`, { hint: next });
}

/** Whether a program works on a database, or was stopped while it did: a file of its changes lies beside it. */
export function hasChangesBeside({ path }: ExportFile): boolean {
  return ['-wal', '-journal'].some((ending) => {
    const beside = `${path}${ending}`;
    return (
      (attempt<fs.Stats, undefined>(beside, 'look at', () => fs.statSync(beside), { ENOENT: undefined })?.size ?? 0) > 0
    );
  });
}

function headOf(path: string): Buffer {
  const fd = fs.openSync(path, 'r');
  try {
    const head = Buffer.alloc(headBytes);
    return head.subarray(0, fs.readSync(fd, head, 0, headBytes, 0));
  } finally {
    fs.closeSync(fd);
  }
}

/** Where versions are made: a folder that nobody else uses. */
export class ExportFolder {
  readonly path: string;

  /** @param folder that there is @param token drawn anew @throws DISK_FAILED */
  constructor(folder: string, token: string) {
    sweep(folder);
    this.path = exportFolder(folder, token);
    // Whoever reads of it knows the folder above.
    attempt(folder, 'make a folder in', () => fs.mkdirSync(this.path, { mode: 0o700 }));
  }

  /** Where temporary files go. */
  static async temporary(token: string): Promise<ExportFolder> {
    const { tmpdir } = await import('node:os');
    return new ExportFolder(tmpdir(), token);
  }

  /** The file as it was, under a name in this folder, whatever takes its place meanwhile. */
  hold({ path }: ExportFile): string {
    const { was } = exportFiles(this.path);
    // Some file systems have no hard links, and a file of another user may not be linked to.
    try {
      fs.linkSync(path, was);
    } catch {
      attempt(path, 'copy', () => fs.copyFileSync(path, was));
    }
    return was;
  }

  /** The next version, to be changed: a copy of what is held, or an empty file. */
  next(held: string | undefined): string {
    const { next } = exportFiles(this.path);
    // A file system that can share blocks until one is changed copies nothing.
    if (held === undefined) attempt(next, 'write', () => fs.closeSync(fs.openSync(next, 'wx', fileMode)));
    else attempt(next, 'write', () => fs.copyFileSync(held, next, fs.constants.COPYFILE_FICLONE));
    return next;
  }

  /** Texts, by names of their own. */
  texts(): ExportTexts {
    return new ExportTexts(this);
  }

  /**
   * Puts the next version in the place of what was there, synced.
   * @returns `false`: something else is there by now
   */
  async putInPlace(file: ExportFile, next = exportFiles(this.path).next): Promise<boolean> {
    const disk = nodeDisk();
    await disk.syncFile(next);
    if (!isStill(file)) return false;
    if (!(await disk.rename(next, file.path)))
      throw new DreamosError('disk', 'DISK_FAILED', `${next} vanished before it became ${file.path}.`, {
        hint: 'Does something clean up there? Try again.',
      });
    await disk.syncDir(folderOf(file.path));
    return true;
  }

  remove(): void {
    attempt(this.path, 'remove the folder', () => fs.rmSync(this.path, { recursive: true, force: true }));
  }
}

/** Files that are written part by part, and put in place when they are whole. */
export class ExportTexts {
  readonly #folder: ExportFolder;
  readonly #open = new Map<string, number>();

  constructor(folder: ExportFolder) {
    this.#folder = folder;
  }

  write(name: string, part: string): void {
    const path = exportFiles(this.#folder.path).text(name);
    attempt(path, 'write', () => {
      const fd = this.#open.get(name) ?? fs.openSync(path, 'wx', fileMode);
      this.#open.set(name, fd);
      const bytes = Buffer.from(part);
      for (let written = 0; written < bytes.length;) written += fs.writeSync(fd, bytes, written);
    });
  }

  /** One that nothing was written to is empty. @returns `false`: something else is there by now */
  place(name: string, file: ExportFile): Promise<boolean> {
    if (!this.#open.has(name)) this.write(name, '');
    return this.#folder.putInPlace(file, exportFiles(this.#folder.path).text(name));
  }

  close(): void {
    for (const fd of this.#open.values()) fs.closeSync(fd);
    this.#open.clear();
  }
}

function isStill({ path, stat }: ExportFile): boolean {
  const now = attempt<fs.Stats, undefined>(path, 'look at', () => fs.lstatSync(path), { ENOENT: undefined });
  if (!stat) return !now || now.size === 0;
  return now?.ino === stat.ino && now.size === stat.size && now.mtimeMs === stat.mtimeMs;
}

/**
 * What killed exports have left, once nobody can be at work on it. It never decides about this export: in a folder for all, some
 * of it is another user's.
 */
function sweep(folder: string): void {
  for (const name of orLeave(() => fs.readdirSync(folder)) ?? []) {
    const path = pathIn(folder, name);
    if (isExportFolder(name)) orLeave(() => removeOld(path));
  }
}

function removeOld(path: string): void {
  const stat = fs.lstatSync(path);
  if (stat.isDirectory() && systemClock.now() - stat.mtimeMs > dayMs) fs.rmSync(path, { recursive: true, force: true });
}

/** What the system refuses is left as it is. */
function orLeave<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return undefined;
  }
}
