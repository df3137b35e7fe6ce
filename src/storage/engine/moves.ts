/** Moving a root into an engine, and out of one. */
import { DreamosError } from '../../model/errors.ts';
import { systemClock } from '../../model/clock.ts';
import { createIds } from '../../model/id.ts';
import { usage } from '../../model/refusals.ts';
import type { Disk } from '../file/disk/disk.ts';
import { nodeDisk } from '../file/disk/node-disk.ts';
import { parseJson } from '../file/disk/parse-json.ts';
import type { FindOptions } from '../file/find-root.ts';
import { waitingOf } from '../file/names/beside.ts';
import { layoutOf } from '../file/names/layout.ts';
import type { MoveHow, MoveSource, MoveTarget } from '../port/dump/moving.ts';
import { type EnginePlace, parsePlace, parseStore, placeText } from './address.ts';
import { descriptorOf } from './descriptor.ts';
import { checkHow, patienceOf, toOpen } from './engine.ts';
import type { Engine, EngineDeps } from './place.ts';

export type Engines = Readonly<Record<EnginePlace['address']['engine'], () => Promise<Engine>>>;

const diskOf = ({ disk = nodeDisk() }: FindOptions): Disk => disk;

function depsOf({ env, warn = () => undefined }: FindOptions): EngineDeps {
  return { clock: systemClock, ids: createIds(), warn, patienceMs: patienceOf(env) };
}

/** @throws USAGE: that is promised by engines alone */
export function checkOfFiles({ durability, replicas }: MoveHow): void {
  if ((durability ?? replicas) !== undefined)
    throw usage(
      '`durability` and `replicas` are what an engine is asked to promise, and this root goes to files.',
      'Leave them out, or move it to an engine, for example redis://localhost:6379/0',
    );
}

/** @param path the folder that says where the root is, or its address */
export async function engineMoveSource(
  engines: Engines,
  { path, at }: { readonly path: string; readonly at: EnginePlace },
  options: FindOptions,
): Promise<MoveSource> {
  const engine = await engines[at.address.engine]();
  const address = placeText(at);
  const disk = diskOf(options);
  const tellFolder = async (descriptor: object): Promise<void> => {
    if (path === address) return;
    const { passed } = Object(await formatIn(disk, path)) as { readonly passed?: unknown };
    const left = [...new Set([...(await leftIn(disk, path)), address])];
    await write(disk, path, { ...descriptor, left, ...(passed !== undefined && { passed }) });
  };
  const source = await engine.moveFrom(await toOpen(at, options.env), depsOf(options), {
    root: path,
    address,
    tellFolder,
  });
  return path === address ? source : withLeft(engines, source, options);
}

/**
 * A new root in an engine, or the one that a move has begun to load there.
 * @param where its address; of one that has begun with its id @throws USAGE
 */
export async function engineMoveTarget(
  engines: Engines,
  where: string,
  how: MoveHow = {},
  { isNew, ...options }: FindOptions & { readonly isNew: boolean },
): Promise<MoveTarget> {
  checkHow(how);
  const { durability, replicas } = how;
  const at: EnginePlace = {
    ...(isNew ? newPlace(where) : parsePlace(where)),
    ...(durability === 'relaxed' && { durability }),
    ...(replicas !== undefined && { replicas }),
  };
  const engine = await engines[at.address.engine]();
  const to = placeText(at);
  return engine.moveTo(await toOpen(at, options.env), depsOf(options), { to, how, descriptor: descriptorOf(at) });
}

function newPlace(where: string): EnginePlace {
  const { address, id } = parseStore(where);
  if (id !== undefined)
    throw usage(
      `${where} names a root that is there, and a move makes a new one.`,
      `Name the engine alone: dreamos move --to ${address.text} --dry-run`,
    );
  return { address, id: createIds().next(systemClock.now()) };
}

/**
 * Of a root that has a folder: with what moves have left in engines, as the folder notes it.
 * @param source of files, or of an engine
 */
export function withLeft(engines: Engines, source: MoveSource, options: FindOptions): MoveSource {
  const disk = diskOf(options);
  const folders = [source.root, ...source.through];
  const noted = async (): Promise<string[]> =>
    (await Promise.all(folders.map((folder) => leftIn(disk, folder)))).flat();
  return {
    ...source,
    async settle(descriptor) {
      const left = await noted();
      await source.settle(left.length > 0 ? { ...descriptor, left } : descriptor);
    },
    left: async () => [...new Set([...(await source.left()), ...(await noted())])],
    async purge() {
      await source.purge();
      for (const address of await noted()) await purge(engines, address, options);
      for (const folder of folders)
        if ((await leftIn(disk, folder)).length > 0) {
          const { left: _, ...rest } = (await formatIn(disk, folder)) as { readonly left?: unknown };
          await write(disk, folder, rest);
        }
    },
  };
}

async function purge(engines: Engines, address: string, options: FindOptions): Promise<void> {
  const at = parsePlace(address);
  const engine = await engines[at.address.engine]();
  const said = { root: address, address, tellFolder: async () => undefined };
  let source: MoveSource;
  try {
    source = await engine.moveFrom(await toOpen(at, options.env), depsOf(options), said);
  } catch (error) {
    // It is gone already.
    if (error instanceof DreamosError && error.code === 'ENGINE_LOST') return;
    throw error;
  }
  try {
    await source.alone(() => source.purge());
  } finally {
    await source.close();
  }
}

async function formatIn(disk: Disk, folder: string): Promise<unknown> {
  const file = await disk.read(layoutOf(folder).format, { maxBytes: 65_536 });
  return file.ok ? parseJson(file.bytes) : undefined;
}

async function leftIn(disk: Disk, folder: string): Promise<string[]> {
  const { left } = Object(await formatIn(disk, folder)) as { readonly left?: unknown };
  return Array.isArray(left) ? left.filter((one): one is string => typeof one === 'string') : [];
}

/** As one step. @throws DISK_FAILED */
async function write(disk: Disk, folder: string, descriptor: object): Promise<void> {
  const { format } = layoutOf(folder);
  const waiting = waitingOf(format, createIds().token());
  await disk.writeWhole(waiting, Buffer.from(`${JSON.stringify(descriptor)}\n`));
  await disk.rename(waiting, format);
  await disk.syncDir(folder);
}
