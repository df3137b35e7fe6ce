/** Opening and making roots: the only place that knows which storages there are and what is done by the way. */
import { createIds } from '../model/id.ts';
import { type Clock, systemClock } from '../model/clock.ts';
import { absolute, usage } from '../model/refusals.ts';
import {
  findRoot,
  type FindOptions,
  initRootFolder,
  openStore,
  restoreRootFolder,
  type RootPlace,
} from '../storage/engines.ts';
import { isOwnSender, ownSender } from '../model/agent.ts';
import type { Message } from '../model/message.ts';
import { checkNotOurs, registerAgent } from './agents/agents.ts';
import { checkLabel, checkName, checkNewName } from './root/names.ts';
import type { Store } from '../storage/port/store.ts';
import { admit, gateOver } from './root/operation.ts';
import type { Chore, Root, Session } from './root/root.ts';
import { createScheduleTimer } from './schedules/schedule-timer.ts';
import { createTaskChore } from './tasks/chore.ts';

export interface OpenOptions {
  /**
   * The folder that holds `runtime/agent_comms`, or that folder; or the address of one that an engine keeps,
   * `redis://host:6379/0#<id>`; else `DREAMOS_ROOT`, else the nearest above `cwd` that has one.
   */
  readonly root?: string;
  readonly cwd?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
  /** The acting agent; else `DREAMOS_AGENT`. */
  readonly as?: string;
  /**
   * What a consumer calls itself in the events of its claims, where several read one mailbox: 1 to 64 characters; else
   * `DREAMOS_LABEL`.
   */
  readonly label?: string;
  readonly clock?: Clock;
  readonly warn?: (message: string) => void;
}

/**
 * Opens the root that is there, for one who works on it; makes nothing.
 * @throws ROOT_NOT_FOUND, ROOT_NOT_YOURS, ROOT_INSIDE_ROOT, FORMAT_TOO_NEW, NAME_INVALID, ENGINE_UNREACHABLE, ENGINE_LOST
 */
export async function openRoot(options: OpenOptions = {}): Promise<Session> {
  return openAt(await findRoot(placeOf(options)), options);
}

export interface Initialised {
  readonly root: Session;
  readonly created: boolean;
  readonly agents: { readonly name: string; readonly created: boolean }[];
}

export interface InitOptions extends OpenOptions {
  readonly agents?: readonly string[];
  /**
   * What keeps the mail, if it is not to be files: the address of a Redis or Valkey, `redis://host:6379/0`; with `#` and the
   * id of a root that is there the folder becomes one more place to work on that.
   */
  readonly store?: string;
  /** Of a store: `full` (the default) is refused where its server does not sync what it confirms. */
  readonly durability?: 'full' | 'relaxed';
  /** Of a store: what is sent is confirmed once so many replicas have it. */
  readonly replicas?: number;
}

/** Makes the root and the named agents; what is there already is left as it is. Names are checked before anything is made. */
export async function initRoot(options: InitOptions): Promise<Initialised> {
  for (const name of options.agents ?? []) checkNewName(name);
  if (options.agents?.some(isOwnSender)) await checkThere(options);
  const { store, durability, replicas } = options;
  if (store === undefined && (durability ?? replicas) !== undefined)
    throw usage('`durability` and `replicas` are what an engine is asked to promise, and none is named.', storeHint);
  const { created, ...place } = await initRootFolder({ ...placeOf(options), store, durability, replicas });
  const root = await openAt(place, options);
  try {
    return { root, created, agents: await makeAgents(root, options.agents ?? []) };
  } catch (error) {
    await root.close();
    throw error;
  }
}

const storeHint = 'For example: dreamos init --store redis://localhost:6379/0';

/** An agent of the name under which alerts are sent is not made, and one that is there goes on. @throws NAME_INVALID */
async function checkThere(options: OpenOptions): Promise<void> {
  const root = await openRoot(options).catch(() => undefined);
  try {
    const card = await root?.store.documents.getAgent(ownSender);
    if (!card || card.retiredAt) checkNotOurs(ownSender);
  } finally {
    await root?.close();
  }
}

/** Without any it makes nothing that a policy could be about. */
async function makeAgents(root: Session, names: readonly string[]): Promise<{ name: string; created: boolean }[]> {
  const session = names.length === 0 ? root : await admit(root, 'init', { named: names });
  const agents: { name: string; created: boolean }[] = [];
  for (const name of names) {
    const registered = await registerAgent(session, { name });
    agents.push({ name: registered.card.name, created: registered.created });
  }
  return agents;
}

