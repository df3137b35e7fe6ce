import { afterEach, beforeAll } from 'vitest';
import { systemClock } from '../../../src/model/clock.ts';
import { createIds } from '../../../src/model/id.ts';
import type { Message } from '../../../src/model/message.ts';
import type { PlaceToOpen } from '../../../src/storage/engine/place.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import { initRedisStore, openRedisStore } from '../../../src/storage/redis/open.ts';
import { demand, type Lack } from '../../lack.ts';
import { messageOf } from '../contract/rig.ts';
import { changeAgentIn } from '../contract/ways.ts';
import { startServer, type TestServer } from './server.ts';

const ids = createIds();

export interface Root {
  readonly id: string;
  /** A handle of its own, by this address or another. */
  open(more?: Partial<PlaceToOpen> & { readonly patienceMs?: number }): Promise<Store>;
  close(): Promise<void>;
  readonly warnings: string[];
}

/** A root with the mailboxes ann and bob. */
export async function makeRoot(address: string, how: Partial<PlaceToOpen> = {}): Promise<Root> {
  const id = ids.next(Date.now());
  const warnings: string[] = [];
  const deps = { clock: systemClock, ids, warn: (one: string) => void warnings.push(one) };
  await initRedisStore({ address, ...how, id }, { ...deps, patienceMs: 20_000 });
  const opened: Store[] = [];
  const open: Root['open'] = async ({ patienceMs = 2000, ...more } = {}) => {
    const store = await openRedisStore({ address, ...how, id, ...more }, { ...deps, patienceMs });
    opened.push(store);
    return store;
  };
  const store = await open();
  for (const name of ['ann', 'bob'])
    await changeAgentIn(store, name, (card) => card ?? { name, createdAt: new Date().toISOString() });
  const close = async (): Promise<void> => {
    for (const one of opened) await one.close();
  };
  return { id, open, close, warnings };
}

/** The servers and roots of each test of a `describe`, which end with it; so does what is put into `started`. */
export function useServers(lack: Lack | undefined): {
  readonly started: { close(): Promise<void> }[];
  serve(options?: readonly string[]): Promise<TestServer>;
  root(...args: Parameters<typeof makeRoot>): Promise<Root>;
} {
  const started: { close(): Promise<void> }[] = [];
  beforeAll(() => demand(lack));
  afterEach(async () => {
    for (const one of started.splice(0).reverse()) await one.close();
  });
  const kept = async <T extends { close(): Promise<void> }>(making: Promise<T>): Promise<T> => {
    const made = await making;
    started.push(made);
    return made;
  };
  return {
    started,
    serve: (options) => kept(startServer(options)),
    root: (...args) => kept(makeRoot(...args)),
  };
}

/** From ann to bob. */
export const mail = (fields: Partial<Message> = {}): Message => messageOf(ids, Date.now(), fields);

export async function kindsIn(store: Store, mailbox = 'bob'): Promise<string[]> {
  const kinds: string[] = [];
  for (let cursor = await store.journal.cursor([mailbox], 'start'); ;) {
    const batch = await store.journal.readEvents([mailbox], cursor);
    if (batch.events.length === 0) return kinds;
    kinds.push(...batch.events.map(({ event, id }) => `${event} ${id}`));
    cursor = batch.cursor;
  }
}
