import { describe, expect, test } from 'vitest';
import type { Priority } from '../../../src/model/message.ts';
import { bucketEntries } from '../../../src/storage/file/buckets.ts';
import { leaseMs, policy } from '../contract/bench.ts';
import { watchedDisk } from './disks.ts';
import { collect, makeRoom } from './room.ts';

const claim = { leaseMs, policy };

test('a claim behind much expired mail moves only some of it, and finds the good one', async () => {
  const room = makeRoom();
  let logReads = 0;
  const store = await room.open(
    watchedDisk(({ method, path }) => void (method === 'read' && path.includes('/events/') && logReads++)),
  );
  const expiresAt = new Date(room.clock.now() + 1000).toISOString();
  const expiring = Array.from({ length: 150 }, () => room.outgoing({ expiresAt }));
  await store.send([...expiring, room.outgoing({ body: 'good' })], { durability: 'relaxed' });
  room.clock.advance(1000);
  logReads = 0;
  expect((await store.claim('bob', claim))?.message.body).toBe('good');
  expect(logReads).toBe(0);
  const dead = (await collect(store.list('bob', 'dead'))).length;
  expect(dead).toBeGreaterThan(0);
  expect(dead).toBeLessThan(100);
  for (let round = 0; round < 3; round++) expect(await store.claim('bob', claim)).toBeUndefined();
  expect(await store.counts('bob')).toMatchObject({ ready: 0, dead: 150 });
});

test('a lease that is over before the claim is costs one message one attempt, not each of them', async () => {
  const room = makeRoom();
  const slow = watchedDisk(
    ({ method, to }) => void (method === 'rename' && to?.includes('/inflight/') && room.clock.advance(leaseMs)),
  );
  const store = await room.open(slow);
  await store.send([room.outgoing(), room.outgoing(), room.outgoing()], { durability: 'relaxed' });
  expect(await store.claim('bob', claim)).toBeUndefined();
  expect(await store.counts('bob')).toMatchObject({ ready: 2, inflight: 1 });
});

test('a filtered claim does not conclude from one scan, and opens nothing twice', async () => {
  const room = makeRoom();
  const disk = watchedDisk();
  const list = disk.list.bind(disk);
  let missing = false;
  disk.list = async (dir) => {
    const names = await list(dir);
    if (!missing || !dir.includes('/ready/') || !names?.some((name) => name.startsWith('t'))) return names;
    missing = false;
    return names.sort().slice(0, 1);
  };
  const store = await room.open(disk);
  await store.send([room.outgoing({ body: 'other' }), room.outgoing({ body: 'wanted' })], { durability: 'relaxed' });
  missing = true;
  const looked: string[] = [];
  const accepts = ({ body }: { body: string }): boolean => looked.push(body) > 0 && body === 'wanted';
  expect((await store.claim('bob', { ...claim, accepts }))?.message.body).toBe('wanted');
  expect(missing).toBe(false);
  expect(looked).toEqual(['other', 'wanted']);
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
      sender.send(
        drafts.map((fields) => room.outgoing(fields)),
        { durability: 'relaxed' },
      );
    await send(Array.from({ length: first }, (_, i) => ({ body: `${i}` })));
    const got: string[] = [];
    for (;;) {
      const delivery = await store.claim('bob', claim);
      if (!delivery) return { got, listed };
      got.push(delivery.message.body);
      await store.ack(delivery.receipt, {});
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
});
