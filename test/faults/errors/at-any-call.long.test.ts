import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { DreamosError } from '../../../src/model/errors.ts';
import { nodeDisk } from '../../../src/storage/file/disk/node-disk.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import { accepted, leaseMs, policy } from '../../storage/contract/rig.ts';
import { changes, type DiskCall, diskFailure, Killed, killedBehind, watchedDisk } from '../../storage/file/disks.ts';
import { census, drain, inspected, makeRoom, only, recoverAll, type Room } from '../../storage/file/room.ts';
import { scratch } from '../../scratch.ts';
import type { Entry } from '../../../src/storage/port/look.ts';
import type { Delivery, Outgoing, Sent, Settled } from '../../../src/storage/port/mail.ts';
import { newToken } from '../../storage/contract/ways.ts';
import type { State } from '../../../src/model/state.ts';

// Each call to the disk in turn fails: once, or from then on (as after the kernel has made a file system read-only).

interface Failing {
  readonly store: Store;
  readonly room: Room;
  /** What failed; `undefined`: the operation was over before that. */
  failed(): DiskCall | undefined;
  /** The disk is in order again. */
  mend(): void;
}

type Way = 'once' | 'from then on';

async function failing(room: Room, n: number, way: Way): Promise<Failing> {
  let count = 0;
  let mended = false;
  let failed: DiskCall | undefined;
  const disk = watchedDisk((call) => {
    // A dying disk can still be read; what is looked at is an error of its own only once.
    if (mended || (way === 'from then on' && !changes(call))) return;
    count++;
    if (way === 'once' ? count !== n : count < n) return;
    failed ??= call;
    throw diskFailure(call);
  });
  return {
    room,
    store: await room.open(disk),
    failed: () => failed,
    mend: () => {
      mended = true;
    },
  };
}

interface Story {
  readonly names?: readonly string[];
  arrange?(room: Room, store: Store): Promise<unknown>;
  act(failing: Failing, arranged: unknown): Promise<unknown>;
  /** `answer` is what the operation answered or was refused with. */
  check(answer: unknown, failing: Failing, arranged: unknown): Promise<void>;
}

async function expectAtEachFailure(story: Story, way: Way): Promise<void> {
  for (let n = 1; n < 400; n++) {
    const room = makeRoom(story.names);
    const arranged = await story.arrange?.(room, await room.open());
    const at = await failing(room, n, way);
    const answer: unknown = await story.act(at, arranged).catch((error: unknown) => error);
    const failed = at.failed();
    at.mend();
    try {
      if (answer instanceof Error) {
        expect(answer).toBeInstanceOf(DreamosError);
        expect(answer).toMatchObject({ kind: 'disk' });
      }
      await story.check(answer, at, arranged);
      for (const [message, states] of await census(room, at.store)) expect(states, message).toHaveLength(1);
    } catch (error) {
      const what = `${failed?.method} ${failed?.path.slice(room.root.length)} (call ${n})`;
      throw new Error(`${what} fails ${way}: ${(error as Error).message}`, { cause: error });
    }
    if (!failed) {
      expect(n).toBeGreaterThan(1);
      return;
    }
    if (failed.method === 'append' || failed.method === 'touch') {
      // They only tell, so they are no reason to fail. (Where more failed, more may follow.)
      if (way === 'once') expect(answer).not.toBeInstanceOf(Error);
      expect(room.warnings).not.toEqual([]);
    }
  }
  throw new Error('The operation never came to its end.');
}

