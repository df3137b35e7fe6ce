/**
 * A socket for each agent, in a folder that is its user's alone: who gets in is decided by the kernel, and nobody can say that he
 * is another one. Agents come and go while the server runs, and so do their doors.
 */
import { connect } from 'node:net';
import { listAgents } from '../../core/agents/agents.ts';
import type { Session } from '../../core/root/root.ts';
import { isQueue } from '../../model/agent.ts';
import { beatMs, restByBeat } from '../../model/clock.ts';
import { usage } from '../../model/refusals.ts';
import {
  closeDoor,
  doorId,
  isRoot,
  makeDoorsFolder,
  openDoor,
  type User,
  userCalled,
} from '../../storage/file/disk/foreign/socket-files.ts';
import type { Listener } from '../http/listen.ts';

export interface DoorsOptions {
  /** The folder that has them all. */
  readonly folder: string;
  /** By an agent: its user, by name or number; else the user who is called as the agent is. */
  readonly users: Readonly<Record<string, string>>;
}

export interface Doors {
  /** Which agents have one. */
  readonly agents: () => readonly string[];
  close(): Promise<void>;
  cut(): void;
}

interface Door {
  readonly listener: Listener;
  /** Which socket it is. */
  readonly id: string | undefined;
}

/** So often it is looked whether an agent has come or gone. */
const lookMs = beatMs;

/**
 * @param session of the server itself @param listenerFor an agent's @param listen has it listen at a path
 * @throws CANNOT_LISTEN; USAGE for a user that is none
 */
export async function openDoors(
  session: Session,
  { folder, users }: DoorsOptions,
  listenerFor: (agent: string) => Listener,
  listen: (listener: Listener, path: string) => Promise<void>,
): Promise<Doors> {
  const named = usersOf(users);
  makeDoorsFolder(folder);
  const open = new Map<string, Door>();
  const tried = new Set<string>();
  const userOf = (agent: string): User | undefined => {
    if (!isRoot()) return undefined;
    const user = named.get(agent) ?? userCalled(agent);
    if (!user)
      session.warn(`No user is called ${agent}, so its socket is for root alone: --agent-user ${agent}=<user>`);
    return user;
  };
  const look = async (): Promise<void> => {
    const cards = await listAgents(session);
    const names = new Set(cards.filter((card) => !card.deletedAt && !isQueue(card)).map(({ name }) => name));
    for (const [agent, door] of open) {
      if (names.has(agent)) continue;
      open.delete(agent);
      await shut(session, folder, agent, door);
    }
    for (const agent of names) {
      if (open.has(agent) || tried.has(agent)) continue;
      const listener = listenerFor(agent);
      try {
        const how = { listen: (path: string) => listen(listener, path), isTaken: isListenedAt };
        open.set(agent, { listener, id: await openDoor(folder, agent, userOf(agent), how) });
      } catch (error) {
        tried.add(agent);
        session.warn(`${agent} has no socket: ${(error as Error).message}`);
      }
    }
  };
  await look();
  let looking = Promise.resolve();
  const failed = (error: unknown): void =>
    session.warn(`Agents that came have no sockets yet: ${(error as Error).message}`);
  let timer: NodeJS.Timeout;
  const rest = (): void => {
    timer = setTimeout(lookAgain, restByBeat(session.clock, lookMs)).unref();
  };
  const lookAgain = (): void => {
    looking = looking.then(look).catch(failed);
    rest();
  };
  rest();
  return {
    agents: () => [...open.keys()],
    close: async () => {
      clearTimeout(timer);
      await looking;
      await Promise.all([...open].map(([agent, door]) => shut(session, folder, agent, door)));
    },
    cut: () => {
      for (const { listener } of open.values()) listener.cut();
    },
  };
}

/** Never rejects: an agent's user may do in his folder what he likes. */
async function shut(session: Session, folder: string, agent: string, { listener, id }: Door): Promise<void> {
  try {
    // Node removes what is at the path of a socket that it closes.
    if (doorId(folder, agent) !== id) return await listener.abandon();
    const closed = listener.close();
    try {
      closeDoor(folder, agent);
    } finally {
      await closed;
    }
  } catch (error) {
    session.warn(`The socket of ${agent} was not taken away: ${(error as Error).message}`);
  }
}

/** It need not answer: whoever listens there might not, and hold up all others. */
function isListenedAt(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', ({ code = '' }: NodeJS.ErrnoException) => resolve(!['ECONNREFUSED', 'ENOENT'].includes(code)));
  });
}

/** @throws USAGE */
function usersOf(users: Readonly<Record<string, string>>): Map<string, User> {
  const named = Object.entries(users).map(([agent, name]) => {
    if (!isRoot())
      throw usage('Only root gives sockets to other users.', 'As root: sudo dreamos serve --agent-sockets <dir>');
    const user = userCalled(name);
    if (!user)
      throw usage(
        `There is no user ${JSON.stringify(name)} in /etc/passwd.`,
        'Name one by its number: --agent-user planner=1001',
      );
    return [agent, user] as const;
  });
  return new Map(named);
}
