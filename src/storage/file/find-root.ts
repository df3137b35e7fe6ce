/** Finding a root on disk. */
import { dirname, join, relative } from 'node:path';
import { absolute } from '../../model/refusals.ts';
import { DreamosError } from '../../model/errors.ts';
import type { Disk } from './disk/disk.ts';
import { nodeDisk } from './disk/node-disk.ts';
import { parseJson } from './disk/parse-json.ts';
import { formatName, gitOf, placeInProject } from './names/layout.ts';

export const formatVersion = 1;
/** Of a root whose mail is elsewhere, in an engine: a dreamos that knows files alone refuses it. */
export const engineVersion = 2;
/** The engine of a root whose format.json names none. */
export const files = 'files';

export interface FindOptions {
  readonly root?: string | undefined;
  /** `undefined`: it has been removed. Who names a root by its whole path does not need it. */
  readonly cwd: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly warn?: (message: string) => void;
  readonly disk?: Disk;
  /** The root that is being moved to where a new one is made, and what leads to it: below these it is no second one. */
  readonly movedFrom?: readonly string[];
}

export interface FoundRoot {
  readonly path: string;
  /** What keeps its mail, as its format.json says. */
  readonly engine: string;
  /** All that format.json says, of one that another engine than files keeps. */
  readonly descriptor?: object;
  /** The top of git's main worktree, where it was found from there, because the current folder is in a linked one. */
  readonly mainWorktree?: string;
}

/**
 * The root that is meant: `root`, else DREAMOS_ROOT, else runtime/agent_comms in the nearest folder above; for a linked worktree
 * of git also in the main one.
 * @throws ROOT_NOT_FOUND, ROOT_NOT_YOURS, DISK_FAILED (its path is too long), FORMAT_TOO_NEW, FORMAT_UNKNOWN
 */
export async function findFileRoot(options: FindOptions): Promise<FoundRoot> {
  const { disk = nodeDisk(), warn = () => undefined } = options;
  const { named, place, found, passedOver, mainWorktree } = await lookForRoot(disk, options);
  if (found === undefined) {
    const { howToPutBack, refuseMoving } = await import('./aside.ts');
    await refuseMoving(disk, place);
    const [anothers] = passedOver.values();
    if (anothers) throw anothers;
    throw new DreamosError(
      'not-found',
      'ROOT_NOT_FOUND',
      named
        ? `There is no dreamos root at ${place}.`
        : `There is no ${placeInProject} in ${absolute(options.cwd, '.', 'ROOT_NOT_FOUND')} or above it${mainWorktree === undefined ? '' : `, and none in the main worktree, ${mainWorktree}`}.`,
      { hint: (await howToPutBack(disk, place)) ?? howToMake({ named, place, mainWorktree }) },
    );
  }
  const path = await disk.realPath(found);
  if (named) await checkOwner(disk, found, path);
  for (const { message } of passedOver.values()) warn(`${message} It was passed over.`);
  const format = await readFormat(disk, found);
  const folder = await folderElsewhere(format, path);
  if (folder !== undefined)
    return { ...(await followTo(folder, path, options)), ...(mainWorktree !== undefined && { mainWorktree }) };
  const said = engineIn(format, found);
  if (said.engine === files) await checkLength(disk, path);
  return { path, ...said, ...(mainWorktree !== undefined && { mainWorktree }) };
}

/** The folder in which the mail of a root is by now, if it says so. @throws ROOT_MOVED: it is on its way */
async function folderElsewhere(format: unknown, root: string): Promise<string | undefined> {
  if (!isOurs(format) || format.version !== engineVersion) return undefined;
  // Each send in an engine would pay for what only moves write there.
  if (format.engine !== files && !('token' in format)) return undefined;
  const { asMoving, beingMoved, folderIn } = await import('./moving.ts');
  const moving = asMoving(format);
  if (moving) throw beingMoved({ ...moving, root });
  return folderIn(format);
}

/** Where the mail was moved to, as the folder says in which the root was. @throws ROOT_NOT_FOUND */
async function followTo(folder: string, from: string, options: FindOptions): Promise<FoundRoot> {
  const { disk = nodeDisk() } = options;
  if (folder !== from && (await rootAt(disk, folder)) !== undefined) return findFileRoot({ ...options, root: folder });
  await (await import('./aside.ts')).refuseMoving(disk, folder);
  throw new DreamosError(
    'not-found',
    'ROOT_NOT_FOUND',
    `${from} says that its mail was moved to ${folder}; there is no root.`,
    {
      hint: `Is its disk mounted? Where it is, ${join(from, formatName)} says: ls -l ${folder}`,
    },
  );
}

