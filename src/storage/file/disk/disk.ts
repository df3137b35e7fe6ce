/**
 * What the file store needs of a disk. This is the only way to the file system, so that a test can fail it, kill between
 * two of its calls, or replace it by a simulated one.
 *
 * Answers that the protocol expects (not there, already there, not empty) are values; everything else that goes wrong is
 * a DreamosError of kind `disk`, wrapped once, with the path. Calls may answer at once or with a promise: the real disk
 * uses synchronous system calls, because a promise per call costs several times the call itself, and the callers await
 * either way.
 */
import type { Lock } from '../../port/documents.ts';
import type { Space } from '../../port/store.ts';

type MaybePromise<T> = T | Promise<T>;

export interface FileStat {
  readonly kind: 'file' | 'directory' | 'symlink' | 'other';
  readonly size: number;
  readonly mtimeMs: number;
  readonly links: number;
  /** Tells one file from its replacement under the same name. */
  readonly inode: number;
  readonly uid: number;
  readonly mode: number;
  /** What it lies on; another one than that of the folder above is mounted there. */
  readonly device?: number;
}

/** `missing`: no such name. Otherwise why these are not bytes to be had: not a regular file, too large, cut short. */
export interface Unread {
  readonly ok: false;
  readonly missing: boolean;
  readonly why: string;
}

export type ReadResult =
  /** `mtimeMs` only of a whole file. */
  { readonly ok: true; readonly bytes: Buffer; readonly mtimeMs?: number } | Unread;

/** A file that is read part by part: whatever becomes of its name, it is there until it is closed. */
export interface OpenFile {
  readonly ok: true;
  readonly size: number;
  readonly mtimeMs: number;
  /** Fewer than asked for where it ends. */
  read(offset: number, length: number): MaybePromise<Buffer>;
  close(): MaybePromise<void>;
}

export interface ReadOptions {
  /** Read only these bytes. */
  readonly range?: { readonly offset: number; readonly length: number } | undefined;
  /** A file (or range) of more bytes is refused, not read. */
  readonly maxBytes: number;
}

export interface Disk {
  /**
   * The names in a folder, unsorted; `undefined`: there is no such folder.
   * @param options.aside what takes time goes to another thread: for whoever asks for many at once. One takes longer.
   */
  list(dir: string, options?: { readonly aside: boolean }): MaybePromise<string[] | undefined>;
  /** Without following a symbolic link. */
  stat(path: string): MaybePromise<FileStat | undefined>;
  /** Never follows a symbolic link and never blocks on a fifo. */
  read(path: string, options: ReadOptions): MaybePromise<ReadResult>;
  /** As `read`, for what may be larger than the memory. */
  open(path: string): MaybePromise<OpenFile | Unread>;
  /** As `create`, synced, of what comes in parts; its folder is there. What the parts throw is thrown. */
  createFrom(path: string, parts: AsyncIterable<Uint8Array>): Promise<void>;
  /** Creates a file that must not be there yet, readable by its owner alone. `false`: its folder is missing. */
  create(path: string, bytes: Uint8Array, options: { readonly sync: boolean }): MaybePromise<boolean>;
  /** `false`: ENOENT, which means that the source is gone or that the target's folder is. The caller finds out which. */
  rename(from: string, to: string): MaybePromise<boolean>;
  /**
   * Renames a folder onto a name that is free, or of an empty folder: of many that try, one gets it. `taken`: there is a
   * folder with something in it, or no folder at all. `missing`: as the `false` of `rename`.
   */
  moveFolder(from: string, to: string): MaybePromise<'moved' | 'taken' | 'missing'>;
  link(existing: string, to: string): MaybePromise<'made' | 'exists' | 'missing'>;
  /** `false`: it was not there. */
  remove(path: string): MaybePromise<boolean>;
  makeDir(dir: string): MaybePromise<'made' | 'exists' | 'missing'>;
  /** Makes an empty file: of many that try, one makes it. `missing`: its folder is. */
  makeFile(path: string): MaybePromise<'made' | 'exists' | 'missing'>;
  /** Only an empty folder goes; `false`: not empty, or not there. */
  removeDir(dir: string): MaybePromise<boolean>;
  /** fsync of a file that somebody else has written. `false`: it is not there. */
  syncFile(path: string): MaybePromise<boolean>;
  /** fsync of a folder: its names are on disk. `false`: there is no such folder. */
  syncDir(dir: string): MaybePromise<boolean>;
  /**
   * One write of whole lines at the end of the file (O_APPEND), not synced; makes the file. They begin on a line of their own,
   * also behind one that a full disk has cut short. `false`: its folder is missing.
   */
  append(path: string, text: string): MaybePromise<boolean>;
  /** Sets the modification time, making an empty file if need be. */
  touch(path: string, timeMs: number): MaybePromise<void>;
  /** As `touch`, of a file that is there. `false`: it is not, or is another file's second name. */
  refresh(path: string, timeMs: number): MaybePromise<boolean>;
  /**
   * Makes a file under a free name, by one rename; the file is synced, its folder is not. It may have written a part only,
   * and says nothing of that: replace.ts, the only caller, looks.
   */
  writeWhole(path: string, bytes: Uint8Array): MaybePromise<void>;
  /**
   * Runs `work` while holding the lock file `<path>.lock`.
   * @param busy what is thrown when a live process holds it, which takes a few seconds to see; else that is waited for
   */
  withLock<T>(path: string, work: (lock: Lock) => Promise<T>, busy?: () => Error): Promise<T>;
  /** Takes every right but the owner's off a file or folder. */
  makePrivate(path: string): MaybePromise<void>;
  /** The path without symbolic links in it. */
  realPath(path: string): MaybePromise<string>;
  /** Who this process acts as; `undefined` where the platform has no such numbers. */
  userId(): number | undefined;
  /** The most bytes that a path may have (PATH_MAX, without its end). */
  readonly longestPath: number;
  /** What kind of file system a path lies on, in the kernel's numbers (statfs). */
  fileSystem(path: string): MaybePromise<number>;
  /** Of the file system that a path lies on. */
  space(path: string): MaybePromise<Space>;
  /** Another one after each start of the machine; also when that is only possible. */
  bootId(): MaybePromise<string>;
  /** This process's number, and where it means that process: of which start of the machine, and seen from where (containers). */
  self(): MaybePromise<{ readonly pid: number; readonly machine: string }>;
  /** What this machine calls itself. */
  hostName(): MaybePromise<string>;
  /** When a process of this machine began, so that a number which was given again is known as another's; `undefined`: there is none. */
  startOf(pid: number): MaybePromise<string | undefined>;
  close(): MaybePromise<void>;
}
