import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Message } from '../../../src/model/message.ts';
import type { Entry } from '../../../src/storage/port/look.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import { accepted, leaseMs, policy } from '../../storage/contract/rig.ts';
import { Killed, killedAt, killedBehind } from '../../storage/file/disks.ts';
import { census, collect, drain, inspected, makeRoom, only, recoverAll, type Room } from '../../storage/file/room.ts';
import { changeAgentIn, newToken } from '../../storage/contract/ways.ts';
import type { State } from '../../../src/model/state.ts';

// A process is killed in front of its first change of the disk, its second, and so on, until it lives to the end of what it
// does. After each, another process comes to the same root.

interface After {
  readonly room: Room;
  /** Another process's store. */
  readonly store: Store;
  /** What the operation answered; `undefined`: killed before it could. */
  readonly answer: unknown;
  readonly where: Map<string, State[]>;
}

interface Story {
  readonly names?: readonly string[];
  arrange?(room: Room, store: Store): Promise<unknown>;
  act(room: Room, store: Store, arranged: unknown): Promise<unknown>;
  check(after: After, arranged: unknown): void | Promise<void>;
}

const mostKills = 400;

async function expectAfterEachKill(story: Story): Promise<void> {
  for (let n = 1; n <= mostKills; n++) {
    const room = makeRoom(story.names);
    const arranged = await story.arrange?.(room, await room.open());
    const { disk, killed } = killedAt(n);
    const doomed = await room.open(disk);
    let answer: unknown;
    try {
      answer = await story.act(room, doomed, arranged);
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
    const store = await room.open();
    await recoverAll(room, store);
    try {
      const where = await census(room, store);
      for (const [message, states] of where) expect(states, message).toHaveLength(1);
      await story.check({ room, store, answer, where }, arranged);
      await endsClean(room);
    } catch (error) {
      throw new Error(`killed in front of change ${n}: ${(error as Error).message}`, { cause: error });
    }
    if (!killed()) {
      // Otherwise nothing was killed, and nothing shown.
      expect(n).toBeGreaterThan(1);
      return;
    }
  }
  throw new Error('The operation never came to its end.');
}

/** Two days later everything that was left behind is old, one repair takes it away, and loses nothing. */
async function endsClean(room: Room): Promise<void> {
  room.clock.advance(2 * 86_400_000 + 1000);
  const store = await room.open();
  await recoverAll(room, store);
  const before = await census(room, store);
  await inspected(store, true);
  expect(await inspected(store, true)).toEqual([]);
  expect(await inspected(store, false)).toEqual([]);
  expect(await census(room, store)).toEqual(before);
}

/** A message that was sent is in each of its mailboxes once; one that was not is in none; told success means sent. */
function allOrNone({ where, answer }: After, groups: readonly (readonly string[])[]): void {
  for (const group of groups) {
    const present = group.filter((key) => where.has(key));
    if (present.length > 0 || answer !== undefined) expect(present).toEqual(group);
  }
  expect([...where.keys()].filter((key) => !groups.flat().includes(key))).toEqual([]);
}

/** The message is in one of these states, and in the last one if the operation came to its end. */
function isIn({ where, answer }: After, key: string, states: readonly State[]): void {
  const [state] = where.get(key) ?? [];
  expect(states).toContain(state);
  if (answer !== undefined) expect(state).toBe(states.at(-1));
}

const five = ['ann', 'bob', 'cy', 'dan', 'eve'];

test('a send to one mailbox is in it once or not at all', () =>
  expectAfterEachKill({
    async act(room, store) {
      return accepted(
        await store.mail.send([room.outgoing({ id: '01KAGZ0000000000000000000A' })], { durability: 'full' }),
      );
    },
    check: (after) => allOrNone(after, [['bob 01KAGZ0000000000000000000A']]),
  }));

test('a delayed send is there once or not at all', () =>
  expectAfterEachKill({
    arrange: (room) => Promise.resolve(room.message()),
    async act(room, store, message) {
      const outgoing = { message: message as never, mailboxes: ['bob'], dueAt: room.clock.now() + 5000 };
      return accepted(await store.mail.send([outgoing], { durability: 'full' }));
    },
    check: (after, message) => allOrNone(after, [[`bob ${(message as { id: string }).id}`]]),
  }));

test('of a batch over several mailboxes, priorities and times, each message is there once or not at all', () =>
  expectAfterEachKill({
    names: ['ann', 'bob', 'cy'],
    arrange: (room) =>
      Promise.resolve(
        Array.from({ length: 10 }, (_, i) =>
          room.outgoing(
            { to: [['ann', 'bob', 'cy'][i % 3] ?? ''], priority: i % 2 === 0 ? 'normal' : 'high' },
            i % 5 === 0 ? { dueAt: room.clock.now() + 1000 } : {},
          ),
        ),
      ),
    async act(_, store, batch) {
      const results = await store.mail.send(batch as never, { durability: 'full' });
      for (const result of results) expect(result).not.toBeInstanceOf(Error);
      return results;
    },
    check: (after, batch) =>
      allOrNone(
        after,
        (batch as { message: { id: string }; mailboxes: string[] }[]).map(({ message, mailboxes }) => [
          `${mailboxes[0]} ${message.id}`,
        ]),
      ),
  }));

test('a broadcast to five is in each of the five mailboxes once, or in none', () =>
  expectAfterEachKill({
    names: five,
    arrange: (room) => Promise.resolve(room.outgoing({ to: five })),
    async act(_, store, outgoing) {
      return accepted(await store.mail.send([outgoing as never], { durability: 'full' }));
    },
    check: (after, outgoing) =>
      allOrNone(after, [five.map((name) => `${name} ${(outgoing as { message: { id: string } }).message.id}`)]),
  }));

test.for([[[]], [['ann', 'bob', 'cy']]])(
  'a publish with the subscribers %s is in the log and with each of them once, or nowhere',
  ([to = []]) =>
    expectAfterEachKill({
      names: five,
      arrange: (room) => Promise.resolve(room.message({ to: [], topic: 'build.done' })),
      async act(_, store, message) {
        const mailboxes = ['#build.done', ...to];
        return accepted(await store.mail.send([{ message: message as Message, mailboxes }], { durability: 'full' }));
      },
      async check(after, message) {
        const { id } = message as Message;
        allOrNone(after, [['#build.done', ...to].map((name) => `${name} ${id}`)]);
        if (after.where.size > 0) expect(await after.store.look.listTopics()).toEqual(['build.done']);
      },
    }),
);

test('a publish under a key that is repeated after the kill, with another subscriber, is there once', () =>
  expectAfterEachKill({
    names: five,
    async act(room, store) {
      const message = room.message({ to: [], topic: 'build.done', dedupeKey: 'k' });
      return accepted(await store.mail.send([{ message, mailboxes: ['#build.done', 'bob'] }], { durability: 'full' }));
    },
    async check({ room, store, where }) {
      expect([0, 2]).toContain(where.size);
      const message = room.message({ to: [], topic: 'build.done', dedupeKey: 'k' });
      const mailboxes = ['#build.done', 'bob', 'cy'];
      const { id } = accepted(await (await room.open()).mail.send([{ message, mailboxes }], { durability: 'full' }));
      const now = await census(room, store);
      const got = [...now.keys()].sort();
      // The first one's subscribers, if it got so far; else those of the repeat.
      expect([['#build.done', 'bob'], mailboxes].map((names) => names.map((name) => `${name} ${id}`))).toContainEqual(
        got,
      );
      for (const states of now.values()) expect(states).toHaveLength(1);
    },
  }));

test('a prune that is cut off leaves what is young, and ends when it is repeated', () =>
  expectAfterEachKill({
    async arrange(room, store) {
      const publish = async (): Promise<string> => {
        const message = room.message({ to: [], topic: 'build.done' });
        return accepted(await store.mail.send([{ message, mailboxes: ['#build.done'] }], { durability: 'full' })).id;
      };
      for (let i = 0; i < 3; i++) await publish();
      room.clock.advance(3 * 86_400_000);
      return publish();
    },
    act: (room, store) => store.upkeep!.prune('#build.done', room.clock.now() - 86_400_000, { dryRun: false }),
    async check({ room, store, where, answer }, young) {
      expect([...where.keys()]).toContain(`#build.done ${young as string}`);
      if (answer !== undefined) expect(where.size).toBe(1);
      await store.upkeep!.prune('#build.done', room.clock.now() - 86_400_000, { dryRun: false });
      expect([...(await census(room, store)).keys()]).toEqual([`#build.done ${young as string}`]);
    },
  }));

test.for([['bob'], ['bob', 'cy', 'dan']])('a keyed send to %s that is repeated after the kill is there once', (to) =>
  expectAfterEachKill({
    names: five,
    act: async (room, store) =>
      accepted(await store.mail.send([room.outgoing({ to, dedupeKey: 'k' })], { durability: 'full' })),
    async check({ room, store, where }) {
      expect([0, to.length]).toContain(where.size);
      const again = await room.open();
      const repeated = accepted(await again.mail.send([room.outgoing({ to, dedupeKey: 'k' })], { durability: 'full' }));
      const now = await census(room, store);
      expect([...now.keys()].sort()).toEqual(to.map((name) => `${name} ${repeated.id}`));
      for (const states of now.values()) expect(states).toHaveLength(1);
      const third = accepted(await again.mail.send([room.outgoing({ to, dedupeKey: 'k' })], { durability: 'full' }));
      expect(third).toMatchObject({ id: repeated.id, duplicate: true });
      expect((await census(room, store)).size).toBe(to.length);
    },
  }),
);

async function sendOne(room: Room, store: Store, more: { dueAt?: number } = {}): Promise<string> {
  const [sent] = await store.mail.send([room.outgoing({}, more)], { durability: 'relaxed' });
  return (sent as { id: string }).id;
}

async function claimOne(room: Room, store: Store): Promise<{ id: string; receipt: string }> {
  const id = await sendOne(room, store);
  const delivery = await store.mail.claim('bob', { token: newToken(), leaseMs, policy });
  return { id, receipt: delivery?.receipt ?? '' };
}

test('a claim leaves the message ready or in flight, and it comes again', () =>
  expectAfterEachKill({
    arrange: sendOne,
    act: (_, store) => store.mail.claim('bob', { token: newToken(), leaseMs, policy }),
    async check(after, id) {
      isIn(after, `bob ${id as string}`, ['ready', 'inflight']);
      after.room.clock.advance(leaseMs + 1000);
      expect(await drain(await after.room.open())).toEqual(['hello']);
    },
  }));

const three = ['one', 'two', 'three'];

async function sendThree(room: Room, store: Store): Promise<string[]> {
  const batch = three.map((body, i) => room.outgoing({ body, ...(i > 0 && { orderingKey: `key ${i}` }) }));
  const sent = await store.mail.send(batch, { durability: 'relaxed' });
  return sent.map((one) => `bob ${accepted([one]).id}`);
}

async function claimThree(store: Store): Promise<string[]> {
  const taken = await store.mail.claimMany('bob', { tokens: three.map(newToken), leaseMs, policy });
  return taken.map(({ receipt }) => receipt);
}

test('claims in one step leave each message ready or in flight, and all of them come again', () =>
  expectAfterEachKill({
    arrange: sendThree,
    act: (_, store) => claimThree(store),
    async check(after, sent) {
      for (const one of sent as string[]) isIn(after, one, ['ready', 'inflight']);
      after.room.clock.advance(leaseMs + 1000);
      expect((await drain(await after.room.open())).sort()).toEqual(three.toSorted());
    },
  }));

test('acks in one step leave each message in flight or archived', () =>
  expectAfterEachKill({
    arrange: async (room, store) => ({ sent: await sendThree(room, store), receipts: await claimThree(store) }),
    act: (_, store, held) => store.mail.ackMany((held as { receipts: string[] }).receipts, {}),
    check(after, held) {
      for (const one of (held as { sent: string[] }).sent) isIn(after, one, ['inflight', 'archived']);
    },
  }));

interface Held {
  readonly id: string;
  readonly receipt: string;
}

test('an ack leaves the message in flight or archived', () =>
  expectAfterEachKill({
    arrange: claimOne,
    act: (_, store, held) => store.mail.ack((held as Held).receipt, {}),
    check: (after, held) => isIn(after, `bob ${(held as Held).id}`, ['inflight', 'archived']),
  }));

test('a renewal leaves the message in flight, and its first receipt good', () =>
  expectAfterEachKill({
    arrange: claimOne,
    act(room, store, held) {
      room.clock.advance(20_000);
      return store.mail.renew((held as Held).receipt, { leaseMs });
    },
    async check(after, held) {
      isIn(after, `bob ${(held as Held).id}`, ['inflight']);
      expect((await after.store.mail.ack((held as Held).receipt, {})).state).toBe('archived');
    },
  }));

test.for([
  ['ready', { delayMs: 0 }],
  ['delayed', { delayMs: 5000 }],
  ['delayed', { free: true }],
  ['dead', { dead: true, reason: 'no good' }],
] as const)('a nack leaves the message in flight or %s', ([state, options]) =>
  expectAfterEachKill({
    arrange: claimOne,
    act: (_, store, held) => store.mail.nack((held as Held).receipt, { policy, ...options }),
    async check(after, held) {
      isIn(after, `bob ${(held as Held).id}`, ['inflight', state]);
      for (const [, [now]] of after.where) {
        if (now === 'dead')
          expect((await after.store.look.deadReason(await only(after.store, 'dead')))?.reason).toBe('no good');
      }
    },
  }),
);

interface Arranged {
  readonly entry: Entry;
  readonly second: string;
  readonly receipt: string;
}

test.for(['ready', 'delayed', 'inflight'] as const)(
  'a hand-over leaves what was %s there, or ready where it goes',
  (state) =>
    expectAfterEachKill({
      names: ['ann', 'bob'],
      async arrange(room, store) {
        for (let i = 0; i < 2; i++) {
          const outgoing = room.outgoing({ orderingKey: 'k' });
          accepted(await store.mail.send([outgoing], { durability: 'relaxed' }));
        }
        const [first, second] = await collect(store.look.list('bob', 'ready'));
        const delivery = await store.mail.claim('bob', { token: newToken(), leaseMs, policy });
        if (state !== 'inflight') {
          const delayMs = state === 'ready' ? 0 : 5000;
          await store.mail.nack(delivery?.receipt ?? '', { policy, delayMs });
        }
        const entries = await collect(store.look.list('bob', state));
        return { entry: entries.find(({ id }) => id === first?.id), second: second?.id, receipt: delivery?.receipt };
      },
      act: (_, store, arranged) => store.mail.handOver((arranged as Arranged).entry, 'ann', {}),
      async check({ room, store, where, answer }, arranged) {
        const { entry, second, receipt } = arranged as Arranged;
        const isOver = where.has(`ann ${entry.id}`);
        if (answer !== undefined) expect(isOver).toBe(true);
        expect(Object.fromEntries(where)).toEqual({
          [`bob ${second}`]: ['ready'],
          [`${isOver ? 'ann' : 'bob'} ${entry.id}`]: [isOver ? 'ready' : state],
        });
        const claimOf = (name: string) => store.mail.claim(name, { token: newToken(), leaseMs, policy });
        if (!isOver) return;
        if (state === 'inflight')
          await expect(store.mail.ack(receipt, {})).rejects.toMatchObject({ code: 'LEASE_LOST' });
        expect(await claimOf('ann')).toMatchObject({ attempt: 2, message: { id: entry.id } });
        // Whoever died may not have let go of its key, and nobody waits for that for long.
        room.clock.advance(2000);
        expect(await claimOf('bob')).toMatchObject({ message: { id: second } });
      },
    }),
);

test('recovering expired leases, last attempts and delayed messages loses and doubles none', () =>
  expectAfterEachKill({
    async arrange(room, store) {
      const ids: string[] = [];
      for (let i = 0; i < 3; i++) ids.push((await claimOne(room, store)).id);
      for (let i = 0; i < 2; i++) ids.push(await sendOne(room, store, { dueAt: room.clock.now() + 1000 }));
      room.clock.advance(leaseMs + 10_000);
      return ids;
    },
    act: (_, store) => store.mail.recover('bob', { ...policy, maxAttempts: 1 }),
    check({ where }, ids) {
      expect([...where.keys()].sort()).toEqual((ids as string[]).map((id) => `bob ${id}`).sort());
      for (const [state] of where.values()) expect(['ready', 'dead']).toContain(state);
    },
  }));

test('finishing the send of a process that died loses and doubles none', () =>
  expectAfterEachKill({
    names: five,
    async arrange(room) {
      const outgoing = room.outgoing({ to: five });
      const commit = room.layout.committed(outgoing.message.id);
      const sender = await room.open(killedBehind(({ to }) => to === commit));
      await expect(sender.mail.send([outgoing], { durability: 'full' })).rejects.toThrow(Killed);
      return outgoing.message.id;
    },
    act: (_, store) => store.mail.recover('eve', policy),
    check({ where }, id) {
      expect([...where.keys()].sort()).toEqual(five.map((name) => `${name} ${id as string}`));
    },
  }));

async function brought(room: Room, store: Store, state: 'ready' | 'dead' | 'archived'): Promise<unknown> {
  if (state === 'ready') await sendOne(room, store);
  else {
    const { receipt } = await claimOne(room, store);
    if (state === 'dead') await store.mail.nack(receipt, { policy, dead: true });
    else await store.mail.ack(receipt, {});
  }
  return only(store, state);
}

test.for([
  ['retry', 'dead', 'ready'],
  ['restore', 'archived', 'ready'],
  ['cancel', 'ready', 'archived'],
] as const)('%s leaves the message %s or %s', ([change, from, to]) =>
  expectAfterEachKill({
    arrange: (room, store) => brought(room, store, from),
    act: (_, store, entry) => store.mail[change](entry as never, {}),
    check: (after, entry) => isIn(after, `bob ${(entry as { id: string }).id}`, [from, to]),
  }),
);

test('a purge leaves the message dead or gone', () =>
  expectAfterEachKill({
    arrange: (room, store) => brought(room, store, 'dead'),
    act: (_, store, entry) => store.mail.purge(entry as never, {}).then(() => 'purged'),
    check({ where, answer }) {
      if (answer !== undefined) expect(where.size).toBe(0);
      else for (const [state] of where.values()) expect(state).toBe('dead');
    },
  }));

test.for(['archived', 'ready'] as const)('a deposit to %s that is repeated after the kill is there once', (to) =>
  expectAfterEachKill({
    arrange: (room) => Promise.resolve(room.message()),
    act: (room, store, message) => store.mail.deposit('bob', message as never, to, { at: room.clock.now() }),
    async check(after, message) {
      await after.store.mail.deposit('bob', message as never, to, { at: after.room.clock.now() });
      const { id } = message as { id: string };
      expect(await census(after.room, after.store)).toEqual(new Map([[`bob ${id}`, [to]]]));
    },
  }),
);

/** Two messages of one key, of which the first is in flight if it is asked for. */
async function pairOf(room: Room, store: Store, claimed: boolean): Promise<string> {
  for (const body of ['first', 'second']) {
    await store.mail.send([room.outgoing({ body, orderingKey: 'k' })], { durability: 'relaxed' });
  }
  return claimed ? ((await store.mail.claim('bob', { token: newToken(), leaseMs, policy }))?.receipt ?? '') : '';
}

/** Whatever was cut off, the key is not stuck: what is left of the two comes, one after the other, in order. */
async function pairComes({ room }: After, left: readonly (readonly string[])[]): Promise<void> {
  room.clock.advance(leaseMs + 1000);
  const bodies: string[] = [];
  const store = await room.open();
  for (;;) {
    const delivery = await store.mail.claim('bob', { token: newToken(), leaseMs, policy });
    if (!delivery) break;
    expect(await store.mail.claim('bob', { token: newToken(), leaseMs, policy })).toBeUndefined();
    bodies.push(delivery.message.body);
    await store.mail.ack(delivery.receipt, {});
  }
  expect(left).toContainEqual(bodies);
}

const both = ['first', 'second'];

test('a claim under an ordering key keeps the order, and frees the key in the end', () =>
  expectAfterEachKill({
    arrange: (room, store) => pairOf(room, store, false),
    act: (_, store) => store.mail.claim('bob', { token: newToken(), leaseMs, policy }),
    check: (after) => pairComes(after, [both]),
  }));

test('the claim of one that came back keeps the order, and frees the key in the end', () =>
  expectAfterEachKill({
    arrange: async (room, store) => store.mail.nack(await pairOf(room, store, true), { policy, delayMs: 0 }),
    act: (_, store) => store.mail.claim('bob', { token: newToken(), leaseMs, policy }),
    check: (after) => pairComes(after, [both]),
  }));

test.for([
  ['an ack', (store: Store, receipt: string) => store.mail.ack(receipt, {})],
  ['a last nack', (store: Store, receipt: string) => store.mail.nack(receipt, { policy, dead: true })],
] as const)('%s under an ordering key frees it in the end', ([, settle]) =>
  expectAfterEachKill({
    arrange: (room, store) => pairOf(room, store, true),
    act: (_, store, receipt) => settle(store, receipt as string),
    check: (after) => pairComes(after, after.answer === undefined ? [both, ['second']] : [['second']]),
  }),
);

test.for(['cancel', 'retry'] as const)('%s of one that has held its ordering key frees it in the end', (change) =>
  expectAfterEachKill({
    async arrange(room, store) {
      const receipt = await pairOf(room, store, true);
      await store.mail.nack(receipt, { policy, delayMs: 0, dead: change === 'retry' });
      return (await collect(store.look.list('bob', change === 'retry' ? 'dead' : 'ready')))[0];
    },
    act: (_, store, entry) => store.mail[change](entry as never, {}),
    check: (after) => pairComes(after, [both, ['second']]),
  }),
);

test('registering an agent can be repeated after the kill', () =>
  expectAfterEachKill({
    names: ['ann', 'bob', 'new'],
    arrange(room) {
      rmSync(room.at('new').dir, { recursive: true });
      return Promise.resolve();
    },
    act: (_, store) =>
      changeAgentIn(store, 'new', (card) => card ?? { name: 'new', createdAt: '2026-11-20T09:00:00.000Z' }),
    async check({ room, store, answer }) {
      if (answer !== undefined) expect(await store.documents.getAgent('new')).toEqual(answer);
      const card = { name: 'new', createdAt: '2026-11-20T10:00:00.000Z', description: 'again' };
      expect(await changeAgentIn(store, 'new', () => card)).toEqual(card);
      expect(await store.documents.getAgent('new')).toEqual(card);
      const [sent] = await store.mail.send([room.outgoing({ to: ['new'] })], { durability: 'full' });
      expect(sent).toMatchObject({ state: 'ready' });
    },
  }));

test('adopting what scripts have handed in loses and doubles none', () =>
  expectAfterEachKill({
    arrange(room) {
      for (let i = 0; i < 3; i++) writeFileSync(`${room.at('bob').drop}/${i}.json`, `{"from":"script","body":"b${i}"}`);
      return Promise.resolve();
    },
    act: (_, store) => store.mail.recover('bob', policy),
    async check({ room, where }) {
      expect(where.size).toBe(3);
      expect((await drain(await room.open())).sort()).toEqual(['b0', 'b1', 'b2']);
    },
  }));

test('putting a corrupt message aside keeps its bytes once', () =>
  expectAfterEachKill({
    async arrange(room, store) {
      await sendOne(room, store);
      const entry = await only(store, 'ready');
      writeFileSync(`${room.at('bob').dir}/${entry.key}`, '{"cut":');
      await sendOne(room, store);
    },
    act: (_, store) => store.mail.claim('bob', { token: newToken(), leaseMs, policy }),
    async check({ room, where }) {
      room.clock.advance(leaseMs + 1000);
      const store = await room.open();
      expect(await drain(store)).toEqual(['hello']);
      expect((await store.look.counts('bob')).corrupt).toBe(1);
      expect(where.size).toBeGreaterThan(0);
    },
  }));

const waitMs = 30_000;
const requestId = '01KAGZ0000000000000000000Q';

/** ann asks and waits in an inbox. */
async function ask(room: Room, store: Store): Promise<string> {
  await store.mail.openInbox('ann', requestId, room.clock.now() + waitMs);
  return requestId;
}

function answerOf(room: Room, more: object = {}) {
  return room.outgoing({ from: 'bob', to: ['ann'], replyTo: requestId, ...more });
}

const takeAnswer = (store: Store) => store.mail.claim('ann', { token: newToken(), leaseMs, policy, inbox: requestId });

test('opening an inbox can be cut off anywhere: the answer is in it or ordinary mail', () =>
  expectAfterEachKill({
    act: (room, store) => ask(room, store),
    async check({ room, store, answer }) {
      accepted(await store.mail.send([answerOf(room)], { durability: 'full' }));
      const got = await takeAnswer(store);
      if (answer !== undefined) expect(got?.message.body).toBe('hello');
      if (got) await store.mail.ack(got.receipt, {});
      else expect(await drain(store, 'ann')).toEqual(['hello']);
      expect(await drain(store, 'ann')).toEqual([]);
    },
  }));

test.for([{}, { dedupeKey: 'k' }, { to: ['ann', 'bob'] }])(
  'an answer (%o) to an open request is in its inbox once or not at all, and ready when that closes',
  (more) =>
    expectAfterEachKill({
      arrange: ask,
      act: async (room, store) => accepted(await store.mail.send([answerOf(room, more)], { durability: 'full' })),
      async check({ room, store, answer }) {
        const delayed = await collect(store.look.list('ann', 'delayed'));
        expect(delayed.length).toBeLessThanOrEqual(1);
        if (answer !== undefined) expect(delayed.length).toBe(1);
        expect(await drain(store, 'ann')).toEqual([]);
        room.clock.advance(waitMs);
        expect(await drain(await room.open(), 'ann')).toEqual(delayed.map(() => 'hello'));
      },
    }),
);

test('adopting an answer that a script handed in puts it into the inbox once', () =>
  expectAfterEachKill({
    async arrange(room, store) {
      await ask(room, store);
      writeFileSync(`${room.at('ann').drop}/a.json`, `{"from":"bob","body":"by hand","replyTo":"${requestId}"}`);
    },
    act: (_, store) => store.mail.recover('ann', policy),
    async check({ store, where }) {
      expect([...where.values()]).toEqual([['delayed']]);
      expect((await takeAnswer(store))?.message.body).toBe('by hand');
    },
  }));

async function answers(room: Room, store: Store): Promise<string[]> {
  await ask(room, store);
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) ids.push(accepted(await store.mail.send([answerOf(room)], { durability: 'full' })).id);
  return ids;
}

