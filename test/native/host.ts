/** `dreamos:host` by Node, so that the prelude (native/prelude/) can be held to Node's own modules without a build. */
import { createHash, randomFillSync } from 'node:crypto';
import * as fs from 'node:fs';
import { isUtf8 as isNodeUtf8 } from 'node:buffer';
import { performance } from 'node:perf_hooks';

type Failed = NodeJS.ErrnoException & { errno: number };

/** As the host answers: what fails is the negative errno. */
function answer<T>(work: () => T): T | number {
  try {
    return work() ?? 0;
  } catch (error) {
    const { errno } = error as Failed;
    if (typeof errno !== 'number') throw error;
    return errno;
  }
}

function tell(facts: Uint8Array, look: () => fs.Stats): number {
  return answer(() => {
    const { mode, size, mtimeMs, nlink, ino, uid, gid, rdev, dev } = look();
    new Float64Array(facts.buffer).set([mode, size, mtimeMs, nlink, ino, uid, gid, rdev, dev]);
    return 0;
  });
}

export const open = (path: string, flags: number, mode: number) => answer(() => fs.openSync(path, flags, mode));
export const close = (fd: number) => answer(() => (fs.closeSync(fd), 0));
export const read = (fd: number, into: Uint8Array, start: number, length: number, position: number) =>
  answer(() => fs.readSync(fd, into, start, length, position < 0 ? null : position));
export const write = (fd: number, bytes: Uint8Array, start: number, length: number) =>
  answer(() => fs.writeSync(fd, bytes, start, length));
export const fsync = (fd: number) => answer(() => (fs.fsyncSync(fd), 0));
export const stat = (path: string, facts: Uint8Array) => tell(facts, () => fs.statSync(path));
export const lstat = (path: string, facts: Uint8Array) => tell(facts, () => fs.lstatSync(path));
export const fstat = (fd: number, facts: Uint8Array) => tell(facts, () => fs.fstatSync(fd));
export const rename = (from: string, to: string) => answer(() => (fs.renameSync(from, to), 0));
export const link = (existing: string, another: string) => answer(() => (fs.linkSync(existing, another), 0));
export const unlink = (path: string) => answer(() => (fs.unlinkSync(path), 0));
export const rmdir = (path: string) => answer(() => (fs.rmdirSync(path), 0));
export const mkdir = (path: string, mode: number) => answer(() => (fs.mkdirSync(path, mode), 0));
export const chmod = (path: string, mode: number) => answer(() => (fs.chmodSync(path, mode), 0));
export const access = (path: string, mode: number) => answer(() => (fs.accessSync(path, mode), 0));
export const lutimes = (path: string, accessed: number, modified: number) =>
  answer(() => (fs.lutimesSync(path, accessed, modified), 0));
export const statfs = (path: string) => answer(() => fs.statfsSync(path).type);
export const realpath = (path: string) => answer(() => fs.realpathSync(path));
export const readlink = (path: string) => answer(() => fs.readlinkSync(path));
export const readdir = (path: string) => answer(() => fs.readdirSync(path));

export const utf8Bytes = (text: string): ArrayBuffer => new TextEncoder().encode(text).buffer;
export const utf8Length = (text: string): number => Buffer.byteLength(text);
export const utf8Write = (text: string, into: Uint8Array, start: number): number => bufferOf(into).write(text, start);
export const utf8Text = (bytes: Uint8Array, start: number, end: number): string =>
  bufferOf(bytes).toString('utf8', start, end);
export const isUtf8 = (bytes: Uint8Array, start: number, end: number): boolean =>
  isNodeUtf8(bytes.subarray(start, end));
export const latin1Text = (bytes: Uint8Array, start: number, end: number): string =>
  bufferOf(bytes).toString('latin1', start, end);
export const sha1 = (bytes: Uint8Array, start: number, end: number): string =>
  createHash('sha1').update(bytes.subarray(start, end)).digest('hex');
export const sha256 = (bytes: Uint8Array, start: number, end: number): string =>
  createHash('sha256').update(bytes.subarray(start, end)).digest('hex');

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export const platform = process.platform;
export const arch = process.arch;
export const engine = '0';
export const argv = (): string[] => [];
export const environment = (): NodeJS.ProcessEnv => ({ ...process.env });
export const cwd = (): string => process.cwd();
export const ids = (): number[] => [process.pid, process.ppid, process.getuid?.() ?? 0, process.geteuid?.() ?? 0];
export const kill = (pid: number, signal: number) => answer(() => (process.kill(pid, signal), 0));
export const umask = (): number => process.umask();
export const uptime = (): number => performance.now();
export const random = (into: Uint8Array): void => void randomFillSync(into);
export const isTerminal = (): boolean => false;
export const windowSize = (): number => -25;
export const hearSignal = (): number => 0;
export const takeSignal = (): boolean => false;
export const errorName = (errno: number): string | undefined => {
  const names: Record<number, string> = {
    1: 'EPERM',
    2: 'ENOENT',
    9: 'EBADF',
    13: 'EACCES',
    17: 'EEXIST',
    20: 'ENOTDIR',
  };
  Object.assign(names, { 21: 'EISDIR', 22: 'EINVAL', 36: 'ENAMETOOLONG', 39: 'ENOTEMPTY', 40: 'ELOOP', 3: 'ESRCH' });
  return names[errno];
};

/** Nothing is ever ready: time alone goes on. */
export function wait(_: number, __: number, ___: number, milliseconds: number): number {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.max(0, milliseconds));
  return 0;
}

export function toNode(what: string): never {
  throw new Error(`to Node: ${what}`);
}

export const exit = toNode as unknown as (code: number) => never;
export const load = toNode;
export const endWithin = (): undefined => undefined;