function howToMake({ named, place, mainWorktree }: Pick<Looked, 'named' | 'place' | 'mainWorktree'>): string {
  if (named) return `Make one there: dreamos init --root ${place}`;
  return mainWorktree === undefined ? 'Make one here: dreamos init' : 'Make one there, for all worktrees: dreamos init';
}

export interface Looked {
  readonly named: boolean;
  /** Where it is, or would be made. */
  readonly place: string;
  readonly found: string | undefined;
  /** What does not count on the way up, nearest first, and why. */
  readonly passedOver: ReadonlyMap<string, DreamosError>;
  /** Of the linked worktree that was met before a root was found. */
  readonly mainWorktree?: string | undefined;
}

export async function lookForRoot(disk: Disk, { root, cwd, env }: FindOptions): Promise<Looked> {
  const name = root ?? (env['DREAMOS_ROOT'] || undefined);
  const place = absolute(cwd, name ?? '.', 'ROOT_NOT_FOUND');
  if (name !== undefined) return { named: true, place, found: await rootAt(disk, place), passedOver: new Map() };
  const looked = await nearest(disk, place);
  // Made in a linked worktree nobody else would read it, and it would go when the worktree is removed.
  return { named: false, place: join(looked.mainWorktree ?? place, placeInProject), ...looked };
}

/**
 * As with git's safe.directory, only what the user owns counts on the way up: in /tmp anybody could put a root above
 * everybody's folders, or a link to another root of theirs.
 */
export async function nearestAbove(disk: Disk, from: string): Promise<Pick<Looked, 'found' | 'passedOver'>> {
  const passedOver = new Map<string, DreamosError>();
  for (let dir = from; ; dir = dirname(dir)) {
    try {
      const found = await rootIn(disk, dir);
      if (found !== undefined) {
        for (const link of [dirname(found), found]) await checkLinkOwner(disk, found, link);
        await checkOwner(disk, found, await disk.realPath(found));
        return { found, passedOver };
      }
    } catch (error) {
      if (!(error instanceof DreamosError)) throw error;
      const place = join(dir, placeInProject);
      passedOver.set(place, await ofAnother(disk, place, error));
    }
    if (dir === dirname(dir)) return { found: undefined, passedOver };
  }
}

/** The nearest above; in a linked worktree of git, without one of its own, what the same folder of the main one has above. */
async function nearest(disk: Disk, from: string): Promise<Omit<Looked, 'named' | 'place'>> {
  const above = await nearestAbove(disk, from);
  const linked = await linkedWorktree(disk, from, above.found);
  if (linked === undefined) return above;
  const { top, mainWorktree } = linked;
  const there = await nearestAbove(disk, join(mainWorktree, relative(top, from)));
  if (there.found !== undefined && there.found === above.found) return above;
  const passedOver = new Map([...above.passedOver, ...there.passedOver]);
  if (there.found === undefined && above.found !== undefined) return { found: above.found, passedOver };
  return { found: there.found, passedOver, mainWorktree };
}

/** The linked worktree that is met on the way up, before the root that was found. */
async function linkedWorktree(
  disk: Disk,
  from: string,
  found: string | undefined,
): Promise<{ readonly top: string; readonly mainWorktree: string } | undefined> {
  for (let top = from; found !== top && found !== join(top, placeInProject); top = dirname(top)) {
    if ((await disk.stat(gitOf(top)))?.kind === 'file') {
      const { mainWorktreeOf } = await import('./disk/foreign/main-worktree.ts');
      const mainWorktree = await mainWorktreeOf(disk, gitOf(top));
      if (mainWorktree !== undefined) return { top, mainWorktree };
    }
    if (top === dirname(top)) return undefined;
  }
  return undefined;
}

/** Why a place cannot be looked at: because it is another user's; else the error is thrown. */
async function ofAnother(disk: Disk, place: string, error: DreamosError): Promise<DreamosError> {
  if (error.code === 'ROOT_NOT_YOURS') return error;
  for (let visible = place; ; visible = dirname(visible)) {
    try {
      await checkOwner(disk, place, visible);
      break;
    } catch (hidden) {
      if (!(hidden instanceof DreamosError)) throw hidden;
      if (hidden.code === 'ROOT_NOT_YOURS') return hidden;
      if (visible === dirname(visible)) break;
    }
  }
  throw error;
}

/**
 * The folder itself, or the project folder that holds it. A place that was named is meant, so that what its format.json
 * says instead is an error, and init never writes over it.
 */
