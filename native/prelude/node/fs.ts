import * as host from 'dreamos:host';
import { HostBuffer } from '../buffer.ts';
import { HostReader } from '../stream.ts';
import { checkPath, done, systemError } from '../system-error.ts';

const onLinux = host.platform === 'linux';

/** As <fcntl.h> and <unistd.h> of each system have them. */
export const constants = {
  O_RDONLY: 0,
  O_WRONLY: 1,
  O_RDWR: 2,
  O_CREAT: onLinux ? 0o100 : 0x200,
  O_EXCL: onLinux ? 0o200 : 0x800,
  O_TRUNC: onLinux ? 0o1000 : 0x400,
  O_APPEND: onLinux ? 0o2000 : 0x8,
  O_NONBLOCK: onLinux ? 0o4000 : 0x4,
  O_DIRECTORY: onLinux ? (host.arch === 'arm64' ? 0o40000 : 0o200000) : 0x100000,
  O_NOFOLLOW: onLinux ? (host.arch === 'arm64' ? 0o100000 : 0o400000) : 0x100,
  F_OK: 0,
  X_OK: 1,
  W_OK: 2,
  R_OK: 4,
};

const { O_WRONLY, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_RDWR } = constants;
const flagsOf: Record<string, number> = {
  r: 0,
  'r+': O_RDWR,
  w: O_WRONLY | O_CREAT | O_TRUNC,
  wx: O_WRONLY | O_CREAT | O_EXCL | O_TRUNC,
  a: O_WRONLY | O_CREAT | O_APPEND,
};

const facts = new Float64Array(9);
const factBytes = new Uint8Array(facts.buffer);
const kindMask = 0o170000;

export class Stats {
  readonly mode: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly nlink: number;
  readonly ino: number;
  readonly uid: number;
  readonly gid: number;
  readonly rdev: number;
  readonly dev: number;

  /** Of what the host has told last. */
  constructor([mode = 0, size = 0, mtimeMs = 0, nlink = 0, ino = 0, uid = 0, gid = 0, rdev = 0, dev = 0] = facts) {
    this.mode = mode;
    this.size = size;
    this.mtimeMs = mtimeMs;
    this.nlink = nlink;
    this.ino = ino;
    this.uid = uid;
    this.gid = gid;
    this.rdev = rdev;
    this.dev = dev;
  }

  get mtime(): Date {
    return new Date(this.mtimeMs);
  }

  isFile(): boolean {
    return (this.mode & kindMask) === 0o100000;
  }

  isDirectory(): boolean {
    return (this.mode & kindMask) === 0o040000;
  }

  isSymbolicLink(): boolean {
    return (this.mode & kindMask) === 0o120000;
  }

  isFIFO(): boolean {
    return (this.mode & kindMask) === 0o010000;
  }

  isSocket(): boolean {
    return (this.mode & kindMask) === 0o140000;
  }

  isCharacterDevice(): boolean {
    return (this.mode & kindMask) === 0o020000;
  }

  isBlockDevice(): boolean {
    return (this.mode & kindMask) === 0o060000;
  }
}

interface Quiet {
  readonly throwIfNoEntry?: boolean;
}

