/**
 * What a power cut may leave of a volume.
 *
 * Two models of a file system, and every history is run on one of them:
 *
 * `journal`: ext4, xfs and btrfs' transactions write the changes of all folders in one order. What survives is a prefix
 * of all changes, at least as long as the last change that an fsync forced out. An fsync of a folder forces the last
 * change of that folder, not what happened elsewhere since; an fsync of a file forces its bytes, not its name.
 *
 * `folders`: weaker, near to what POSIX alone says, and to what btrfs' log of single inodes may do: each folder keeps a
 * prefix of its own changes, independently of all others, but
 *  - a rename between two folders is in both or in neither, so that what came before it in either is there, too;
 *  - nothing is in a folder that is not there, and a folder is removed after what was moved out of it;
 *  - an fsync of a folder is worth something only once the folder's own name is on disk ("a name in a folder that is
 *    itself not on disk is lost with it"), which is what syncing a bucket's ancestors is for.
 * Still weaker models (a rename torn in two, a mkdir after what is in it) would leave files in no folder, which the
 * journals of these file systems rule out; and no claim could be made without an fsync on them, so that design.md
 * section 3 does not promise to stand on them. What dreamos promises must hold on both of these.
 *
 * In both, of what was written to a file and not synced anything may be there: nothing, a part, zeros, all.
 */
import { oneOf, seeded, whole, type Random } from './random.ts';
import { newDir, nothing, Volume, type DirNode, type FileNode, type Node } from './volume.ts';

export type CrashModel = 'journal' | 'folders';

/** Which of the possible states a crash leaves: chosen by the seed, or as little as the fsyncs allow. */
export interface Cut {
  readonly model: CrashModel;
  readonly seed: number;
  readonly keep: 'least' | 'some' | 'all-but-one' | 'all';
}

export interface Survivor {
  readonly volume: Volume;
  /** The numbers of the changes that did not make it. */
  readonly lost: readonly number[];
}

export function survive(volume: Volume, cut: Cut): Survivor {
  const random = seeded(cut.seed);
  const kept = cut.model === 'journal' ? keptPrefix(volume, cut, random) : keptFolders(volume, cut, random);
  const lost = volume.changes.flatMap((_, i) => (kept(i) ? [] : [i]));
  return { volume: rebuild(volume, kept, random), lost };
}

type Kept = (change: number) => boolean;

function keptPrefix({ changes, syncs }: Volume, { keep }: Cut, random: Random): Kept {
  let forced = 0;
  for (const { upTo } of syncs) forced = Math.max(forced, upTo + 1);
  let length = forced;
  if (keep === 'some') length += whole(random, changes.length - forced + 1);
  // One less than all is a power cut in front of the last change.
  else if (keep === 'all-but-one') length = Math.max(forced, changes.length - 1);
  else if (keep === 'all') length = changes.length;
  return (i) => i < length;
}

function keptFolders(volume: Volume, { keep }: Cut, random: Random): Kept {
  const { changes } = volume;
  if (keep === 'all') return () => true;
  const forced = new Uint8Array(changes.length);
  forceSynced(volume, forced);
  if (keep === 'least') return (i) => forced[i] === 1;
  if (keep === 'some') {
    for (let n = whole(random, 4); n > 0 && changes.length > 0; n--) {
      include(volume, forced, whole(random, changes.length));
      forceSynced(volume, forced);
    }
    return (i) => forced[i] === 1;
  }
  const free = changes.flatMap((_, i) => (forced[i] === 1 ? [] : [i]));
  return withoutOne(volume, free[whole(random, free.length)]);
}

/** Adds what the fsyncs have forced out, where the synced folder is itself kept. */
function forceSynced(volume: Volume, kept: Uint8Array): void {
  for (let grown = true; grown;) {
    grown = false;
    for (const { dir, upTo } of volume.syncs) {
      if (upTo < 0 || kept[upTo] === 1 || (dir.born >= 0 && kept[dir.born] !== 1)) continue;
      include(volume, kept, upTo);
      grown = true;
    }
  }
}