/** Said to be sent: everywhere once. Refused: nowhere. Uncertain: with its id. And the same store works again. */
async function honest(results: readonly (Sent | DreamosError)[], { room, store }: Failing, sent: readonly Outgoing[]) {
  await recoverAll(room, await room.open());
  const where = await census(room, await room.open());
  for (const [i, { message, mailboxes }] of sent.entries()) {
    const result = results[i];
    const present = mailboxes.filter((name) => where.has(`${name} ${message.id}`));
    if (!(result instanceof DreamosError)) expect(present, 'said to be sent').toEqual(mailboxes);
    else if (result.code === 'DISK_FAILED') expect(present, 'said to have failed').toEqual([]);
    else {
      expect(result.code).toBe('SEND_UNCERTAIN');
      expect(result.message).toContain(message.id);
      expect(present, 'said to be uncertain').toEqual(mailboxes);
    }
  }
  const again = sent.map(({ message, mailboxes, ...rest }) => ({
    message: { ...message, id: room.ids.next(room.clock.now()) },
    mailboxes,
    ...rest,
  }));
  for (const result of await store.mail.send(again, { durability: 'full' })) expect(result).not.toBeInstanceOf(Error);
  await recoverAll(room, store);
  const after = await census(room, store);
  const keyed = sent.some(({ message }) => message.dedupeKey !== null);
  for (const { message, mailboxes } of keyed ? [] : again) {
    for (const name of mailboxes) expect(after.get(`${name} ${message.id}`)).toHaveLength(1);
  }
  // The key was taken back with its message, or answers with the first one: never two, never none.
  if (keyed) expect(after.size).toBe(sent[0]?.mailboxes.length);
}

const three = ['ann', 'bob', 'cy'];

const sends: readonly (readonly [string, (room: Room) => Outgoing[]])[] = [
  ['one message', (room) => [room.outgoing()]],
  ['a delayed message', (room) => [room.outgoing({}, { dueAt: room.clock.now() + 60_000 })]],
  ['a batch', (room) => three.map((to) => room.outgoing({ to: [to] }))],
  [
    'a batch of delayed ones',
    (room) => three.map((to) => room.outgoing({ to: [to] }, { dueAt: room.clock.now() + 60_000 })),
  ],
  ['a broadcast', (room) => [room.outgoing({ to: three })]],
  ['a keyed message', (room) => [room.outgoing({ to: three, dedupeKey: 'k' })]],
];

/** bob waits for answers to it. */
const request = '01KAGZ0000000000000000000Q';

const answers: typeof sends = [
  ['an answer', (room) => [room.outgoing({ replyTo: request })]],
  ['answers in a batch', (room) => [1, 2].map(() => room.outgoing({ replyTo: request }))],
  ['a keyed answer', (room) => [room.outgoing({ replyTo: request, dedupeKey: 'k' })]],
];

