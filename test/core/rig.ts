import { DreamosError } from '../../src/model/errors.ts';
import type { Message } from '../../src/model/message.ts';
import type { Session } from '../../src/core/root/root.ts';
import { rootOver } from '../../src/core/open-root.ts';
import { registerAgent } from '../../src/core/agents/agents.ts';
import type { Clock } from '../../src/model/clock.ts';
import { createIds } from '../../src/model/id.ts';
import { createMail, type Mail } from '../../src/storage/memory/mail.ts';
import { createMemoryStore } from '../../src/storage/memory/store.ts';
import { createFakeClock, type FakeClock } from '../storage/contract/fake-clock.ts';

export { expectRefusal, refusal } from '../storage/contract/rig.ts';

export interface CoreRig {
  readonly root: Session;
  readonly clock: FakeClock;
  readonly mail: Mail;
  readonly warnings: string[];
  /** The same mail as another process has it. */
  as(acting: string | undefined, env?: NodeJS.ProcessEnv): Session;
}

/** A root in memory with the agents planner, reviewer and Builder; the planner is acting. */
export async function createCoreRig(): Promise<CoreRig> {
  const clock = createFakeClock();
  const { root, as, mail, warnings } = await createRigOn(clock);
  return { root, clock, mail, warnings, as };
}

export async function createRigOn(clock: Clock): Promise<Omit<CoreRig, 'clock'>> {
  const mail = createMail();
  const ids = createIds();
  const warnings: string[] = [];
  const as: CoreRig['as'] = (acting, env = {}) => {
    const store = createMemoryStore({ clock, ids }, mail, { durability: 'full' });
    const warn = (message: string): void => void warnings.push(message);
    return rootOver(store, { path: '/root', clock, ids }, { env, warn, ...(acting !== undefined && { as: acting }) });
  };
  const root = as('planner');
  for (const name of ['planner', 'reviewer', 'Builder']) await registerAgent(root, { name });
  return { root, mail, warnings, as };
}

export async function gather<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** As a test that names a thing which must be there. */
export function must<T>(thing: T | undefined | null): T {
  if (thing === undefined || thing === null) throw new Error('It is not there.');
  return thing;
}

/** The next message that is read cannot be. */
export function corruptOnce({ store }: Session): void {
  const read = store.look.read.bind(store);
  store.look.read = async () => {
    store.look.read = read;
    throw new DreamosError('invalid', 'CORRUPT', 'This message cannot be read: it is not JSON.');
  };
}

/** The data of what fits cannot be written as JSON from now on: what an older build let through. */
export function nestDeeply({ store }: Session, fits: (message: Message) => boolean): void {
  const levels = 20_000;
  const data: unknown = JSON.parse('['.repeat(levels) + ']'.repeat(levels));
  const nested = (message: Message): Message => (fits(message) ? { ...message, data } : message);
  const read = store.look.read.bind(store.look);
  store.look.read = async (entry) => {
    const message = await read(entry);
    return message && nested(message);
  };
  const claim = store.mail.claim.bind(store.mail);
  store.mail.claim = async (...args) => {
    const delivery = await claim(...args);
    return delivery && { ...delivery, message: nested(delivery.message) };
  };
}