test.for(['closeInbox', 'recover'] as const)('closing an inbox (%s) loses and doubles no answer', (way) =>
  expectAfterEachKill({
    async arrange(room, store) {
      const ids = await answers(room, store);
      if (way === 'recover') room.clock.advance(waitMs);
      return ids;
    },
    act: (_, store) =>
      way === 'recover' ? store.mail.recover('ann', policy) : store.mail.closeInbox('ann', requestId),
    async check(after, ids) {
      const { where, answer, room } = after;
      expect([...where.keys()].sort()).toEqual((ids as string[]).map((id) => `ann ${id}`).sort());
      for (const [state] of where.values()) expect(['delayed', 'ready']).toContain(state);
      if (answer !== undefined) for (const states of where.values()) expect(states).toEqual(['ready']);
      room.clock.advance(waitMs);
      expect((await drain(await room.open(), 'ann')).length).toBe(3);
    },
  }),
);

test('taking an answer leaves it in the inbox or in flight, and it comes again', () =>
  expectAfterEachKill({
    arrange: async (room, store) => (await answers(room, store))[0],
    act: (_, store) => takeAnswer(store),
    async check({ where, answer, room }, id) {
      const [state] = where.get(`ann ${id as string}`) ?? [];
      expect(['delayed', 'inflight']).toContain(state);
      if (answer !== undefined) expect(state).toBe('inflight');
      room.clock.advance(leaseMs + waitMs);
      expect((await drain(await room.open(), 'ann')).length).toBe(3);
    },
  }));