describe.for(['once', 'from then on'] as const)('when a call fails %s', (way) => {
  test('closing an inbox keeps every answer, in it or ready', () =>
    expectAtEachFailure(
      {
        async arrange(room, store) {
          await store.mail.openInbox('bob', request, room.clock.now() + 60_000);
          for (let i = 0; i < 3; i++) {
            accepted(await store.mail.send([room.outgoing({ replyTo: request })], { durability: 'full' }));
          }
        },
        act: ({ store }) => store.mail.closeInbox('bob', request),
        async check(answer, { room, store }) {
          if (!(answer instanceof Error)) expect(answer).toBe(3);
          room.clock.advance(60_000);
          expect(await drain(store)).toEqual(['hello', 'hello', 'hello']);
        },
      },
      way,
    ));

  test.for([...sends, ...answers])('sending %s is taken back, or its answer is uncertain', ([, make]) =>
    expectAtEachFailure(
      {
        names: three,
        async arrange(room, store) {
          await store.mail.openInbox('bob', request, room.clock.now() + 60_000);
          return make(room);
        },
        act: ({ store }, outgoing) => store.mail.send(outgoing as Outgoing[], { durability: 'full' }),
        async check(answer, at, outgoing) {
          // One call answers for each of its messages, whatever happens to the others.
          expect(answer).toBeInstanceOf(Array);
          await honest(answer as Sent[], at, outgoing as Outgoing[]);
        },
      },
      way,
    ),
  );

  test.for(sends.slice(4))('repeating %s that was cut off is taken back, or its answer is uncertain', ([, make]) =>
    expectAtEachFailure(
      {
        names: three,
        async arrange(room) {
          const first = make(room);
          if (first[0]?.message.dedupeKey === null) return first;
          const paused = await room.open(
            watchedDisk(({ to }) => {
              if (to?.startsWith(room.layout.outbox) && !to.includes('.new')) throw new Error('killed');
            }),
          );
          await expect(paused.mail.send(first, { durability: 'full' })).rejects.toThrow('killed');
          return make(room);
        },
        act: ({ store }, outgoing) => store.mail.send(outgoing as Outgoing[], { durability: 'full' }),
        async check(answer, { room, store }) {
          expect(answer).toBeInstanceOf(Array);
          const again = make(room);
          if (again[0]?.message.dedupeKey === null) return;
          accepted(await store.mail.send(again, { durability: 'full' }));
          expect((await census(room, store)).size).toBe(3);
        },
      },
      way,
    ),
  );

  const held = async (room: Room, store: Store): Promise<string> => {
    accepted(await store.mail.send([room.outgoing()], { durability: 'relaxed' }));
    return (await store.mail.claim('bob', { token: newToken(), leaseMs, policy }))?.receipt ?? '';
  };

  test('a claim answers with the message, or leaves it for another one', () =>
    expectAtEachFailure(
      {
        arrange: async (room, store) => accepted(await store.mail.send([room.outgoing()], { durability: 'relaxed' })),
        act: ({ store }) => store.mail.claim('bob', { token: newToken(), leaseMs, policy }),
        async check(answer, { room, store }) {
          if (answer instanceof Error) {
            room.clock.advance(leaseMs + 10_000);
            expect(await drain(store)).toEqual(['hello']);
          } else expect(answer).toMatchObject({ attempt: 1 });
        },
      },
      way,
    ));

  const bodies = ['one', 'two', 'three'];
  const sendThree = async (room: Room, store: Store): Promise<void> => {
    const batch = bodies.map((body) => room.outgoing({ body }));
    for (const result of await store.mail.send(batch, { durability: 'relaxed' })) accepted([result]);
  };
  const claimThree = (store: Store) => store.mail.claimMany('bob', { tokens: bodies.map(newToken), leaseMs, policy });

  test('of claims in one step each that was made is answered, or comes again when its lease ends', () =>
    expectAtEachFailure(
      {
        arrange: sendThree,
        act: ({ store }) => claimThree(store),
        async check(answer, { room, store }) {
          const taken = answer instanceof Error ? [] : (answer as Delivery[]);
          if (taken.length < bodies.length && !(answer instanceof Error)) expect(room.warnings).not.toEqual([]);
          // Of one it may be unknown whether it was taken; of what was taken before the answer says it.
          const inflight = [...(await census(room, store)).values()].filter(([state]) => state === 'inflight');
          expect(inflight.length - taken.length).toBeLessThanOrEqual(1);
          for (const { receipt } of taken) await store.mail.ack(receipt, {});
          room.clock.advance(leaseMs + 10_000);
          const rest = await drain(store);
          expect([...taken.map(({ message }) => message.body), ...rest].sort()).toEqual(bodies.toSorted());
        },
      },
      way,
    ));

  test('of acks in one step each is done, or nothing of it and it can be repeated', () =>
    expectAtEachFailure(
      {
        async arrange(room, store) {
          await sendThree(room, store);
          return (await claimThree(store)).map(({ receipt }) => receipt);
        },
        act: ({ store }, receipts) => store.mail.ackMany(receipts as string[], {}),
        async check(answer, { room, store }, receipts) {
          expect(answer).toBeInstanceOf(Array);
          for (const [i, one] of (answer as (Settled | DreamosError)[]).entries()) {
            const receipt = (receipts as string[])[i] ?? '';
            const where = await census(room, store);
            const [state] = where.get(`bob ${store.mail.parseReceipt(receipt).id}`) ?? [];
            expect(state).toBe(one instanceof DreamosError ? 'inflight' : 'archived');
            if (!(one instanceof DreamosError)) continue;
            expect(one).toMatchObject({ kind: 'disk' });
            expect((await store.mail.ack(receipt, {})).state).toBe('archived');
          }
        },
      },
      way,
    ));

  test.for([
    ['ack', 'archived', (store: Store, receipt: string) => store.mail.ack(receipt, {})],
    ['renew', 'inflight', (store: Store, receipt: string) => store.mail.renew(receipt, { leaseMs: 2 * leaseMs })],
    ['nack', 'delayed', (store: Store, receipt: string) => store.mail.nack(receipt, { policy, delayMs: 5000 })],
    ['nack at once', 'ready', (store: Store, receipt: string) => store.mail.nack(receipt, { policy, delayMs: 0 })],
    ['nack for good', 'dead', (store: Store, receipt: string) => store.mail.nack(receipt, { policy, dead: true })],
  ] as const)('%s is done, or nothing of it and it can be repeated', ([, state, settle]) =>
    expectAtEachFailure(
      {
        arrange: held,
        act: ({ store }, receipt) => settle(store, receipt as string),
        async check(answer, { room, store }, receipt) {
          const states: State[][] = [...(await census(room, store)).values()];
          if (answer instanceof Error) {
            expect(states).toEqual([['inflight']]);
            expect((await settle(store, receipt as string)).state).toBe(state);
          } else expect(states).toEqual([[state]]);
          await inspected(store, true);
          room.clock.advance(leaseMs / 2 + 10_000);
          expect((await inspected(await room.open(), false)).filter(({ level }) => level !== 'info')).toEqual([]);
        },
      },
      way,
    ),
  );

  test.for([
    ['cancel', 'ready', 'archived'],
    ['restore', 'archived', 'ready'],
    ['retry', 'dead', 'ready'],
    ['purge', 'dead', undefined],
  ] as const)('%s is done, or nothing of it and it can be repeated', ([change, from, to]) =>
    expectAtEachFailure(
      {
        async arrange(room, store) {
          if (from === 'ready') accepted(await store.mail.send([room.outgoing()], { durability: 'relaxed' }));
          else {
            const receipt = await held(room, store);
            if (from === 'dead') await store.mail.nack(receipt, { policy, dead: true });
            else await store.mail.ack(receipt, {});
          }
          return only(store, from);
        },
        act: ({ store }, entry) => store.mail[change](entry as never, {}),
        async check(answer, { room, store }, entry) {
          if (answer instanceof Error) {
            expect([...(await census(room, store)).values()]).toEqual([[from]]);
            await store.mail[change](entry as never, {});
          }
          expect([...(await census(room, store)).values()]).toEqual(to === undefined ? [] : [[to]]);
        },
      },
      way,
    ),
  );

  test.for(['ready', 'delayed', 'inflight'] as const)(
    'of what is %s a hand-over is done, which it says, or nothing of it',
    (state) =>
      expectAtEachFailure(
        {
          async arrange(room, store) {
            if (state === 'inflight') await held(room, store);
            else {
              const more = state === 'delayed' ? { dueAt: room.clock.now() + 60_000 } : {};
              accepted(await store.mail.send([room.outgoing({}, more)], { durability: 'relaxed' }));
            }
            return only(store, state);
          },
          act: ({ store }, entry) => store.mail.handOver(entry as Entry, 'ann', {}),
          async check(answer, { room, store }, given) {
            const entry = given as Entry;
            const where = [...(await census(room, store))];
            if (answer instanceof Error && where[0]?.[0].startsWith('bob')) {
              expect(where).toEqual([[`bob ${entry.id}`, [state]]]);
              await store.mail.handOver(entry, 'ann', {});
            } else {
              expect(where).toEqual([[`ann ${entry.id}`, ['ready']]]);
              if (answer instanceof Error) expect(answer.message).toContain('is in ann now');
              await expect(store.mail.handOver(entry, 'ann', {})).rejects.toMatchObject({ kind: 'conflict' });
            }
            const events = await store.journal.history(entry.id, 'ann');
            if (room.warnings.length === 0) expect(events.map(({ event }) => event)).toEqual(['delivered']);
            const delivery = await store.mail.claim('ann', { token: newToken(), leaseMs, policy });
            expect(delivery?.message.id).toBe(entry.id);
          },
        },
        way,
      ),
  );

  test('recovering goes on later where it was stopped', () =>
    expectAtEachFailure(
      {
        async arrange(room, store) {
          await held(room, store);
          const more = { dueAt: room.clock.now() + 1000 };
          accepted(await store.mail.send([room.outgoing({ body: 'due' }, more)], { durability: 'relaxed' }));
          writeFileSync(`${room.at('bob').drop}/a.json`, '{"from":"script","body":"handed in"}');
          room.clock.advance(leaseMs + 10_000);
        },
        act: ({ store }) => store.mail.recover('bob', policy),
        async check(_, { room, store }) {
          await recoverAll(room, store);
          expect((await drain(store)).sort()).toEqual(['due', 'handed in', 'hello']);
        },
      },
      way,
    ));
});

