/** The server of a root: it listens where it is told to, until it is closed. It may be killed at any time. */
import type { AddressInfo } from 'node:net';
import type { Serving } from '../contract/security/serving.ts';
import { sessionOn } from '../core/open-root.ts';
import { endNotes } from '../core/audit/noted.ts';
import type { Root } from '../core/root/root.ts';
import { rootIdOf } from '../core/identity/root-id.ts';
import { beatMs, isoTime, restByBeat } from '../model/clock.ts';
import { cannotListen, socketId } from '../storage/file/disk/foreign/socket-files.ts';
import { callMounts } from './calls/mounts.ts';
import { pageFiles, whoMount } from './files/page.ts';
import { createAccess, type Door } from './http/access.ts';
import { createApp } from './http/app.ts';
import { createBodyRoom, mostBodyBytes } from './http/body-room.ts';
import { createListener, listenAt, type Listener } from './http/listen.ts';
import { createMostBytes } from './http/most-bytes.ts';
import { createPlaces, mostConnections } from './http/places.ts';
import { createUnproved } from './http/unproved.ts';
import { openapiMount } from './openapi/mount.ts';
import { type Doors, type DoorsOptions, openDoors } from './place/doors.ts';
import { aboutPath } from './place/running.ts';
import { leavePlace, takePlace } from './place/take.ts';
import { createHandOvers } from './live/hand-over.ts';
import { liveMounts } from './live/mounts.ts';
import { healthMount, metricsMount } from './live/system.ts';
import type { Mount, OpenMount } from './route/mount.ts';
import { routes } from './routes/all.ts';

export interface ServeOptions {
  /** Where the unix socket is made; absent: there is none, and nothing is noted of this server. */
  readonly socket?: string;
  /** A loopback address; port 0: one that is free. */
  readonly http?: { readonly host: string; readonly port: number };
  readonly agentSockets?: DoorsOptions;
  readonly readOnly?: boolean;
  readonly version?: string;
  /** What it takes at once, where that is not the usual. */
  readonly limits?: {
    readonly connections?: Partial<typeof mostConnections>;
    readonly bodyBytes?: Partial<typeof mostBodyBytes>;
  };
  /** Of its process: by it the keys of its user are found, and no setting. */
  readonly env?: NodeJS.ProcessEnv;
  readonly warn?: (message: string) => void;
}

export interface Served {
  readonly about: Serving;
  /** Comes when nobody finds its socket any more: it was taken away, or the root was. */
  readonly lost: Promise<void>;
  /**
   * Listens no more, has polls answer and streams end, and lets what it is at finish.
   * @param graceMs what takes longer is cut off
   */
  close(graceMs?: number): Promise<void>;
  /** Ends what is still connected, at once. */
  cut(): void;
}

const usualGraceMs = 10_000;
/** So often it is looked whether its socket is still there. */
const lookMs = beatMs;

