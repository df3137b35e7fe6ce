/**
 * The store's Disk on a simulated volume. Nothing happens when a call is made: it is put before whoever runs the
 * process, as one or more steps, and between any two steps other processes may go on or this one may die.
 *
 * proper-lockfile is simulated at the level of the interface: a lock that a dead holder leaves is taken over when it is
 * stale.
 */
import type { Disk, FileStat, OpenFile, ReadResult, Unread } from '../../../src/storage/file/disk/disk.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { nothing, type FileNode, type Node, type Volume } from './volume.ts';

/** `more`: the call goes on with its next step; `wait`: it cannot go on yet; otherwise its answer. */
export type Stepped = { readonly answer: unknown } | 'more' | 'wait';

export interface Call {
  readonly name: string;
  readonly args: readonly string[];
  /** @throws what the call rejects with */
  step(): Stepped;
}

export interface Machine {
  volume: Volume;
  readonly locks: Map<string, { holder: object; since: number }>;
  /** The names of documents that are being written are never the same twice. */
  besides: number;
  uptime(): number;
}

const lockStaleMs = 10_000;

/** @param issue runs a call, step by step, and resolves with its answer @param holder stands for the process */
export function simulatedDisk(machine: Machine, holder: object, issue: (call: Call) => Promise<unknown>): Disk {
  const call = <T>(name: string, args: readonly string[], step: (n: number) => Stepped): Promise<T> => {
    let n = 0;
    return issue({ name, args, step: () => step(n++) }) as Promise<T>;
  };
  const once = <T>(name: string, args: readonly string[], work: (volume: Volume) => T): Promise<T> =>
    call(name, args, () => ({ answer: work(machine.volume) }));

  return {
    list(dir) {
      let first: string[] | undefined;
      let changes = 0;
      return call('list', [dir], (n) => {
        const names = machine.volume.dirAt(dir)?.names;
        const now = names && [...names.keys()];
        if (n === 0) {
          first = now;
          changes = machine.volume.changes.length;
          return 'more';
        }
        return { answer: machine.volume.changes.length === changes ? now : scanned(first, now, changes) };
      });
    },
    stat: (path) => once('stat', [path], (volume) => describe(volume.at(path))),
    open: (path) => once('open', [path], (volume) => openNode(volume.at(path))),
    async createFrom(path, parts) {
      const all: Uint8Array[] = [];
      for await (const part of parts) all.push(part);
      await this.create(path, Buffer.concat(all), { sync: true });
    },
    read: (path, { range, maxBytes }) => once('read', [path], (volume) => readNode(volume.at(path), range, maxBytes)),
    create(path, bytes, { sync }) {
      let file: FileNode;
      return call('create', sync ? [path, 'sync'] : [path], (n) => {
        if (n === 0) {
          const made = machine.volume.create(path);
          if (made === 'missing') return { answer: false };
          if (made === 'exists') throw failed(`${path} is there already`);
          file = made;
          return 'more';
        }
        if (n === 1) {
          file.bytes = Buffer.from(bytes);
          return sync ? 'more' : { answer: true };
        }
        file.synced = file.bytes;
        return { answer: true };
      });
    },
    rename: (from, to) => once('rename', [from, to], (volume) => volume.rename(from, to)),
    moveFolder: (from, to) => once('moveFolder', [from, to], (volume) => volume.moveFolder(from, to)),
    link: (existing, to) => once('link', [existing, to], (volume) => volume.link(existing, to)),
    remove: (path) => once('remove', [path], (volume) => volume.remove(path)),
    makeDir: (dir) => once('makeDir', [dir], (volume) => volume.makeDir(dir)),
    makeFile: (path) =>
      once('makeFile', [path], (volume) => {
        const made = volume.create(path);
        return typeof made === 'string' ? made : 'made';
      }),
    removeDir: (dir) => once('removeDir', [dir], (volume) => volume.removeDir(dir)),
    syncFile: (path) =>
      once('syncFile', [path], (volume) => {
        const file = volume.at(path);
        if (file?.kind !== 'file') return false;
        file.synced = file.bytes;
        return true;
      }),
    syncDir: (dir) => once('syncDir', [dir], (volume) => volume.syncDir(dir)),
    append(path, text) {
      return once('append', [path], (volume) => {
        let file = volume.at(path);
        if (!file) {
          const made = volume.create(path);
          if (typeof made === 'string') return false;
          file = made;
        }
        if (file.kind !== 'file') throw failed(`${path} is a folder`);
        file.bytes = Buffer.concat([file.bytes, Buffer.from(text)]);
        file.mtimeMs = volume.now();
        return true;
      });
    },
    touch(path, timeMs) {
      return once('touch', [path], (volume) => {
        volume.create(path);
        const node = volume.at(path);
        if (!node) throw failed(`${path} has no folder`);
        node.mtimeMs = timeMs;
      });
    },
    refresh(path, timeMs) {
      return once('refresh', [path], (volume) => {
        const node = volume.at(path);
        if (node?.kind !== 'file') return false;
        node.mtimeMs = timeMs;
        return true;
      });
    },
    writeWhole(path, bytes) {
      const beside = `${path}.${++machine.besides}`;
      return call('writeWhole', [path], (n) => {
        const { volume } = machine;
        if (n === 0) {
          const file = volume.create(beside);
          if (typeof file === 'string') throw failed(`${beside}: ${file}`);
          file.synced = file.bytes = Buffer.from(bytes);
          return 'more';
        }
        volume.rename(beside, path);
        return { answer: undefined };
      });
    },
    async withLock(path, work) {
      await call('lock', [path], () => {
        const held = machine.locks.get(path);
        if (held && machine.uptime() - held.since < lockStaleMs) return 'wait';
        machine.locks.set(path, { holder, since: machine.uptime() });
        return { answer: undefined };
      });
      try {
        return await work({ isHeld: () => machine.locks.get(path)?.holder === holder });
      } finally {
        await once('unlock', [path], () => machine.locks.get(path)?.holder === holder && machine.locks.delete(path));
      }
    },
    makePrivate: () => undefined,
    realPath: (path) => path,
    userId: () => undefined,
    longestPath: 4095,
    fileSystem: () => 0,
    space: () => ({ bytes: 0, freeBytes: 0 }),
    bootId: () => 'one',
    self: () => ({ pid: 1, machine: 'one' }),
    hostName: () => 'one',
    startOf: () => undefined,
    close: () => undefined,
  };
}