test('when the bucket cannot be synced and the message is already claimed, its send is uncertain and names the id', async () => {
  const room = makeRoom();
  const consumer = await room.open();
  let claimed: unknown;
  const store = await room.open(
    watchedDisk(async (call) => {
      if (call.method !== 'syncDir') return;
      claimed ??= await consumer.mail.claim('bob', { token: newToken(), leaseMs, policy });
      throw diskFailure(call);
    }),
  );
  const outgoing = room.outgoing();
  const [result] = await store.mail.send([outgoing], { durability: 'full' });
  expect(claimed).toMatchObject({ message: { id: outgoing.message.id } });
  expect(result).toMatchObject({ kind: 'disk', code: 'SEND_UNCERTAIN' });
  expect((result as DreamosError).message).toContain(outgoing.message.id);
  expect((result as DreamosError).hint).toContain(outgoing.message.id);
});

test.for([
  ['all', () => watchedDisk()],
  ['a part', (room: Room) => killedBehind(({ to }) => to?.startsWith(room.at('ann').ready) === true)],
] as const)(
  'when the commit of a broadcast cannot be synced and somebody has handed out %s of it already, everybody gets it',
  async ([, readersDisk]) => {
    const room = makeRoom(three);
    const reader = await room.open(readersDisk(room));
    const outgoing = room.outgoing({ to: three });
    let committed = false;
    const store = await room.open(
      watchedDisk(async (call) => {
        if (call.to === room.layout.committed(outgoing.message.id)) committed = true;
        if (call.method !== 'syncDir' || !committed) return;
        await reader.mail.recover('cy', policy).catch((error: unknown) => expect(error).toBeInstanceOf(Killed));
        throw diskFailure(call);
      }),
    );
    const [result] = await store.mail.send([outgoing], { durability: 'full' });
    expect(result).toMatchObject({ code: 'SEND_UNCERTAIN' });
    const later = await room.open();
    await recoverAll(room, later);
    expect((await census(room, later)).size).toBe(3);
  },
);

