import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, test, type TestContext } from 'vitest';
import type { Clock } from '../../../src/model/clock.ts';
import { DreamosError, type ErrorCode } from '../../../src/model/errors.ts';
import type { WatchedEvent } from '../../../src/model/event.ts';
import { createIds, type Ids } from '../../../src/model/id.ts';
import type { Message } from '../../../src/model/message.ts';
import type { RetryPolicy } from '../../../src/model/settings.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import type { ClaimOptions, Delivery, Outgoing, Sent } from '../../../src/storage/port/mail.ts';
import type { Entry } from '../../../src/storage/port/look.ts';
import type { State } from '../../../src/model/state.ts';
import { type Time, times } from './time.ts';
import { changeAgentIn, newToken } from './ways.ts';

export interface MadeStore {
  readonly store: Store;
  /** A second handle on the same mail, as another process would have it. */
  another(): Promise<Store>;
  close(): Promise<void>;
}

export type MakeStore = (deps: { clock: Clock; ids: Ids }) => Promise<MadeStore>;

/** A store and more handles of the same mail, all ended together. */
export async function madeBy(open: () => Promise<Store>): Promise<MadeStore> {
  const opened: Store[] = [];
  const another = async (): Promise<Store> => {
    const store = await open();
    opened.push(store);
    return store;
  };
  const close = async (): Promise<void> => {
    for (const store of opened) await store.close();
  };
  return { store: await another(), another, close };
}

export const policy: RetryPolicy = { maxAttempts: 5, backoffMinMs: 1000, backoffMaxMs: 300_000 };
/** A lease that no test sees the end of, unless it passes it on a clock that stands still. */
export const leaseMs = 60_000;
/** Long enough for a few calls on a busy machine, and short enough to be waited for. */
export const briefMs = 1000;

type Body<Given extends unknown[] = []> = (...given: Given) => Promise<void>;

interface Declare {
  (name: string, body: Body): void;
  for<const T>(cases: readonly T[]): (name: string, body: Body<[T]>) => void;
}

/** What one test has for itself. */
interface Scene {
  readonly time: Time;
  readonly ids: Ids;
  readonly made: MadeStore[];
  store?: Store;
}

/** A fresh store for each test, with the mailboxes ann, bob and Cy, and the few phrases that the tests are told in. */
export class Rig {
  readonly test: Declare;
  /** For a test of an exact moment, of hours and days, or of a clock that steps back: skipped on real time. */
  readonly onStillClock: Declare;
  readonly #makeStore: MakeStore;
  readonly #time: keyof typeof times;
  // Tests may run at the same time, and each finds its own.
  readonly #scenes = new AsyncLocalStorage<Scene>();

  constructor(makeStore: MakeStore, time: keyof typeof times) {
    this.#makeStore = makeStore;
    this.#time = time;
    this.test = this.#declare(test);
    this.onStillClock = this.#declare(test.skipIf(time === 'real'));
  }