const dayMs = 86_400_000;

/** A message alone in its file, two of a batch, and one that a script handed in: finished yesterday. */
async function finished(room: Room, store: Store): Promise<string[]> {
  await sendOne(room, store);
  await store.mail.send([room.outgoing(), room.outgoing()], { durability: 'relaxed' });
  writeFileSync(`${room.at('bob').drop}/script.json`, '{\n  "from": "script",\n  "body": "hello"\n}');
  await recoverAll(room, store);
  expect(await drain(store)).toHaveLength(4);
  room.clock.advance(dayMs);
  return (await collect(store.look.list('bob', 'archived'))).map(({ id }) => id).sort();
}

async function packed(room: Room, store: Store): Promise<string[]> {
  const ids = await finished(room, store);
  await packAll(store);
  expect(readdirSync(room.at('bob').archive)).toHaveLength(1);
  return ids;
}

const packAll = (store: Store): Promise<unknown[]> =>
  collect(store.upkeep!.packArchive('bob', { beforeDay: '9999-01-01', dryRun: false }));

/** Every one of them archived once, whole, and counted once. */
async function expectArchived(store: Store, ids: readonly string[]): Promise<void> {
  const entries = await collect(store.look.list('bob', 'archived'));
  expect(entries.map(({ id }) => id).sort()).toEqual(ids);
  for (const entry of entries) expect((await store.look.read(entry))?.body).toBe('hello');
  for (const id of ids) expect(await store.look.find(id)).toMatchObject([{ state: 'archived' }]);
  expect((await store.look.counts('bob')).archived).toBe(ids.length);
}