test('a keyed send that was being taken back when its process died is sent by the next try', async () => {
  const room = makeRoom();
  const first = room.outgoing({ dedupeKey: 'k' });
  let over = false;
  const store = await room.open(
    watchedDisk((call) => {
      if (over) throw new Error('killed');
      if (call.method === 'syncDir' && call.path.startsWith(room.layout.dedupe)) throw diskFailure(call);
      over = call.to?.endsWith('.gone') === true;
    }),
  );
  await expect(store.mail.send([first], { durability: 'full' })).rejects.toThrow('killed');
  expect(readdirSync(room.layout.outbox)).toEqual([`${first.message.id}.gone`]);
  const next = room.outgoing({ dedupeKey: 'k' });
  const sent = accepted(await (await room.open()).mail.send([next], { durability: 'full' }));
  expect(sent).toEqual({ id: next.message.id, mailboxes: ['bob'], state: 'ready', durability: 'full' });
  expect(readdirSync(room.layout.outbox)).toEqual([]);
});

test('a keyed send that was being taken back after somebody had handed out a part is finished by the next try', async () => {
  const room = makeRoom(three);
  const first = room.outgoing({ to: three, dedupeKey: 'k' });
  const reader = await room.open(killedBehind(({ to }) => to?.startsWith(room.at('ann').ready) === true));
  let over = false;
  let committed = false;
  const store = await room.open(
    watchedDisk(async (call) => {
      if (over) throw new Error('killed');
      if (call.to === room.layout.committed(first.message.id)) committed = true;
      over = call.to?.endsWith('.gone') === true;
      if (call.method !== 'syncDir' || !committed) return;
      await reader.mail.recover('cy', policy).catch((error: unknown) => expect(error).toBeInstanceOf(Killed));
      throw diskFailure(call);
    }),
  );
  await expect(store.mail.send([first], { durability: 'full' })).rejects.toThrow('killed');
  expect(readdirSync(room.layout.outbox)).toEqual([`${first.message.id}.gone`]);
  const later = await room.open();
  const again = accepted(await later.mail.send([room.outgoing({ to: three, dedupeKey: 'k' })], { durability: 'full' }));
  expect(again).toMatchObject({ id: first.message.id, duplicate: true });
  expect([...(await census(room, later)).keys()].sort()).toEqual(
    three.map((name) => `${name} ${first.message.id}`).sort(),
  );
  expect(readdirSync(room.layout.outbox)).toEqual([]);
});

