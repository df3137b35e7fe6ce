/**
 * A file system in memory that remembers in which order its folders changed, so that crash.ts can tell what a power cut
 * may leave of it. What it does is what POSIX says that rename, link, unlink, mkdir and rmdir do; that includes the trap
 * that a rename onto another link of the same file succeeds and does nothing.
 */
export interface FileNode {
  readonly kind: 'file';
  bytes: Buffer;
  /** What fsync has put on disk; the same object as `bytes` when that is all of it. */
  synced: Buffer | undefined;
  mtimeMs: number;
}

export interface DirNode {
  readonly kind: 'directory';
  readonly names: Map<string, Node>;
  /** The names that were on disk when this volume began. */
  readonly baseNames: ReadonlyMap<string, Node>;
  mtimeMs: number;
  /** The last change that touched this folder; -1: none since the volume began. */
  last: number;
  /** The change that made this folder; -1: it was there when the volume began. */
  readonly born: number;
  removed: boolean;
}

export type Node = FileNode | DirNode;

/** One change of names, whole or not at all. A rename between two folders is one change that touches both. */
export interface Change {
  readonly does:
    | { readonly what: 'add'; readonly dir: DirNode; readonly name: string; readonly node: Node }
    | { readonly what: 'drop'; readonly dir: DirNode; readonly name: string }
    | {
        readonly what: 'move';
        readonly from: DirNode;
        readonly name: string;
        readonly to: DirNode;
        readonly as: string;
      };
  /** The changes that came last in the folders it touches; they touch the disk before it. */
  readonly after: readonly number[];
}

/** An fsync of a folder: everything up to this change in it. */
export interface Sync {
  readonly dir: DirNode;
  readonly upTo: number;
}

export class Volume {
  readonly root: DirNode;
  readonly changes: Change[] = [];
  readonly syncs: Sync[] = [];
  /** Wall-clock time, for modification times. */
  now: () => number;
  /** By path, so that most looks are one look. */
  readonly #dirs = new Map<string, DirNode>();

  constructor(root: DirNode, now: () => number) {
    this.root = root;
    this.now = now;
  }

  static empty(now: () => number): Volume {
    return new Volume(newDir(now(), -1), now);
  }

  at(path: string): Node | undefined {
    const { dir, name } = this.#parent(path);
    return dir?.names.get(name);
  }

  dirAt(path: string): DirNode | undefined {
    if (path === '') return this.root;
    const known = this.#dirs.get(path);
    if (known && !known.removed) return known;
    const node = this.at(path);
    if (node?.kind !== 'directory') return undefined;
    this.#dirs.set(path, node);
    return node;
  }

  /** Makes an empty file. */
  create(path: string): FileNode | 'exists' | 'missing' {
    const { dir, name } = this.#parent(path);
    if (!dir) return 'missing';
    if (dir.names.has(name)) return 'exists';
    const node: FileNode = { kind: 'file', bytes: nothing, synced: undefined, mtimeMs: this.now() };
    dir.names.set(name, node);
    this.#changed({ what: 'add', dir, name, node }, dir);
    return node;
  }

  link(existing: string, to: string): 'made' | 'exists' | 'missing' {
    const node = this.at(existing);
    const { dir, name } = this.#parent(to);
    if (!dir || !node) return 'missing';
    if (dir.names.has(name)) return 'exists';
    dir.names.set(name, node);
    this.#changed({ what: 'add', dir, name, node }, dir);
    return 'made';
  }

  rename(from: string, to: string): boolean {
    const source = this.#parent(from);
    const target = this.#parent(to);
    const node = source.dir?.names.get(source.name);
    if (!source.dir || !target.dir || !node) return false;
    const there = target.dir.names.get(target.name);
    if (there === node) return true;
    if (there?.kind === 'directory') throw new Error(`${to} is a folder`);
    if (node.kind === 'directory') this.#dirs.clear();
    source.dir.names.delete(source.name);
    target.dir.names.set(target.name, node);
    this.#changed(
      { what: 'move', from: source.dir, name: source.name, to: target.dir, as: target.name },
      source.dir,
      target.dir,
    );
    return true;
  }

  moveFolder(from: string, to: string): 'moved' | 'taken' | 'missing' {
    const there = this.at(to);
    if (there?.kind === 'file' || (there && there.names.size > 0)) return 'taken';
    if (there && this.at(from)) this.removeDir(to);
    return this.rename(from, to) ? 'moved' : 'missing';
  }

  remove(path: string): boolean {
    const { dir, name } = this.#parent(path);
    if (dir?.names.get(name)?.kind !== 'file') return false;
    dir.names.delete(name);
    this.#changed({ what: 'drop', dir, name }, dir);
    return true;
  }

  makeDir(path: string): 'made' | 'exists' | 'missing' {
    const { dir, name } = this.#parent(path);
    if (!dir) return 'missing';
    if (dir.names.has(name)) return 'exists';
    const node = newDir(this.now(), this.changes.length);
    dir.names.set(name, node);
    this.#changed({ what: 'add', dir, name, node }, dir, node);
    return 'made';
  }

  removeDir(path: string): boolean {
    const { dir, name } = this.#parent(path);
    const node = dir?.names.get(name);
    if (!dir || node?.kind !== 'directory' || node.names.size > 0) return false;
    dir.names.delete(name);
    node.removed = true;
    this.#changed({ what: 'drop', dir, name }, dir, node);
    return true;
  }

  syncDir(path: string): boolean {
    const dir = this.dirAt(path);
    if (!dir) return false;
    this.syncs.push({ dir, upTo: dir.last });
    return true;
  }

  #parent(path: string): { dir: DirNode | undefined; name: string } {
    const slash = path.lastIndexOf('/');
    return { dir: this.dirAt(path.slice(0, slash)), name: path.slice(slash + 1) };
  }

  #changed(does: Change['does'], ...touched: DirNode[]): void {
    const after: number[] = [];
    for (const dir of touched) {
      if (dir.last >= 0 && !after.includes(dir.last)) after.push(dir.last);
      dir.last = this.changes.length;
      dir.mtimeMs = this.now();
    }
    this.changes.push({ does, after });
  }
}

export const nothing = Buffer.alloc(0);

export function newDir(mtimeMs: number, born: number, names = new Map<string, Node>()): DirNode {
  return { kind: 'directory', names, baseNames: new Map(names), mtimeMs, last: -1, born, removed: false };
}

/** All files below a folder, with their paths. */
export function* files(dir: DirNode, path = ''): Generator<{ path: string; node: FileNode }, void, void> {
  for (const [name, node] of dir.names) {
    if (node.kind === 'file') yield { path: `${path}/${name}`, node };
    else yield* files(node, `${path}/${name}`);
  }
}