test('packing a day leaves each of its messages archived once, and what was cut off is finished by the next', () =>
  expectAfterEachKill({
    arrange: finished,
    act: (_, store) => packAll(store),
    async check({ room, store }, ids) {
      await expectArchived(store, ids as string[]);
      await packAll(await room.open());
      await expectArchived(store, ids as string[]);
      expect(readdirSync(room.at('bob').archive)).toHaveLength(1);
    },
  }));

test('restoring a packed message leaves it archived or ready, whatever is restored or packed next', () =>
  expectAfterEachKill({
    arrange: packed,
    act: async (_, store, ids) => {
      const [entry] = await store.look.find((ids as string[])[1] ?? '');
      return store.mail.restore(entry as never, {});
    },
    async check(after, ids) {
      const { room, store, where } = after;
      const id = (ids as string[])[1] ?? '';
      const others = (ids as string[]).filter((other) => other !== id);
      isIn(after, `bob ${id}`, ['archived', 'ready']);
      const isReady = where.get(`bob ${id}`)?.[0] === 'ready';
      await expectArchived(store, isReady ? others : (ids as string[]));
      await packAll(await room.open());
      await expectArchived(store, isReady ? others : (ids as string[]));
      const [entry] = await store.look.find(id);
      if (!isReady) await store.mail.restore(entry as never, {});
      expect(await drain(await room.open())).toEqual(['hello']);
      expect(await census(room, store)).toEqual(new Map((ids as string[]).map((one) => [`bob ${one}`, ['archived']])));
    },
  }));