  #declare(declare: typeof test.skip): Declare {
    const inScene = async (context: TestContext, body: Body): Promise<void> => {
      const made: MadeStore[] = [];
      context.onTestFinished(async () => {
        for (const one of made) await one.close();
      });
      await this.#scenes.run({ time: times[this.#time](), ids: createIds(), made }, async () => {
        this.store = (await this.elsewhere()).store;
        await body();
      });
    };
    return Object.assign((name: string, body: Body): void => declare(name, (context) => inScene(context, body)), {
      for:
        <const T>(cases: readonly T[]) =>
        (name: string, body: Body<[T]>): void =>
          declare.for(cases)(name, (one, context) => inScene(context, () => body(one))),
    });
  }

  get #scene(): Scene {
    const scene = this.#scenes.getStore();
    if (!scene) throw new Error('This is only there inside a test of this rig.');
    return scene;
  }

  get store(): Store {
    const { store } = this.#scene;
    if (!store) throw new Error('There is no store yet.');
    return store;
  }

  set store(store: Store) {
    this.#scene.store = store;
  }

  get ids(): Ids {
    return this.#scene.ids;
  }

  now(): number {
    return this.#scene.time.clock.now();
  }

  pass(ms: number): Promise<void> {
    return this.#scene.time.pass(ms);
  }

  around<T extends number | string>(time: T): T {
    return this.#scene.time.around(time);
  }

  /** Another root, which shares nothing but the time with the first. */
  async elsewhere(): Promise<MadeStore> {
    const { time, ids, made } = this.#scene;
    const one = await this.#makeStore({ clock: time.clock, ids });
    made.push(one);
    for (const name of ['ann', 'bob', 'Cy']) await register(one.store, name, time.clock);
    return one;
  }

  async another(): Promise<Store> {
    const [first] = this.#scene.made;
    if (!first) throw new Error('There is no store yet.');
    return first.another();
  }

  message(fields: Partial<Message> = {}): Message {
    return messageOf(this.ids, this.now(), fields);
  }

  outgoing(fields: Partial<Message> = {}, more: Partial<Outgoing> = {}): Outgoing {
    const message = this.message(fields);
    return { message, mailboxes: message.to, ...more };
  }

  /** Sends one message to bob, or to whom the fields say, and expects that it went well. */
  async send(fields: Partial<Message> = {}, more: Partial<Outgoing> = {}): Promise<Sent> {
    return accepted(await this.store.mail.send([this.outgoing(fields, more)], { durability: 'relaxed' }));
  }

  async claim(options: Partial<ClaimOptions> = {}, store: Store = this.store): Promise<Delivery | undefined> {
    return store.mail.claim('bob', { token: newToken(), leaseMs, policy, ...options });
  }

  async mustClaim(options: Partial<ClaimOptions> = {}, store: Store = this.store): Promise<Delivery> {
    const delivery = await this.claim(options, store);
    if (!delivery) throw new Error('There was nothing to claim.');
    return delivery;
  }

  /** Recovers what is due, however little a store moves at a time. */
  async recover(mailbox = 'bob', store: Store = this.store): Promise<number> {
    let moved = 0;
    for (let round = 0; round < 1000; round++) {
      const recovered = await store.mail.recover(mailbox, policy);
      moved += recovered.moved;
      if (recovered.moved === 0) return moved;
    }
    throw new Error('The store never finishes recovering.');
  }

  /** Claims and acks until nothing is ready, and says what came, in order. */
  async drain(): Promise<string[]> {
    const bodies: string[] = [];
    for (let delivery = await this.claim(); delivery; delivery = await this.claim()) {
      bodies.push(delivery.message.body);
      await this.store.mail.ack(delivery.receipt, {});
    }
    return bodies;
  }

  async entries(state: State, mailbox = 'bob', store: Store = this.store): Promise<Entry[]> {
    const entries: Entry[] = [];
    for await (const entry of store.look.list(mailbox, state)) entries.push(entry);
    return entries;
  }

  async only(state: State, mailbox = 'bob'): Promise<Entry> {
    const entries = await this.entries(state, mailbox);
    expect(entries).toHaveLength(1);
    return entries[0] as Entry;
  }

  async events(
    of: readonly string[] | 'all' = ['bob'],
    from?: string,
    store: Store = this.store,
  ): Promise<WatchedEvent[]> {
    const mailboxes = of === 'all' ? undefined : of;
    const all: WatchedEvent[] = [];
    let cursor = from ?? (await store.journal.cursor(mailboxes, 'start'));
    for (;;) {
      const batch = await store.journal.readEvents(mailboxes, cursor);
      all.push(...batch.events);
      if (batch.events.length === 0) return all;
      cursor = batch.cursor;
    }
  }

  async eventNames(): Promise<string[]> {
    return (await this.events()).map((event) => event.event);
  }
}

async function register(store: Store, name: string, clock: Clock): Promise<void> {
  await changeAgentIn(store, name, (card) => card ?? { name, createdAt: new Date(clock.now()).toISOString() });
}

export function accepted(results: readonly (Sent | DreamosError)[]): Sent {
  expect(results).toHaveLength(1);
  const [result] = results;
  if (!result) throw new Error('There is no result.');
  if (result instanceof DreamosError) throw result;
  return result;
}

/** What a promise was refused with; a fulfilled one fails the test. */
export async function refusal(promise: Promise<unknown>): Promise<DreamosError> {
  const error: unknown = await promise.then(
    (value) => {
      throw new Error(`Expected a refusal, got ${JSON.stringify(value)}.`);
    },
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DreamosError);
  return error as DreamosError;
}

/** `done`, or the code of what it was refused with. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'done';
  } catch (error) {
    return error instanceof DreamosError ? error.code : String(error);
  }
}

export async function expectRefusal(promise: Promise<unknown>, code: ErrorCode): Promise<void> {
  expect((await refusal(promise)).code).toBe(code);
}

/** From ann to bob, unless the fields say otherwise. */
export function messageOf(ids: Ids, nowMs: number, fields: Partial<Message> = {}): Message {
  return {
    v: 1,
    id: ids.next(nowMs),
    from: 'ann',
    to: ['bob'],
    subject: '',
    body: 'hello',
    type: 'message',
    priority: 'normal',
    thread: null,
    replyTo: null,
    tags: [],
    data: null,
    createdAt: new Date(nowMs).toISOString(),
    expiresAt: null,
    dedupeKey: null,
    ...fields,
  };
}
