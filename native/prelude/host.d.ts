/** What the host in C gives (native/host/): a number below 0 is the negative errno of what failed. */
declare module 'dreamos:host' {
  // main.c
  /** Runs a module at once, and gives what it exports. */
  export function load(name: string): Record<string, unknown>;
  /** What the build has put in the place of `import()`. */
  export function importModule(name: string): Promise<Record<string, unknown>>;
  // files.c
  export function open(path: string, flags: number, mode: number): number;
  export function close(fd: number): number;
  export function read(fd: number, into: Uint8Array, start: number, length: number, position: number): number;
  export function write(fd: number, bytes: Uint8Array, start: number, length: number): number;
  export function fsync(fd: number): number;
  /** @param facts 72 bytes for nine doubles: mode, size, mtimeMs, nlink, ino, uid, gid, rdev, dev */
  export function stat(path: string, facts: Uint8Array): number;
  export function lstat(path: string, facts: Uint8Array): number;
  export function fstat(fd: number, facts: Uint8Array): number;
  export function rename(from: string, to: string): number;
  export function link(existing: string, another: string): number;
  export function unlink(path: string): number;
  export function rmdir(path: string): number;
  export function mkdir(path: string, mode: number): number;
  export function chmod(path: string, mode: number): number;
  export function access(path: string, mode: number): number;
  export function lutimes(path: string, accessed: number, modified: number): number;
  export function statfs(path: string): number;
  export function realpath(path: string): string | number;
  export function readlink(path: string): string | number;
  export function readdir(path: string): string[] | number;
  // text.c
  export function utf8Bytes(text: string): ArrayBuffer;
  export function utf8Length(text: string): number;
  export function utf8Write(text: string, into: Uint8Array, start: number): number;
  export function utf8Text(bytes: Uint8Array, start: number, end: number): string;
  export function isUtf8(bytes: Uint8Array, start: number, end: number): boolean;
  export function latin1Text(bytes: Uint8Array, start: number, end: number): string;
  /** A digest in hex. */
  export function sha1(bytes: Uint8Array, start: number, end: number): string;
  export function sha256(bytes: Uint8Array, start: number, end: number): string;
  // process.c
  export function argv(): string[];
  export function environment(): Record<string, string>;
  export function cwd(): string | number;
  export function ids(): [pid: number, ppid: number, uid: number, euid: number];
  export const platform: 'linux' | 'darwin';
  export const arch: 'x64' | 'arm64';
  /** The version of QuickJS. */
  export const engine: string;
  export function kill(pid: number, signal: number): number;
  export function umask(): number;
  export function uptime(): number;
  export function random(into: Uint8Array): void;
  export function isTerminal(fd: number): boolean;
  export function windowSize(fd: number): [columns: number, rows: number] | number;
  export function hearSignal(number: number): number;
  export function takeSignal(number: number): boolean;
  /** @returns a sum: 1 `read` can be read, 2 `write` can be written, 4 `other`; 0 for the time */
  export function wait(read: number, write: number, other: number, milliseconds: number): number;
  /** Goes on in a child, and is over as soon as that is, or then, with 0 and nothing said, whatever call it is in. */
  export function endWithin(milliseconds: number): number | undefined;
  export function errorName(errno: number): string | undefined;
  export function exit(code: number): never;
  /** Goes on in Node, from the start. @throws when something was changed, said or taken already */
  export function toNode(what: string): never;
}
