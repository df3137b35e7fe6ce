import { appendFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Priority } from '../../../../src/model/message.ts';
import { bucketEntries } from '../../../../src/storage/file/places/buckets.ts';
import type { Store } from '../../../../src/storage/port/store.ts';
import { dayOf, eventLog } from '../../../../src/storage/file/names/slots.ts';
import { leaseMs, policy } from '../../contract/rig.ts';
import { diskFailure, watchedDisk } from '../disks.ts';
import { newToken } from '../../contract/ways.ts';
import { collect, drain, makeRoom, only } from '../room.ts';

const claim = {
  leaseMs,
  policy,
  get token() {
    return newToken();
  },
};

test('a claim behind much expired mail moves only some of it, and finds the good one', async () => {
  const room = makeRoom();
  let logReads = 0;
  const store = await room.open(
    watchedDisk(({ method, path }) => void (method === 'read' && path.includes('/events/') && logReads++)),
  );
  const expiresAt = new Date(room.clock.now() + 1000).toISOString();
  const expiring = Array.from({ length: 150 }, () => room.outgoing({ expiresAt }));
  await store.mail.send([...expiring, room.outgoing({ body: 'good' })], { durability: 'relaxed' });
  room.clock.advance(1000);
  logReads = 0;
  expect((await store.mail.claim('bob', claim))?.message.body).toBe('good');
  expect(logReads).toBe(0);
  const dead = (await collect(store.look.list('bob', 'dead'))).length;
  expect(dead).toBeGreaterThan(0);
  expect(dead).toBeLessThan(100);
  for (let round = 0; round < 3; round++) expect(await store.mail.claim('bob', claim)).toBeUndefined();
  expect(await store.look.counts('bob')).toMatchObject({ ready: 0, dead: 150 });
});

test('a lease that is over before the claim is costs one message one attempt, not each of them', async () => {
  const room = makeRoom();
  const slow = watchedDisk(
    ({ method, to }) => void (method === 'rename' && to?.includes('/inflight/') && room.clock.advance(leaseMs)),
  );
  const store = await room.open(slow);
  await store.mail.send([room.outgoing(), room.outgoing(), room.outgoing()], { durability: 'relaxed' });
  expect(await store.mail.claim('bob', claim)).toBeUndefined();
  expect(await store.look.counts('bob')).toMatchObject({ ready: 2, inflight: 1 });
});

test('a message of which the event log says what nobody can write down is dead without it, and holds nothing up', async () => {
  const room = makeRoom();
  const store = await room.open();
  const [first, second] = [room.outgoing(), room.outgoing()];
  await store.mail.send([first], { durability: 'relaxed' });
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  const [at, { id }] = [new Date(room.clock.now()).toISOString(), first.message];
  appendFileSync(
    eventLog(room.at('bob'), dayOf(room.clock.now())),
    `{"at":"${at}","mailbox":"bob","event":"delivered","id":"${id}","x":${deep}}\n`,
  );
  for (let attempt = 0; attempt < policy.maxAttempts; attempt++) {
    expect((await store.mail.claim('bob', claim))?.message.id).toBe(id);
    room.clock.advance(leaseMs);
  }
  await store.mail.send([second], { durability: 'relaxed' });
  expect((await store.mail.claim('bob', claim))?.message.id).toBe(second.message.id);
  const { history } = (await store.look.deadReason(await only(store, 'dead')))!;
  expect(history.map(({ event }) => event)).toContain('claimed');
  expect(history.filter((event) => 'x' in event)).toEqual([]);
});

test('a filtered claim does not conclude from one scan, and opens nothing twice', async () => {
  const room = makeRoom();
  const opened: string[] = [];
  const disk = watchedDisk(
    ({ method, path }) => void (method === 'read' && path.includes('ready/') && opened.push(path)),
  );
  const list = disk.list.bind(disk);
  let missing = false;
  disk.list = async (dir) => {
    const names = await list(dir);
    if (!missing || !dir.includes('/ready/') || !names?.some((name) => name.startsWith('t'))) return names;
    missing = false;
    return names.sort().slice(0, 1);
  };
  const store = await room.open(disk);
  const outgoing = ['other', 'wanted'].map((body) => room.outgoing({ body, tags: [body] }));
  await store.mail.send(outgoing, { durability: 'relaxed' });
  missing = true;
  const filter = { tag: 'wanted' };
  expect((await store.mail.claim('bob', { token: newToken(), leaseMs, policy, filter }))?.message.body).toBe('wanted');
  expect(missing).toBe(false);
  const ids = opened.map((path) => outgoing.find(({ message }) => path.includes(message.id))?.message.body);
  expect(ids).toEqual(['other', 'wanted']);
});

