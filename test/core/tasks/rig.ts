import { registerAgent } from '../../../src/core/agents/agents.ts';
import type { Duties } from '../../../src/core/agents/duties.ts';
import { heartbeat } from '../../../src/core/agents/heartbeat.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { findTask, stateOf } from '../../../src/core/tasks/place/find.ts';
import { unfinished, states, type TaskState } from '../../../src/model/state.ts';
import type { Entry } from '../../../src/storage/port/look.ts';
import { type CoreRig, createCoreRig } from '../rig.ts';

export interface TaskRig extends CoreRig {
  /** Registers it, and it says that it is there. */
  comes(name: string, duties?: Duties): Promise<Session>;
  stateOf(id: string): Promise<TaskState>;
  /** Where the tasks are, all of them, each as often as it is there. */
  census(): Promise<Entry[]>;
}

/** So long without a word, and an agent is gone; its claims still hold. */
export const goneMs = 6000;

export async function createTaskRig(): Promise<TaskRig> {
  const rig = await createCoreRig();
  const { root, as } = rig;
  const { documents, look, now } = root.store;
  const settings = { heartbeat: '1s' };
  return {
    ...rig,
    comes: async (name, duties = {}) => {
      await registerAgent(root, { name, settings, ...duties });
      await heartbeat(root, name, { status: 'idle' });
      return as(name);
    },
    stateOf: async (id) => {
      const { entry } = await findTask(root, id);
      return stateOf(entry, now());
    },
    census: async () => {
      const all: Entry[] = [];
      for (const { name } of await documents.listAgents())
        for (const state of states) for await (const entry of look.list(name, state)) if (entry.task) all.push(entry);
      return all;
    },
  };
}

export function liesWith(entries: readonly Entry[], agent: string): Entry[] {
  return entries.filter(({ mailbox, state }) => mailbox === agent && unfinished.some((one) => one === state));
}

/** A process that is no more. It is no failure of dreamos's, so nothing catches it. */
export class Killed extends Error {}

const changes: Readonly<Record<string, readonly string[]>> = {
  documents: ['put', 'remove'],
  mail: ['send', 'claim', 'ack', 'nack', 'renew', 'cancel', 'deliver', 'handOver', 'restore', 'retry'],
};

/** A session for which `before` is called in front of each change, by its number from 1 on and its name. */
export function watched(session: Session, before: (call: number, name: string) => void | Promise<void>): Session {
  let calls = 0;
  const { store } = session;
  const roles: Record<string, unknown> = {};
  for (const [role, names] of Object.entries(changes)) {
    const its = store[role as 'mail'] as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
    const own = Object.fromEntries(
      names.map((name) => [
        name,
        async (...args: unknown[]) => {
          await before(++calls, `${role}.${name}`);
          return its[name]?.(...args);
        },
      ]),
    );
    roles[role] = { ...its, ...own };
  }
  return { ...session, store: { ...store, ...roles } };
}

export interface Doomed {
  readonly session: Session;
  /** Whether it lived to its `n`th change. */
  killed(): boolean;
}

/** Killed in front of its `n`th change; what it does behind that, it does not do. */
export function killedAt(session: Session, n: number): Doomed {
  let killed = false;
  return {
    session: watched(session, (call) => {
      if (call < n) return;
      killed = true;
      throw new Killed(`killed in front of change ${n}`);
    }),
    killed: () => killed,
  };
}

/** @returns `undefined`: killed before it could answer */
export async function orKilled<T>(act: Promise<T>): Promise<T | undefined> {
  try {
    return await act;
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
    return undefined;
  }
}