/** @throws SERVER_RUNNING, CANNOT_LISTEN, USAGE, DISK_FAILED */
export async function serve(opened: Root, options: ServeOptions): Promise<Served> {
  const { socket, http, agentSockets, readOnly = false, version = '0', env = {}, warn = () => undefined } = options;
  const { connections, bodyBytes } = options.limits ?? {};
  // Else whoever waits would send what schedules have due.
  const root: Root = readOnly ? { ...opened, chores: [] } : opened;
  const own = sessionOn({ ...root, gate: undefined }, { warn });
  const ending = new AbortController();
  const cutting = new AbortController();
  const { pid } = await root.store.self();
  let about: Serving = {
    pid,
    version,
    root: root.path,
    since: isoTime(root.clock.now()),
    socket: socket ?? '',
    http: null,
    agentSockets: agentSockets?.folder ?? null,
    readOnly,
  };
  const handOvers = createHandOvers((error) => warn(error instanceof Error ? error.message : String(error)));
  const health = async () => ({ pid, version, root: (await rootIdOf(own)) ?? null, since: about.since });
  const unproved = createUnproved(own);
  const places = createPlaces(root.clock, { ...mostConnections, ...connections });
  const app = createApp({
    root,
    routes,
    mounts: [
      ...[...liveMounts(), metricsMount(version), healthMount(health), aboutMount(() => about)],
      ...[...pageFiles, whoMount(readOnly), openapiMount(version)],
      ...callMounts({ root, readOnly, ending: ending.signal, cutting: cutting.signal }),
    ],
    handOvers,
    access: createAccess(own),
    unproved,
    env: forKeys(env),
    readOnly,
    mostBytes: createMostBytes(own),
    bodyRoom: createBodyRoom({ ...mostBodyBytes, ...bodyBytes }),
    places,
    ending: ending.signal,
  });
  const listeners: Listener[] = [];
  let doors: Doors | undefined;
  const listenerAt = (door: Door): Listener => createListener({ app, places, ending: ending.signal }, door);
  const main = listenerAt({ by: 'socket' });
  const rest = async (): Promise<Serving> => {
    if (http) {
      const tcp = listenerAt({ by: 'token' });
      about = { ...about, http: await listenOnTcp(tcp, http) };
      listeners.push(tcp);
    }
    if (agentSockets)
      doors = await openDoors(
        own,
        agentSockets,
        (agent) => listenerAt({ by: 'agent socket', agent: () => agent }),
        (listener, path) => listenAt(listener.server, path),
      );
    return about;
  };
  const cut = (): void => {
    cutting.abort();
    for (const listener of listeners) listener.cut();
    doors?.cut();
  };
  const close = async (graceMs = usualGraceMs): Promise<void> => {
    ending.abort();
    clearTimeout(watching);
    const isLost = socket !== undefined && id !== undefined && socketId(socket) !== id;
    const end = (listener: Listener) => (isLost && listener === main ? main.abandon() : listener.close());
    const closed = Promise.all([...listeners.map(end), doors?.close()]);
    if (socket !== undefined) await leavePlace(own, about).catch((error: Error) => warn(error.message));
    const timer = setTimeout(cut, graceMs);
    await closed;
    clearTimeout(timer);
    await handOvers.end();
    await unproved.end();
    await endNotes(own);
  };
  let watching: NodeJS.Timeout | undefined;
  let id: string | undefined;
  try {
    if (socket === undefined) await rest();
    else {
      listeners.push(main);
      await takePlace(own, socket, () => listenAt(main.server, socket), rest);
    }
  } catch (error) {
    await close(0);
    throw error;
  }
  id = socket === undefined ? undefined : socketId(socket);
  const lost = new Promise<void>((resolve) => {
    if (socket === undefined) return;
    const lookAgain = (): void => {
      watching = setTimeout(look, restByBeat(root.clock, lookMs)).unref();
    };
    const look = (): void => {
      if (socketId(socket) === id) lookAgain();
      else resolve();
    };
    lookAgain();
  });
  return { about, lost, close, cut };
}

/** DREAMOS_IDENTITY is one agent's, and here are many. */
function forKeys(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const names = ['HOME', 'XDG_CONFIG_HOME', 'DREAMOS_CONFIG_HOME'];
  return Object.fromEntries(names.map((name) => [name, env[name]]));
}

function aboutMount(about: () => Serving): Mount | OpenMount {
  return { method: 'GET', path: aboutPath, run: async () => Response.json(about()) };
}

/** @returns what it is called @throws CANNOT_LISTEN */
async function listenOnTcp({ server }: Listener, { host, port }: { host: string; port: number }): Promise<string> {
  try {
    await listenAt(server, { host, port });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw cannotListen(
        `Another program listens at ${host}:${port}.`,
        'Take one that is free: dreamos serve --http 127.0.0.1:0',
      );
    if (code === 'EACCES')
      throw cannotListen(`Port ${port} is for root alone.`, 'Take another: dreamos serve --http 127.0.0.1:7420');
    throw cannotListen(`${host}:${port} cannot be listened at: ${(error as Error).message}.`);
  }
  const { address, port: taken } = server.address() as AddressInfo;
  return `http://${address.includes(':') ? `[${address}]` : address}:${taken}`;
}