function include({ changes }: Volume, kept: Uint8Array, last: number): void {
  const stack = [last];
  for (let i = stack.pop(); i !== undefined; i = stack.pop()) {
    if (kept[i] === 1) continue;
    kept[i] = 1;
    stack.push(...(changes[i]?.after ?? []));
  }
}

/** All but one change and what came after it: the most that can be there without it. */
function withoutOne(volume: Volume, one: number | undefined): Kept {
  if (one === undefined) return () => true;
  const { changes, syncs } = volume;
  const gone = new Uint8Array(changes.length);
  const drop = (first: number): void => {
    gone[first] = 1;
    for (let i = first + 1; i < changes.length; i++)
      if (changes[i]?.after.some((before) => gone[before] === 1)) gone[i] = 1;
  };
  drop(one);
  // A folder that is there has what was synced in it; so where that is gone, the folder is.
  for (let shrunk = true; shrunk;) {
    shrunk = false;
    for (const { dir, upTo } of syncs) {
      if (upTo < 0 || gone[upTo] !== 1 || dir.born < 0 || gone[dir.born] === 1) continue;
      drop(dir.born);
      shrunk = true;
    }
  }
  return (i) => gone[i] !== 1;
}

/** A new volume on which everything is on disk: the old one's beginning, and the kept changes in their order. */
function rebuild(volume: Volume, kept: Kept, random: Random): Volume {
  const names = new Map<DirNode, Map<string, Node>>();
  const namesOf = (dir: DirNode): Map<string, Node> => {
    let known = names.get(dir);
    if (!known) names.set(dir, (known = new Map(dir.baseNames)));
    return known;
  };
  for (const [i, { does }] of volume.changes.entries()) {
    if (!kept(i)) continue;
    if (does.what === 'add') namesOf(does.dir).set(does.name, does.node);
    else if (does.what === 'drop') namesOf(does.dir).delete(does.name);
    else {
      const node = namesOf(does.from).get(does.name);
      if (!node) throw new Error(`the simulator is wrong: change ${i} moves ${does.name}, which is not there`);
      namesOf(does.from).delete(does.name);
      namesOf(does.to).set(does.as, node);
    }
  }
  return copy(
    volume,
    (dir) => names.get(dir) ?? dir.baseNames,
    (file) => survivingBytes(file, random),
  );
}

/** The volume as it is now, all of it on disk: what is left when every process dies and the machine does not. */
export function settled(volume: Volume): Volume {
  return copy(
    volume,
    (dir) => dir.names,
    (file) => file.bytes,
  );
}

function copy(
  volume: Volume,
  namesOf: (dir: DirNode) => ReadonlyMap<string, Node>,
  bytesOf: (file: FileNode) => Buffer,
): Volume {
  // One file may have several names.
  const copied = new Map<FileNode, FileNode>();
  const copyNode = (node: Node): Node => {
    if (node.kind === 'directory') {
      const names = new Map<string, Node>();
      for (const [name, below] of namesOf(node)) names.set(name, copyNode(below));
      return newDir(node.mtimeMs, -1, names);
    }
    let file = copied.get(node);
    if (!file) {
      const bytes = bytesOf(node);
      copied.set(node, (file = { kind: 'file', bytes, synced: bytes, mtimeMs: node.mtimeMs }));
    }
    return file;
  };
  return new Volume(copyNode(volume.root) as DirNode, volume.now);
}

function survivingBytes({ bytes, synced = nothing }: FileNode, random: Random): Buffer {
  if (bytes === synced) return bytes;
  const unsynced = bytes.length - synced.length;
  const left = oneOf(random, ['none', 'torn', 'zeros', 'all'] as const);
  if (left === 'none') return synced;
  if (left === 'torn') return bytes.subarray(0, synced.length + whole(random, unsynced));
  return left === 'zeros' ? Buffer.concat([synced, Buffer.alloc(unsynced)]) : bytes;
}