async function rootAt(disk: Disk, named: string): Promise<string | undefined> {
  return (await rootIn(disk, named)) ?? ((await hasFormat(disk, named)) ? named : undefined);
}

/**
 * The folder itself (standing in a root counts), or its runtime/agent_comms. Other programs have a format.json of their
 * own, so a bare folder counts only when it says dreamos; runtime/agent_comms counts by its name.
 */
async function rootIn(disk: Disk, dir: string): Promise<string | undefined> {
  const inProject = join(dir, placeInProject);
  if (await saysDreamos(disk, dir)) return dir;
  return (await hasFormat(disk, inProject)) ? inProject : undefined;
}

async function hasFormat(disk: Disk, path: string): Promise<boolean> {
  return (await disk.stat(join(path, formatName))) !== undefined;
}

/** Of whatever version: a newer one is a root, too, and refused later with what to do. */
async function saysDreamos(disk: Disk, path: string): Promise<boolean> {
  try {
    return isOurs(await readFormat(disk, path));
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    // On the way up: another user's, which nobody asked for.
    return false;
  }
}

function isOurs(
  format: unknown,
): format is { readonly format: 'dreamos'; readonly version?: unknown; readonly engine?: unknown } {
  return typeof format === 'object' && format !== null && 'format' in format && format.format === 'dreamos';
}

async function readFormat(disk: Disk, path: string): Promise<unknown> {
  const file = await disk.read(join(path, formatName), { maxBytes: 65_536 });
  return file.ok ? parseJson(file.bytes) : undefined;
}

/** @param path where one sees whose the root is @throws ROOT_NOT_YOURS */
async function checkOwner(disk: Disk, root: string, path: string): Promise<void> {
  const owner = (await disk.stat(path))?.uid;
  const me = disk.userId();
  if (me === undefined || owner === undefined || owner === me) return;
  throw new DreamosError(
    'disk',
    'ROOT_NOT_YOURS',
    `The root ${root} belongs to another user (uid ${owner}, you are ${me}).`,
    {
      hint: `Make one of your own with \`dreamos init\`, or name it: \`root\` or DREAMOS_ROOT. This one takes its owner: sudo -u '#${owner}' dreamos status`,
    },
  );
}

/** The system's own links are as good as folders. */
async function checkLinkOwner(disk: Disk, root: string, path: string): Promise<void> {
  const stat = await disk.stat(path);
  if (stat?.kind === 'symlink' && stat.uid !== 0) await checkOwner(disk, root, path);
}

/** Else mail whose names are long would stay half-way. */
export async function checkLength(disk: Disk, root: string): Promise<void> {
  // What is made in a root takes less than half of what a path may have: only a deep one is measured, which costs a start 1 ms.
  if (Buffer.byteLength(root) <= disk.longestPath / 2) return;
  const { longestPathIn } = await import('./names/longest.ts');
  const longest = longestPathIn(root);
  if (longest <= disk.longestPath) return;
  throw new DreamosError(
    'disk',
    'DISK_FAILED',
    `The path of the root is too long, ${root}: paths in it may have ${longest} bytes, and the system takes ${disk.longestPath}.`,
    {
      hint: 'Use a shorter one: `root` or DREAMOS_ROOT. A root that is there can be moved (mv) while nobody works on it.',
    },
  );
}

function engineIn(format: unknown, path: string): Pick<FoundRoot, 'engine' | 'descriptor'> {
  const version = isOurs(format) ? format.version : undefined;
  if (!Number.isSafeInteger(version)) {
    throw new DreamosError(
      'invalid',
      'FORMAT_UNKNOWN',
      `${join(path, formatName)} does not say that this is a dreamos root.`,
      {
        hint: `If it is one, write {"format":"dreamos","version":${formatVersion}} into it.`,
      },
    );
  }
  if (Number(version) > engineVersion) {
    throw new DreamosError(
      'invalid',
      'FORMAT_TOO_NEW',
      `The root ${path} has format version ${Number(version)}; this dreamos knows up to ${engineVersion}.`,
      { hint: 'Update dreamos: npm install -g dreamos@latest' },
    );
  }
  const { engine: said = files } = isOurs(format) ? format : {};
  const engine = typeof said === 'string' ? said : JSON.stringify(said);
  if (engine !== files) return { engine, descriptor: Object(format) as object };
  if (version === formatVersion) return { engine };
  throw new DreamosError('invalid', 'FORMAT_UNKNOWN', `${join(path, formatName)} names no engine.`, {
    hint: `It is of a root that one keeps, and says where: dreamos help engines; of files it says {"format":"dreamos","version":${formatVersion}}`,
  });
}
