/** Roots whose mail an engine keeps: where they are, how they are opened and made. */
import { quoteWord } from '../../model/basics/shell-word.ts';
import { systemClock } from '../../model/clock.ts';
import { parseDuration } from '../../model/duration.ts';
import { DreamosError } from '../../model/errors.ts';
import { createIds } from '../../model/id.ts';
import { usage } from '../../model/refusals.ts';
import type { FindOptions } from '../file/find-root.ts';
import { nodeDisk } from '../file/disk/node-disk.ts';
import type { MadeRoot } from '../file/make-root.ts';
import { mayLieBesideEngine } from '../file/names/beside.ts';
import { layoutOf } from '../file/names/layout.ts';
import type { Store } from '../port/store.ts';
import type { Finding, InspectOptions } from '../port/upkeep.ts';
import { type EnginePlace, parsePlace, placeText, type StoreSaid } from './address.ts';
import { credentialsFor } from './credentials.ts';
import { descriptorOf, isReplicas, placeIn } from './descriptor.ts';
import type { Engine, EngineDeps, PlaceToOpen } from './place.ts';

/** The environment's DREAMOS_ENGINE_TIMEOUT, if it says nothing else: what kept its mail away for longer is told. */
const usualPatienceMs = 2000;

interface Placed {
  readonly at: EnginePlace;
  readonly address: string;
}

/** Of a root that is named without a folder. @throws USAGE */
export function placeOf(name: string, options: InitHow = {}): Placed & { readonly path: string } {
  const at = parsePlace(name);
  if (options.store !== undefined || options.durability !== undefined || options.replicas !== undefined)
    throw usage(
      `${placeText(at)} names a root that is there; \`store\`, \`durability\` and \`replicas\` are for a new one.`,
      'Leave them out; for a new root name a folder as the root, or none',
    );
  return { path: placeText(at), ...placed(at) };
}

/** Of a root's folder. @throws FORMAT_UNKNOWN */
export function placeFrom(path: string, descriptor: object): Placed {
  return placed(placeIn(layoutOf(path).format, descriptor));
}

function placed(at: EnginePlace): Placed {
  return { at, address: placeText(at) };
}

type Environment = FindOptions['env'];

/** @throws as Engine.open, credentialsFor and patienceOf */
export async function openInEngine(
  engine: Engine,
  at: EnginePlace,
  {
    env,
    folder,
    ...deps
  }: Omit<EngineDeps, 'patienceMs'> & {
    readonly env: Environment;
    /** That says where it is, if one does. */
    readonly folder?: string | undefined;
  },
): Promise<Store> {
  const store = await engine.open(await toOpen(at, env), { ...deps, patienceMs: patienceOf(env) });
  return folder === undefined ? store : withFolder(store, folder, placeText(at));
}

/** What lies in it is read by nobody, though somebody may have put it there by hand: `doctor` says so. */
function withFolder(store: Store, folder: string, address: string): Store {
  const { upkeep } = store;
  if (!upkeep) return store;
  const inspect = async function* (options: InspectOptions): AsyncGenerator<Finding> {
    const names = ((await nodeDisk().list(folder)) ?? []).filter((name) => !mayLieBesideEngine(name)).sort();
    if (names.length > 0) {
      const message = `Nobody reads ${names.join(', ')} in ${folder}: the mail and the settings of this root are in ${address}.`;
      yield { rule: 'engine-folder', level: 'warning', message, hint: 'dreamos config get' };
    }
    yield* upkeep.inspect(options);
  };
  return { ...store, upkeep: { ...upkeep, inspect } };
}

export async function toOpen({ address, ...rest }: EnginePlace, env: Environment): Promise<PlaceToOpen> {
  return { ...rest, address: address.text, ...(await credentialsFor(address, env)) };
}