describe('a consumer that goes on with a listing', () => {
  /** It takes what is there; when it `got` so many another process sends. */
  async function consume({ first, stepMs, got: when = 0, sent = [] }: Consumption) {
    const room = makeRoom();
    let listed = 0;
    const store = await room.open(
      watchedDisk(({ method, path }) => void (method === 'list' && /\/ready\/p2\/1\/.+\/./.test(path) && listed++)),
    );
    const sender = await room.open();
    const send = (drafts: Consumption['sent'] = []) =>
      sender.mail.send(
        drafts.map((fields) => room.outgoing(fields)),
        { durability: 'relaxed' },
      );
    await send(Array.from({ length: first }, (_, i) => ({ body: `${i}` })));
    const got: string[] = [];
    for (;;) {
      const delivery = await store.mail.claim('bob', claim);
      if (!delivery) return { got, listed };
      got.push(delivery.message.body);
      await store.mail.ack(delivery.receipt, {});
      room.clock.advance(stepMs(got.length));
      if (got.length === when) await send(sent);
    }
  }

  interface Consumption {
    first: number;
    /** How long the message takes that makes it so many. */
    stepMs: (count: number) => number;
    got?: number;
    sent?: { body: string; priority?: Priority }[];
  }

  test('lists its bucket a few times, not once for each message that takes longer than a look is good for', async () => {
    const { got, listed } = await consume({ first: 100, stepMs: () => 6 });
    expect(got).toEqual(Array.from({ length: 100 }, (_, i) => `${i}`));
    expect(listed).toBeLessThan(40);
  });

  test('takes what is more urgent next', async () => {
    const { got } = await consume({
      first: 100,
      stepMs: () => 6,
      got: 10,
      sent: [{ body: 'now', priority: 'urgent' }],
    });
    expect(got[10]).toBe('now');
    expect(got).toHaveLength(101);
  });

  test('takes what was added to its bucket before what is in the next one', async () => {
    const sent = Array.from({ length: 20 }, (_, i) => ({ body: `later ${i}` }));
    const { got } = await consume({
      first: bucketEntries - 10,
      stepMs: (count) => (count === 100 ? 6 : 0),
      got: 2,
      sent,
    });
    expect(got.slice(-20)).toEqual(sent.map(({ body }) => body));
  });

  test('takes it next although busy keys were left behind', async () => {
    const room = makeRoom();
    const [sender, holder, store] = [await room.open(), await room.open(), await room.open()];
    const send = (drafts: readonly Parameters<typeof room.outgoing>[0][]) =>
      sender.mail.send(
        drafts.map((fields) => room.outgoing(fields)),
        { durability: 'relaxed' },
      );
    await send([{ orderingKey: 'busy' }]);
    room.clock.advance(1);
    await holder.mail.claim('bob', claim);
    await send(Array.from({ length: 120 }, (_, i) => (i % 8 === 7 ? { orderingKey: 'busy' } : { body: `${i}` })));
    room.clock.advance(1);
    for (let n = 0; n < 9; n++) {
      const delivery = await store.mail.claim('bob', claim);
      await store.mail.ack(delivery?.receipt ?? '', {});
      room.clock.advance(4);
    }
    await send([{ body: 'now', priority: 'urgent' }]);
    const bodies = [];
    for (let n = 0; n < 3; n++) {
      bodies.push((await store.mail.claim('bob', claim))?.message.body);
      room.clock.advance(4);
    }
    expect(bodies).toContain('now');
  });

  test('skips nothing because a message was cancelled', async () => {
    for (let run = 0; run < 10; run++) {
      const room = makeRoom();
      const [sender, store] = [await room.open(), await room.open()];
      const outgoing = Array.from({ length: 30 }, (_, i) => room.outgoing({ body: `${i}` }));
      await sender.mail.send(outgoing, { durability: 'relaxed' });
      const got: string[] = [];
      for (
        let delivery = await store.mail.claim('bob', claim);
        delivery;
        delivery = await store.mail.claim('bob', claim)
      ) {
        got.push(delivery.message.body);
        await store.mail.ack(delivery.receipt, {});
        room.clock.advance(6);
        const [next] = got.length === 3 ? await sender.look.find(outgoing[3]?.message.id ?? '') : [];
        if (next) await sender.mail.cancel(next, {});
      }
      expect(got).toEqual(outgoing.map((_, i) => `${i}`).filter((body) => body !== '3'));
    }
  });

  test.each([undefined, 'a key'])(
    'fails once, and takes the same message next (ordering key: %s)',
    async (orderingKey) => {
      const room = makeRoom();
      const sender = await room.open();
      let fail = false;
      const store = await room.open(
        watchedDisk((call) => {
          const hit = orderingKey ? call.method === 'stat' && call.path.includes('.json') : call.method === 'rename';
          if (!fail || !hit || !call.path.includes('/ready/p2/')) return;
          fail = false;
          throw diskFailure(call);
        }),
      );
      const fields = orderingKey === undefined ? {} : { orderingKey };
      await sender.mail.send(
        Array.from({ length: 12 }, (_, i) => room.outgoing({ body: `${i}`, ...fields })),
        { durability: 'relaxed' },
      );
      room.clock.advance(1);
      const got: string[] = [];
      for (let n = 0; n < 13; n++) {
        fail = n === 3;
        try {
          const delivery = await store.mail.claim('bob', claim);
          got.push(delivery?.message.body ?? 'nothing');
          await store.mail.ack(delivery?.receipt ?? '', {});
        } catch {
          got.push('failed');
        }
        room.clock.advance(6);
      }
      expect(got).toEqual(['0', '1', '2', 'failed', '3', '4', '5', '6', '7', '8', '9', '10', '11']);
    },
  );
});

test('a process that fills an older bucket goes on in the one that others have opened since', async () => {
  const room = makeRoom();
  const [longLived, others, brief] = [await room.open(), await room.open(), await room.open()];
  const send = async (store: Store, count: number, fields: Parameters<typeof room.outgoing>[0] = {}) => {
    room.clock.advance(1);
    await store.mail.send(
      Array.from({ length: count }, () => room.outgoing(fields)),
      { durability: 'relaxed' },
    );
  };
  await send(longLived, 1);
  await send(others, bucketEntries);
  await send(longLived, 100);
  await send(brief, 1, { body: 'first', orderingKey: 'k' });
  room.clock.advance(1000);
  await send(longLived, 1, { body: 'second', orderingKey: 'k' });
  room.clock.advance(1000);
  expect((await drain(longLived)).filter((body) => body !== 'hello')).toEqual(['first', 'second']);
});
