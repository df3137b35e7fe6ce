import { type Clock, systemClock } from '../model/clock.ts';
import { createIds, type Ids } from '../model/id.ts';
import { findFileRoot, initFileStore, openFileStore } from '../storage/file/open.ts';
import type { Store } from '../storage/store.ts';
import { checkName, registerAgent } from './agents.ts';

/** An opened root: what every operation works on. */
export interface Root {
  readonly store: Store;
  /** Where it is, for messages to people. */
  readonly path: string;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Only the settings among `DREAMOS_*` are read from it. */
  readonly env: NodeJS.ProcessEnv;
  /** Who is acting (`--as`, `DREAMOS_AGENT`); may be absent. */
  readonly acting?: string;
  /** One sentence for a person; never data. */
  warn(message: string): void;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** The folder that holds `runtime/agent_comms`, or that folder; else `DREAMOS_ROOT`, else the nearest ancestor of `cwd` that has one. */
  readonly root?: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** The acting agent; else `DREAMOS_AGENT`. */
  readonly as?: string;
  readonly clock?: Clock;
  readonly warn?: (message: string) => void;
}

/**
 * Opens the root that is there; makes nothing.
 * @throws ROOT_NOT_FOUND, ROOT_NOT_YOURS, ROOT_INSIDE_ROOT, FORMAT_TOO_NEW, NAME_INVALID
 */
export async function openRoot(options: OpenOptions = {}): Promise<Root> {
  const path = await findFileRoot(placeOf(options));
  return openAt(path, options);
}

export interface Initialised {
  readonly root: Root;
  readonly created: boolean;
  readonly agents: { readonly name: string; readonly created: boolean }[];
}

/** Makes the root and the named agents; what is there already is left as it is. Names are checked before anything is made. */
export async function initRoot(options: OpenOptions & { readonly agents?: readonly string[] }): Promise<Initialised> {
  for (const name of options.agents ?? []) checkName(name);
  const { path, created } = await initFileStore(placeOf(options));
  const root = await openAt(path, options);
  const agents: { name: string; created: boolean }[] = [];
  for (const name of options.agents ?? []) {
    const registered = await registerAgent(root, { name });
    agents.push({ name: registered.card.name, created: registered.created });
  }
  return { root, created, agents };
}

async function openAt(path: string, options: OpenOptions): Promise<Root> {
  const { clock = systemClock, env = {}, warn = () => undefined } = options;
  const ids = createIds();
  // An empty DREAMOS_AGENT is what a script leaves that unset it.
  const acting = options.as ?? (env['DREAMOS_AGENT'] || undefined);
  if (acting !== undefined) checkName(acting);
  const store = await openFileStore(path, { clock, ids, warn });
  return { store, path, clock, ids, env, ...(acting !== undefined && { acting }), warn, close: () => store.close() };
}

function placeOf({ root, cwd = '.', env = {} }: OpenOptions): { root?: string; cwd: string; env: NodeJS.ProcessEnv } {
  return { ...(root !== undefined && { root }), cwd, env };
}