test('a store that somebody has swept tmp/ and outbox/ under works on', async () => {
  const room = makeRoom(three);
  const store = await room.open();
  const all = async (): Promise<void> => {
    for (const [, make] of sends.slice(0, 5)) {
      for (const result of await store.mail.send(make(room), { durability: 'full' }))
        expect(result).not.toBeInstanceOf(Error);
    }
  };
  await all();
  for (const name of three) rmSync(room.at(name).tmp, { recursive: true });
  for (const name of three) rmSync(room.at(name).ready, { recursive: true });
  for (const name of three) rmSync(room.at(name).delayed, { recursive: true });
  for (const name of three) rmSync(room.at(name).events, { recursive: true });
  rmSync(room.layout.outbox, { recursive: true });
  await all();
  expect(room.warnings).toEqual([]);
});

test.for([
  ['a batch', 2],
  ['a batch of delayed ones', 3],
  ['a broadcast', 4],
] as const)('%s whose file vanishes while it is sent is refused, and in no mailbox', async ([, which]) => {
  const room = makeRoom(three);
  const store = await room.open(
    watchedDisk(({ method, path }) => {
      if (method === 'link') rmSync(path, { force: true });
    }),
  );
  for (const result of await store.mail.send(sends[which]?.[1](room) ?? [], { durability: 'full' })) {
    expect(result).toMatchObject({ code: 'DISK_FAILED' });
  }
  await recoverAll(room, store);
  expect((await census(room, store)).size).toBe(0);
});

test('a lock that was taken over while its holder slept does not end the process', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  const path = `${scratch()}/config`;
  const ticks = async (n: number): Promise<void> => {
    for (let i = 0; i < n; i++) await new Promise((resolve) => setImmediate(resolve));
  };
  try {
    const done = nodeDisk().withLock(path, async () => {
      rmSync(`${path}.lock`, { recursive: true });
      vi.advanceTimersByTime(20_000);
      // By default the lock's next refresh would throw out of a timer, which fails this run.
      await ticks(50);
      vi.advanceTimersByTime(20_000);
      await ticks(50);
      return 'done';
    });
    await ticks(50);
    expect(await done).toBe('done');
  } finally {
    vi.useRealTimers();
  }
});

// Many folders are listed at the same time: those behind the first failure fail while nobody waits for them any more.
test('of folders that cannot be listed, counting says one, and the process lives', async () => {
  const room = makeRoom();
  let broken = false;
  const store = await room.open(
    watchedDisk(async (call) => {
      if (!broken || call.method !== 'list' || !/\/ready\/p2\/1\/.+\/./.test(call.path)) return;
      await new Promise((resolve) => setTimeout(resolve, 1));
      throw diskFailure(call);
    }),
  );
  for (let n = 0; n < 6; n++)
    await store.mail.send(
      Array.from({ length: 1000 }, () => room.outgoing()),
      { durability: 'relaxed' },
    );
  expect(await store.look.counts('bob')).toMatchObject({ ready: 6000 });
  broken = true;
  await expect(store.look.counts('bob')).rejects.toMatchObject({ code: 'DISK_FAILED' });
  await new Promise((resolve) => setTimeout(resolve, 20));
  broken = false;
  expect(await store.look.counts('bob')).toMatchObject({ ready: 6000 });
});
