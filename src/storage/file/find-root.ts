/** Finding and making a root on disk. */
import { createIds } from '../../model/id.ts';
import { basename, dirname, join, resolve } from 'node:path';
import { systemClock } from '../../model/clock.ts';
import { DreamosError } from '../../model/errors.ts';
import type { Disk } from './disk/disk.ts';
import { ensureFolder, syncFolderOrAncestor } from './disk/folders.ts';
import { nodeDisk } from './disk/node-disk.ts';
import { parseJson } from './disk/parse-json.ts';
import { contextOf } from './open.ts';
import { writeDocument } from './disk/replace.ts';
import { mayLieInRoot, probeFiles } from './names/beside.ts';
import { formatName } from './names/layout.ts';

/** Where a project keeps its root. */
const placeInProject = join('runtime', 'agent_comms');
const formatVersion = 1;
/** The engine of a root whose format.json names none. */
const files = 'files';

export interface FindOptions {
  readonly root?: string | undefined;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface FoundRoot {
  readonly path: string;
  /** What keeps its mail, as its format.json says. */
  readonly engine: string;
}

/**
 * The root that is meant: `root`, else DREAMOS_ROOT, else runtime/agent_comms in the nearest folder above.
 * @throws ROOT_NOT_FOUND, ROOT_NOT_YOURS, FORMAT_TOO_NEW, FORMAT_UNKNOWN
 */
export async function findFileRoot(options: FindOptions): Promise<FoundRoot> {
  const disk = nodeDisk();
  const named = namedRoot(options);
  const found = named === undefined ? await nearestAbove(disk, options.cwd) : await rootAt(disk, named);
  if (found === undefined) {
    throw new DreamosError(
      'not-found',
      'ROOT_NOT_FOUND',
      named === undefined
        ? `There is no ${placeInProject} in ${options.cwd} or above it.`
        : `There is no dreamos root at ${named}.`,
      { hint: named === undefined ? 'Make one here: dreamos init' : `Make one there: dreamos init --root ${named}` },
    );
  }
  await checkOwner(disk, found);
  const engine = await engineOf(disk, found);
  return { path: await disk.realPath(found), engine };
}

/** Makes the root that is meant, or finds it; a second root below a root is refused, because mail would split silently. */
export async function initFileStore(options: FindOptions): Promise<FoundRoot & { readonly created: boolean }> {
  const disk = nodeDisk();
  const named = namedRoot(options);
  const existing = named === undefined ? await nearestAbove(disk, options.cwd) : await rootAt(disk, named);
  if (existing !== undefined) return { ...(await findFileRoot({ ...options, root: existing })), created: false };
  const path = await realPlace(disk, named ?? join(options.cwd, placeInProject));
  const above = await rootAbove(disk, path);
  if (above !== undefined) {
    throw new DreamosError(
      'conflict',
      'ROOT_INSIDE_ROOT',
      `${path} would be a second root below ${above}; mail would split between them.`,
      {
        hint: `Use the one that is there: \`root\` ${above}`,
      },
    );
  }
  await checkRoom(disk, path);
  await makeRoot(disk, path);
  return { path: await disk.realPath(path), engine: files, created: true };
}

function namedRoot({ root, cwd, env }: FindOptions): string | undefined {
  const named = root ?? (env['DREAMOS_ROOT'] === '' ? undefined : env['DREAMOS_ROOT']);
  return named === undefined ? undefined : resolve(cwd, named);
}

async function nearestAbove(disk: Disk, from: string): Promise<string | undefined> {
  for (let dir = resolve(from); ; dir = dirname(dir)) {
    const found = await rootIn(disk, dir);
    if (found !== undefined) return found;
    if (dir === dirname(dir)) return undefined;
  }
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

/** Without links in what is there of it: through a link a root may lie below another one without looking so. */
async function realPlace(disk: Disk, path: string): Promise<string> {
  const above = dirname(path);
  if (path === above || (await disk.stat(path))) return disk.realPath(path);
  return join(await realPlace(disk, above), basename(path));
}

async function rootAbove(disk: Disk, path: string): Promise<string | undefined> {
  for (let dir = dirname(path); ; dir = dirname(dir)) {
    const found = await rootIn(disk, dir);
    if (found !== undefined) return found;
    if (dir === dirname(dir)) return undefined;
  }
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

async function checkOwner(disk: Disk, path: string): Promise<void> {
  const owner = (await disk.stat(await disk.realPath(path)))?.uid;
  const me = disk.userId();
  if (me === undefined || owner === undefined || owner === me) return;
  throw new DreamosError(
    'disk',
    'ROOT_NOT_YOURS',
    `The root ${path} belongs to another user (uid ${owner}, you are ${me}).`,
    {
      hint: 'Use a root of your own: `root` or DREAMOS_ROOT.',
    },
  );
}

async function engineOf(disk: Disk, path: string): Promise<string> {
  const format = await readFormat(disk, path);
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
  if (Number(version) > formatVersion) {
    throw new DreamosError(
      'invalid',
      'FORMAT_TOO_NEW',
      `The root ${path} has format version ${Number(version)}; this dreamos knows ${formatVersion}.`,
      { hint: 'Update dreamos: npm install -g dreamos@latest' },
    );
  }
  const { engine = files } = isOurs(format) ? format : {};
  return typeof engine === 'string' ? engine : JSON.stringify(engine);
}

/** `--root .` in a project would strew a root among its files. What an init that was cut off left behind is no stranger. */
async function checkRoom(disk: Disk, path: string): Promise<void> {
  const strangers = ((await disk.list(path)) ?? []).filter((name) => !mayLieInRoot(name));
  if (strangers.length === 0) return;
  throw new DreamosError(
    'conflict',
    'ALREADY_EXISTS',
    `${path} holds other files already, and a root needs a folder of its own.`,
    {
      hint: `Name one: \`root\` ${join(path, placeInProject)}`,
    },
  );
}

async function makeRoot(disk: Disk, path: string): Promise<void> {
  const topmost = await makeFolders(disk, path);
  const ids = createIds();
  await probe(disk, path, ids.token());
  const ctx = contextOf(disk, path, { clock: systemClock, ids, warn: () => undefined });
  for (const dir of [ctx.layout.mailboxes, ctx.layout.outbox, ctx.layout.dedupe]) await ensureFolder(ctx, dir);
  // Last, because this is what makes it a root; and durable with everything above it.
  await writeDocument(ctx, ctx.layout.format, `${JSON.stringify({ format: 'dreamos', version: formatVersion })}\n`);
  let dir = path;
  do {
    dir = dirname(dir);
    await syncFolderOrAncestor(ctx, dir);
  } while (dir !== topmost);
  if (basename(dir) === 'runtime') await syncFolderOrAncestor(ctx, dirname(dir));
}

/** @returns the folder that holds the topmost one it has made */
async function makeFolders(disk: Disk, path: string): Promise<string> {
  const above = dirname(path);
  if ((await disk.makeDir(path)) !== 'missing' || path === above) return above;
  const topmost = await makeFolders(disk, above);
  const made = await disk.makeDir(path);
  if (made === 'missing') throw new DreamosError('disk', 'DISK_FAILED', `The folder ${path} cannot be made.`);
  return topmost;
}

/** Hard links and atomic renames are what the whole protocol stands on. */
async function probe(disk: Disk, path: string, token: string): Promise<void> {
  const { made, linked: second, renamed: moved } = probeFiles(path, token);
  try {
    await disk.create(made, Buffer.from('probe'), { sync: true });
    const linked = await disk.link(made, second);
    const renamed = await disk.rename(second, moved);
    if (linked !== 'made' || !renamed || !(await disk.stat(moved))) throw new Error('hard links do not work');
  } catch (cause) {
    throw new DreamosError(
      'disk',
      'DISK_FAILED',
      `The file system of ${path} cannot hold a root: ${(cause as Error).message}`,
      {
        hint: 'Use a local file system with hard links and atomic rename (ext4, xfs, btrfs, apfs): `root` or DREAMOS_ROOT.',
        cause,
      },
    );
  } finally {
    for (const file of [made, second, moved]) await disk.remove(file);
  }
}