/** Runs every call at once: for looking at a state when nothing else runs. */
export async function runAtOnce(call: Call): Promise<unknown> {
  for (;;) {
    const stepped = call.step();
    if (stepped === 'wait') throw new Error(`${call.name} waits for ever`);
    if (stepped !== 'more') return Promise.resolve(stepped.answer);
  }
}

/** What a scan may see of names that came or went while it ran: both, one of them, or neither. */
function scanned(before: string[] | undefined, after: string[] | undefined, salt: number): string[] | undefined {
  if (!before || !after) return after;
  const seen = after.filter((name) => before.includes(name) || coin(name, salt));
  return seen.concat(before.filter((name) => !after.includes(name) && coin(name, salt)));
}

function coin(name: string, salt: number): boolean {
  let bits = salt;
  for (let i = 0; i < name.length; i++) bits = Math.imul(bits ^ name.charCodeAt(i), 0x01000193);
  return ((bits >>> 15) & 1) === 1;
}

function describe(node: Node | undefined): FileStat | undefined {
  if (!node) return undefined;
  const size = node.kind === 'file' ? node.bytes.length : 0;
  const mode = node.kind === 'file' ? 0o600 : 0o700;
  return { kind: node.kind, size, mtimeMs: node.mtimeMs, links: 1, inode: inodeOf(node), uid: 0, mode };
}

const inodes = new WeakMap<Node, number>();
let lastInode = 0;

function inodeOf(node: Node): number {
  const inode = inodes.get(node) ?? ++lastInode;
  inodes.set(node, inode);
  return inode;
}

function openNode(node: Node | undefined): OpenFile | Unread {
  const file = readNode(node, undefined, Infinity);
  if (!file.ok) return file;
  const { bytes, mtimeMs = 0 } = file;
  const read = (offset: number, length: number): Buffer => bytes.subarray(offset, offset + length);
  return { ok: true, size: bytes.length, mtimeMs, read, close: () => undefined };
}

function readNode(
  node: Node | undefined,
  range: { readonly offset: number; readonly length: number } | undefined,
  maxBytes: number,
): ReadResult {
  if (!node) return { ok: false, missing: true, why: 'it is not there' };
  if (node.kind !== 'file') return { ok: false, missing: false, why: 'it is not a regular file' };
  const bytes = range ? node.bytes.subarray(range.offset, range.offset + range.length) : node.bytes;
  if (range && bytes.length < range.length) return { ok: false, missing: false, why: 'it is cut short' };
  if (bytes.length > maxBytes) return { ok: false, missing: false, why: `it is too large (${bytes.length} bytes)` };
  return { ok: true, bytes: bytes.length > 0 ? bytes : nothing, mtimeMs: node.mtimeMs };
}

function failed(what: string): DreamosError {
  return new DreamosError('disk', 'DISK_FAILED', what);
}
