/**
 * Which storages there are: a root's format.json says which of them keeps its mail. What is not files is loaded with the first
 * root that asks for it; such a root may also be named by its address alone, `redis://host:6379/0#<id>`, without a folder.
 */
import { DreamosError } from '../model/errors.ts';
import { usage } from '../model/refusals.ts';
import type { EnginePlace } from './engine/address.ts';
import type { InitHow } from './engine/engine.ts';
import type { Engines } from './engine/moves.ts';
import { files, findFileRoot, type FindOptions, type FoundRoot } from './file/find-root.ts';
import { type FileStoreDeps, openFileStore } from './file/open.ts';
import type { RestoredRoot, RestoreOptions } from './file/restore/restore.ts';
import type { Loading } from './port/dump/loading.ts';
import type { MoveHow, MoveSource, MoveTarget } from './port/dump/moving.ts';
import type { Store } from './port/store.ts';

export type { FindOptions };

/** Where a root is. */
export interface RootPlace {
  /** What `root` and DREAMOS_ROOT take for it: its folder, or its address. */
  readonly path: string;
  readonly mainWorktree?: string;
  /** Absent: files, in that folder. */
  readonly at?: EnginePlace;
  /** Of `at`, as text. */
  readonly address?: string;
}

/** `store`: the engine that is to keep it, or also the root there that is to be worked on from here; else files do. */
export type InitOptions = FindOptions & InitHow;

/** `redis://…`, which no folder is called. */
const isAddress = (name: string | undefined): name is string =>
  name !== undefined && /^(?:[a-z][a-z+]*:\/\/|\w+\+unix:)/i.test(name);
const roots = () => import('./engine/engine.ts');

/** Beside files, by the name in format.json; a new one comes in here. */
const engines: Engines = {
  redis: async () => {
    const { initRedisStore, moveFromRedis, moveToRedis, openRedisStore } = await import('./redis/open.ts');
    return { open: openRedisStore, init: initRedisStore, moveFrom: moveFromRedis, moveTo: moveToRedis };
  },
};

/** @throws as findFileRoot; FORMAT_UNKNOWN of an engine that is not known here; USAGE for an address that is none */
export async function findRoot(options: FindOptions): Promise<RootPlace> {
  const name = options.root ?? options.env['DREAMOS_ROOT'];
  if (isAddress(name)) return (await roots()).placeOf(name);
  return known(await findFileRoot(options));
}

/** @throws as initFileStore, and FORMAT_UNKNOWN; of an engine ENGINE_UNREACHABLE, ENGINE_LOST, USAGE, CONFIG_INVALID */
export async function initRootFolder(options: InitOptions): Promise<RootPlace & { readonly created: boolean }> {
  const name = options.root ?? options.env['DREAMOS_ROOT'];
  if (isAddress(name)) return { ...(await roots()).placeOf(name, options), created: false };
  if (options.store !== undefined) {
    const { parseStore } = await import('./engine/address.ts');
    const store = parseStore(options.store);
    const { initInEngine } = await roots();
    const { created, ...found } = await initInEngine(await engines[store.address.engine](), store, options);
    return { ...(await known(found)), created };
  }
  const { initFileStore } = await import('./file/make-root.ts');
  const { created, ...found } = await initFileStore(options);
  return { ...(await known(found)), created };
}

/** @throws as restoreFileStore; USAGE for the address of an engine */
export async function restoreRootFolder(
  file: string,
  options: RestoreOptions,
): Promise<(Omit<RestoredRoot, 'engine'> & RootPlace) | undefined> {
  const name = options.root ?? options.env['DREAMOS_ROOT'];
  if (isAddress(name)) throw (await roots()).notInEngine('A backup');
  const { restoreFileStore } = await import('./file/restore/restore.ts');
  return restoreFileStore(file, options);
}