/** @throws CONFIG_INVALID */
export function patienceOf(env: Environment): number {
  const said = env['DREAMOS_ENGINE_TIMEOUT'];
  if (!said) return usualPatienceMs;
  try {
    return parseDuration(said);
  } catch (error) {
    throw new DreamosError('invalid', 'CONFIG_INVALID', `DREAMOS_ENGINE_TIMEOUT: ${(error as Error).message}`, {
      hint: 'A duration, for example DREAMOS_ENGINE_TIMEOUT=10s',
    });
  }
}

export interface InitHow {
  readonly store?: string | undefined;
  readonly durability?: 'full' | 'relaxed' | undefined;
  readonly replicas?: number | undefined;
}

/**
 * A folder for a root in an engine: a new one, or one that is there, whose id stands behind the `#`.
 * @throws USAGE; ALREADY_EXISTS: the folder has another root; as Engine.init, Engine.open and initDescriptor
 */
export async function initInEngine(
  engine: Engine,
  { address, id: named }: StoreSaid,
  options: FindOptions & InitHow,
): Promise<MadeRoot> {
  const { env, warn = () => undefined, durability, replicas } = options;
  checkHow(options);
  if (named !== undefined && (durability ?? replicas) !== undefined)
    throw usage(
      `${address.text}#${named} names a root that is there; \`durability\` and \`replicas\` are for a new one.`,
      'Leave them out: it keeps what it was made with',
    );
  const ids = createIds();
  const deps = { clock: systemClock, ids, warn, patienceMs: patienceOf(env) };
  const at: EnginePlace = {
    address,
    id: named ?? ids.next(systemClock.now()),
    ...(durability === 'relaxed' && { durability }),
    ...(replicas !== undefined && { replicas }),
  };
  const begin = async () => {
    const place = await toOpen(at, env);
    if (named === undefined) await engine.init(place, deps);
    else await (await engine.open(place, deps)).close();
    return descriptorOf(at);
  };
  const { initDescriptor } = await import('../file/make-root.ts');
  const made = await initDescriptor(options, begin);
  if (!made.created) checkSame(made, { address, id: named }, options);
  return made;
}

/** @throws USAGE */
export function checkHow({ durability, replicas }: InitHow): void {
  if (durability !== undefined && !['full', 'relaxed'].includes(durability))
    throw usage(`${JSON.stringify(durability)} is no durability.`, 'Allowed: full, relaxed');
  if (replicas !== undefined && !isReplicas(replicas))
    throw usage(`${String(replicas)} cannot be \`replicas\`.`, 'Allowed: a whole number from 1 to 16');
}

/** @throws ALREADY_EXISTS: it is another one, or promises something else */
function checkSame(
  { path, descriptor }: MadeRoot,
  { address, id }: StoreSaid,
  { durability, replicas }: InitHow,
): void {
  const there = descriptor && placeFrom(path, descriptor).at;
  const isThere = there?.address.text === address.text && (id === undefined || id === there.id);
  const keeps = (durability ?? there?.durability ?? 'full') === (there?.durability ?? 'full');
  if (isThere && keeps && (replicas ?? there.replicas) === there.replicas) return;
  const where = there ? `at ${placeText(there)}` : 'in files';
  const { durability: does = 'full', replicas: on } = there ?? {};
  const how = isThere ? `, with the durability ${does}${on === undefined ? '' : `, on ${on} replicas`}` : '';
  const look = `Look at it: dreamos status --root ${quoteWord(path)}`;
  throw new DreamosError(
    'conflict',
    'ALREADY_EXISTS',
    `The root ${path} is there already, and keeps its mail ${where}${how}.`,
    {
      hint: isThere
        ? 'Leave that out: it keeps what it was made with; to have it promise something else, move it: dreamos move --help'
        : `${look}; to make another one, name its folder: \`root\``,
    },
  );
}

/** Of `restore` and `load`. */
export function notInEngine(what: 'A backup' | 'A dump'): DreamosError {
  return usage(
    `${what} becomes a root of files, and the address of an engine is no folder.`,
    'Name a folder as `root`, then move it into the engine: dreamos move --help',
  );
}