export interface RestoreOptions extends OpenOptions {
  /** Called now and then with how many messages are restored. */
  readonly onProgress?: (messages: number) => void;
  /** Ends it; nothing is restored then. */
  readonly signal?: AbortSignal;
}

export interface Restored {
  readonly root: Session;
  /** How many it has, each mailbox's own. */
  readonly messages: number;
  /** Of these, how many were claimed, and are ready again. */
  readonly claimed: number;
  /** When the backup began; what was acknowledged before is there. */
  readonly begunAt: string;
}

/** Makes a root of a backup. @returns `undefined`: the signal came, and there is none */
export async function restoreRoot(file: string, options: RestoreOptions = {}): Promise<Restored | undefined> {
  const { onProgress, signal, ...opening } = options;
  const path = absolute(opening.cwd, file, 'SOURCE_NOT_FOUND');
  const restored = await restoreRootFolder(path, { ...placeOf(opening), onProgress, signal });
  if (!restored) return undefined;
  const { messages, claimed, begunAt, ...place } = restored;
  const root = await openAt(place, opening);
  return { root, messages, claimed, begunAt: new Date(begunAt).toISOString() };
}

/** Who works on a root; without `as` the environment's DREAMOS_AGENT, without `label` its DREAMOS_LABEL. */
export type Who = Pick<OpenOptions, 'as' | 'label' | 'env' | 'warn'> & Pick<Session, 'proved'>;

/** One who works on an opened root. @throws NAME_INVALID; USAGE for a label */
export function sessionOn(
  { store, path, address, clock, ids, chores, tasks, audit, gate, close }: Root,
  who: Who = {},
): Session {
  const { env = {}, as, warn = () => undefined } = who;
  // An empty variable is what a script leaves that unset it.
  const acting = as ?? (env['DREAMOS_AGENT'] || undefined);
  if (acting !== undefined) checkName(acting);
  const label = who.label ?? (env['DREAMOS_LABEL'] || undefined);
  if (label !== undefined) checkLabel(label);
  return {
    ...{ store, path, clock, ids, chores, tasks, audit, close, env, warn },
    ...(address !== undefined && { address }),
    ...(acting !== undefined && { acting }),
    ...(label !== undefined && { label }),
    ...(who.proved && { proved: true }),
    ...(gate !== undefined && { gate }),
  };
}

/** A root over an opened store, with its chores, and who works on it first: what a chore has to say is told there. */
export function rootOver(store: Store, at: Pick<Root, 'path' | 'address' | 'clock' | 'ids'>, who: Who = {}): Session {
  const chores: Chore[] = [];
  const session = sessionOn({ ...at, store, chores, tasks, audit, close: () => store.close() }, who);
  // Before it has a gate: what is due is nobody's doing.
  chores.push(createScheduleTimer(session), createTaskChore(session));
  return { ...session, gate: gateOver(store, at.clock, policy) };
}

const tasks: Root['tasks'] = () => import('./tasks/ending.ts');
const policy = () => import('./policy/enter.ts');
let noting: ReturnType<Root['audit']> | undefined;
// Kept, since each message asks for it.
const audit: Root['audit'] = () => (noting ??= import('./audit/note.ts'));

async function openAt(place: RootPlace, options: OpenOptions): Promise<Session> {
  const { path, address, mainWorktree } = place;
  const { clock = systemClock, env = {}, warn = () => undefined } = options;
  const ids = createIds();
  const sign = (message: Message): Promise<Message> => signNotice(opened, message);
  const store = await openStore(place, { clock, ids, warn, sign, env });
  let opened: Session;
  try {
    opened = {
      ...rootOver(store, { path, ...(address !== undefined && { address }), clock, ids }, options),
      ...(mainWorktree !== undefined && { mainWorktree }),
    };
    return opened;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** In the name of the mailbox in which something has died. @throws UNAUTHENTICATED: who has its key will tell it */
async function signNotice(session: Session, message: Message): Promise<Message> {
  const signatures = await (await import('./identity/signatures/look.ts')).signaturesNow(session);
  if (signatures === 'off') return message;
  return (await import('./identity/signatures/sign.ts')).signed(session, message, signatures);
}

function placeOf({ root, cwd, env = {}, warn = () => undefined }: OpenOptions): FindOptions {
  return { root, cwd, env, warn };
}