/** Takes a dump, into a root that is not there yet, or has no mail. @throws as loadFileStore; USAGE for the address of an engine */
export async function loadRootFolder(options: FindOptions): Promise<Loading & { readonly root: RootPlace }> {
  const name = options.root ?? options.env['DREAMOS_ROOT'];
  if (isAddress(name)) throw (await roots()).notInEngine('A dump');
  const { loadFileStore } = await import('./file/load/load.ts');
  const loading = await loadFileStore(options);
  return { ...loading, root: { path: loading.root.path } };
}

/**
 * Both ends of a move: where the root is, and where it is to be.
 * @param said.to `file:<folder>`, or the address of an engine @throws USAGE; of an engine ENGINE_UNREACHABLE, ENGINE_LOST
 */
export async function endsOfMove(
  { to, ...said }: MoveHow & { readonly to?: string | undefined },
  options: FindOptions,
): Promise<{ readonly source: MoveSource; readonly target: MoveTarget | undefined }> {
  const moves = await import('./engine/moves.ts');
  const place = await inEngine(options);
  const source = place?.at
    ? await inFolder(await moves.engineMoveSource(engines, { ...place, at: place.at }, options), place.path, options)
    : moves.withLeft(engines, await (await import('./file/move/source.ts')).fileMoveSource(options), options);
  const where = source.underWay ?? to;
  if (where === undefined) return { source, target: undefined };
  if (where.startsWith('file:')) {
    moves.checkOfFiles(said);
    const { fileMoveTarget } = await import('./file/move/target.ts');
    const folders = [source.root, ...source.through];
    const from = place?.address !== undefined && place.address !== source.root ? [place.address, ...folders] : folders;
    return { source, target: fileMoveTarget(where.slice('file:'.length), from, options) };
  }
  if (!isAddress(where)) throw nowhere(where);
  const isNew = source.underWay === undefined;
  return {
    source,
    target: await moves.engineMoveTarget(engines, where, isNew ? said : source.how, { ...options, isNew }),
  };
}

function nowhere(where: string): DreamosError {
  return usage(
    `A root cannot be moved to ${JSON.stringify(where)}: that is neither file:<folder> nor the address of an engine.`,
    'To another folder: dreamos move --to file:/mnt/mail --dry-run; to an engine: redis://localhost:6379/0',
  );
}

/** Of a root that an engine keeps. */
async function inFolder(source: MoveSource, path: string, options: FindOptions): Promise<MoveSource> {
  return isAddress(path) ? source : (await import('./file/move/left.ts')).withLeftBeside(source, path, options);
}

/** @returns `undefined`: files have it, or a move has put it aside */
async function inEngine(options: FindOptions): Promise<RootPlace | undefined> {
  try {
    const found = await findRoot(options);
    return found.at && found;
  } catch (error) {
    if (error instanceof DreamosError && ['ROOT_MOVED', 'ROOT_NOT_FOUND'].includes(error.code)) return undefined;
    throw error;
  }
}

/** @param deps.env by which an engine lets who opens it in */
export async function openStore(
  { path, at }: RootPlace,
  deps: FileStoreDeps & Pick<FindOptions, 'env'>,
): Promise<Store> {
  if (at === undefined) return openFileStore(path, deps);
  const folder = isAddress(path) ? undefined : path;
  return (await roots()).openInEngine(await engines[at.address.engine](), at, { ...deps, folder });
}

async function known({ path, engine: name, descriptor, mainWorktree }: FoundRoot): Promise<RootPlace> {
  const place = { path, ...(mainWorktree !== undefined && { mainWorktree }) };
  if (name === files) return place;
  if (Object.hasOwn(engines, name)) return { ...place, ...(await roots()).placeFrom(path, descriptor ?? {}) };
  throw new DreamosError(
    'invalid',
    'FORMAT_UNKNOWN',
    `The root ${path} keeps its mail in "${name}"; this dreamos knows ${[files, ...Object.keys(engines)].join(', ')}.`,
    { hint: 'Update dreamos: npm install -g dreamos@latest' },
  );
}