function statsOf(result: number, syscall: string, path?: string, quiet?: Quiet): Stats | undefined {
  if (result >= 0) return new Stats();
  const error = systemError(result, syscall, path);
  // As Node: also where a part of the way is no folder.
  if (quiet?.throwIfNoEntry === false && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined;
  throw error;
}

export function openSync(path: string, flags: string | number = 'r', mode = 0o666): number {
  const number = typeof flags === 'number' ? flags : flagsOf[flags];
  if (number === undefined) throw new TypeError(`Invalid flags: ${flags}`);
  return done(host.open(checkPath(path), number, mode), 'open', path);
}

export function closeSync(fd: number): void {
  done(host.close(fd), 'close');
}

interface Span {
  readonly offset?: number;
  readonly length?: number;
  readonly position?: number | null;
}

export function readSync(
  fd: number,
  into: Uint8Array,
  at: number | Span = 0,
  length?: number,
  position?: number | null,
): number {
  const span = typeof at === 'number' ? { offset: at, length, position } : at;
  const offset = span.offset ?? 0;
  return uninterrupted('read', () =>
    host.read(fd, into, offset, span.length ?? into.length - offset, span.position ?? -1),
  );
}

export function writeSync(fd: number, data: string | Uint8Array, offset = 0, length?: number): number {
  const bytes = typeof data === 'string' ? HostBuffer.from(data) : data;
  return uninterrupted('write', () => host.write(fd, bytes, offset, length ?? bytes.length - offset));
}

/** As libuv, again where a signal came first: it is told by the event loop, later. EINTR is 4 on Linux and on macOS. */
function uninterrupted(syscall: string, call: () => number): number {
  let result: number;
  do result = call();
  while (result === -4);
  return done(result, syscall);
}

export function fsyncSync(fd: number): void {
  done(host.fsync(fd), 'fsync');
}

export function statSync(path: string, quiet?: Quiet): Stats | undefined {
  return statsOf(host.stat(checkPath(path), factBytes), 'stat', path, quiet);
}

export function lstatSync(path: string, quiet?: Quiet): Stats | undefined {
  return statsOf(host.lstat(checkPath(path), factBytes), 'lstat', path, quiet);
}

export function fstatSync(fd: number): Stats {
  return statsOf(host.fstat(fd, factBytes), 'fstat') as Stats;
}

export function renameSync(from: string, to: string): void {
  done(host.rename(checkPath(from), checkPath(to)), 'rename', from, to);
}

export function linkSync(existing: string, another: string): void {
  done(host.link(checkPath(existing), checkPath(another)), 'link', existing, another);
}

export function unlinkSync(path: string): void {
  done(host.unlink(checkPath(path)), 'unlink', path);
}

export function rmdirSync(path: string): void {
  done(host.rmdir(checkPath(path)), 'rmdir', path);
}

export function mkdirSync(path: string, mode = 0o777): void {
  done(host.mkdir(checkPath(path), mode), 'mkdir', path);
}

export function chmodSync(path: string, mode: number): void {
  done(host.chmod(checkPath(path), mode), 'chmod', path);
}

export function accessSync(path: string, mode = 0): void {
  done(host.access(checkPath(path), mode), 'access', path);
}

export function existsSync(path: string): boolean {
  return !path.includes('\0') && host.access(path, 0) >= 0;
}

const secondsOf = (time: number | Date): number => (typeof time === 'number' ? time : time.getTime() / 1000);

export function lutimesSync(path: string, accessed: number | Date, modified: number | Date): void {
  done(host.lutimes(checkPath(path), secondsOf(accessed), secondsOf(modified)), 'lutime', path);
}

/** Of what is no link; this is asked for a lock's own folder alone. */
export function utimesSync(path: string, accessed: number | Date, modified: number | Date): void {
  done(host.lutimes(checkPath(path), secondsOf(accessed), secondsOf(modified)), 'utime', path);
}

export function statfsSync(path: string): { readonly type: number } {
  return { type: done(host.statfs(checkPath(path)), 'statfs', path) };
}

export function realpathSync(path: string): string {
  return done(host.realpath(checkPath(path)), 'lstat', path);
}

export function readlinkSync(path: string): string {
  return done(host.readlink(checkPath(path)), 'readlink', path);
}

export function readdirSync(path: string): string[] {
  return done(host.readdir(checkPath(path)), 'scandir', path);
}

export function readFileSync(path: string, encoding?: string): string | HostBuffer {
  const fd = openSync(path);
  const parts: Uint8Array[] = [];
  try {
    // Not by its size: what /proc has says 0.
    for (let size = Math.max(4096, fstatSync(fd).size + 1); ; size = 65_536) {
      const part = new HostBuffer(size);
      const read = readSync(fd, part);
      if (read === 0) break;
      parts.push(part.subarray(0, read));
    }
  } finally {
    closeSync(fd);
  }
  const bytes = HostBuffer.concat(parts);
  return encoding === undefined ? bytes : bytes.toString(encoding);
}

export function createReadStream(path: string): HostReader {
  return new HostReader(() => openSync(path));
}

export const promises = {
  readdir: async (path: string): Promise<string[]> => readdirSync(path),
};