test('pruning packs, marks and plain days leaves what is not gone as it was, and the next one ends it', () =>
  expectAfterEachKill({
    async arrange(room, store) {
      const ids = await packed(room, store);
      const [entry] = await store.look.find(ids[0] ?? '');
      await store.mail.restore(entry as never, {});
      expect(await drain(store)).toHaveLength(1);
      await finished(room, store);
      return ids[0];
    },
    act: (_, store) => collect(store.upkeep!.pruneArchive('bob', { fromDay: '9999-01-01', dryRun: false })),
    async check({ room, store, where }) {
      for (const [state] of where.values()) expect(state).toBe('archived');
      expect((await store.look.counts('bob')).archived).toBe(where.size);
      await collect((await room.open()).upkeep!.pruneArchive('bob', { fromDay: '9999-01-01', dryRun: false }));
      expect(readdirSync(room.at('bob').archive)).toEqual([]);
    },
  }));

test('keeping house loses and doubles none', () =>
  expectAfterEachKill({
    async arrange(room, store) {
      const ids = await finished(room, store);
      await room
        .open()
        .then((other) => other.mail.send([room.outgoing({ dedupeKey: 'k' })], { durability: 'relaxed' }));
      const outgoing = room.outgoing({}, { expiresAt: new Map([['bob', room.clock.now() + 1000]]) });
      await store.mail.send([outgoing], { durability: 'relaxed' });
      room.clock.advance(4 * dayMs);
      return { ids, expired: outgoing.message.id };
    },
    async act(_, store) {
      await store.upkeep!.sweepExpired('bob', { dryRun: false });
      await packAll(store);
      await collect(store.upkeep!.pruneEvents('bob', { fromDay: '9999-01-01', dryRun: false }));
      return store.upkeep!.sweepKeys({ dryRun: false }).then(() => 'done');
    },
    async check({ store, where, answer }, arranged) {
      const { ids, expired } = arranged as { ids: string[]; expired: string };
      await expectArchived(store, ids);
      expect(where.size).toBe(ids.length + 2);
      if (answer !== undefined) expect(where.get(`bob ${expired}`)).toEqual(['dead']);
    },
  }));
