/** A root that a server has opened, for who works on it through that: the same sessions, whose operations are done there. */
import { hostname } from 'node:os';
import { systemClock } from '../../model/clock.ts';
import { createIds } from '../../model/id.ts';
import { type OpenOptions, sessionOn, type Who } from '../open-root.ts';
import type { Root, Session } from '../root/root.ts';
import { serverAt } from './ask.ts';
import { createAway } from './away.ts';
import { type Hello, hello, ownVersion } from './protocol.ts';
import { otherVersion } from './refusals.ts';
import { storeThrough } from './store.ts';

export interface ConnectOptions extends Pick<OpenOptions, 'as' | 'label' | 'env' | 'warn'> {
  /** Where the server listens: `unix:<path>`; else `DREAMOS_SERVER`. */
  readonly server?: string;
}

/**
 * @param said where it listens: `unix:<path>` @param options.pid of this process: a consumer's label where he has none
 * @throws USAGE, SERVER_UNREACHABLE, SERVER_BUSY, SERVER_DIFFERS, NAME_INVALID, and what keeps who asks from it: UNAUTHENTICATED, FORBIDDEN
 */
export async function connectRoot(said: string, options: Who & { readonly pid: number }): Promise<Session> {
  const server = serverAt(said);
  const away = createAway(server);
  const self = { pid: options.pid, host: hostname() };
  const root: Root = {
    store: storeThrough(away, self, () => session),
    path: '',
    clock: systemClock,
    ids: createIds(),
    chores: [],
    tasks: () => Promise.reject(new Error('tasks are ended by the server')),
    audit: () => Promise.reject(new Error('the audit is written by the server')),
    gate: { away, isOpen: () => false, enter: async (own) => own },
    close: async () => undefined,
  };
  let session = sessionOn(root, { ...options, warn: onceEach(options.warn) });
  const { path, version, agent } = (await away.do(session, hello, [])) as Hello;
  if (version !== ownVersion) throw otherVersion(server.name, version);
  session = { ...session, path, ...(agent !== undefined && { acting: agent }) };
  return session;
}

const mostKnown = 100;

/** Each call of a server warns of what it sees; a process says the same of a root once. */
function onceEach(warn: Session['warn'] = () => undefined): Session['warn'] {
  const known = new Set<string>();
  return (message) => {
    if (known.has(message)) return;
    known.add(message);
    const [oldest] = known.size > mostKnown ? known : [];
    if (oldest !== undefined) known.delete(oldest);
    warn(message);
  };
}
