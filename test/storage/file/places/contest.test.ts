import { describe, expect, test } from 'vitest';
import type { Message } from '../../../../src/model/message.ts';
import { openFileStore } from '../../../../src/storage/file/open.ts';
import type { Store } from '../../../../src/storage/port/store.ts';
import { accepted, leaseMs, policy } from '../../contract/rig.ts';
import { newToken } from '../../contract/ways.ts';
import { watchedDisk } from '../disks.ts';
import { collect, makeRoom, type Room } from '../room.ts';

const buckets = 5;
const many = buckets * 256;

const claim = (store: Store) => store.mail.claim('bob', { leaseMs, policy, token: newToken() });

const bodyOf = async (store: Store) => (await claim(store))?.message.body;

/** @param fieldsOf of the how manieth */
async function fill(room: Room, store: Store, fieldsOf: (i: number) => Partial<Message> = () => ({})): Promise<void> {
  const outgoing = Array.from({ length: many }, (_, i) => room.outgoing({ body: `${i}`, ...fieldsOf(i) }));
  expect(await store.mail.send(outgoing, { durability: 'relaxed' })).toHaveLength(many);
  room.clock.advance(100);
}

/** A consumer that has just lost the first message, to what `other` does with it, and has taken another one. */
async function loser(room: Room, other: () => Promise<unknown>): Promise<Store> {
  let isFirst = true;
  const disk = watchedDisk(async ({ method, to }) => {
    if (!isFirst || method !== 'rename' || !to?.includes('/inflight/')) return;
    isFirst = false;
    await other();
  });
  const { root, clock } = room;
  // It would begin as far behind the oldest as any.
  const ids = { ...room.ids, fraction: () => 0.99 };
  const store = await openFileStore(root, { clock, ids, disk, warn: () => undefined });
  await claim(store);
  room.clock.advance(100);
  return store;
}

describe('a consumer that lost a message to another one', () => {
  test('goes on in another bucket, and after a second without a loss with the oldest', async () => {
    const room = makeRoom();
    const other = await room.open();
    await fill(room, other);
    const store = await loser(room, () => claim(other));
    expect(await bodyOf(store)).toBe(`${3 * 256}`);
    room.clock.advance(1000);
    expect(await bodyOf(store)).toBe('1');
  });

  test('takes what is urgent first, and all of one priority before any of the next', async () => {
    const room = makeRoom();
    const other = await room.open();
    await fill(room, other, (i) => (i >= many - 256 ? { priority: 'low', body: 'low' } : {}));
    const store = await loser(room, () => claim(other));
    accepted(await other.mail.send([room.outgoing({ priority: 'urgent', body: 'now' })], { durability: 'relaxed' }));
    room.clock.advance(6);
    expect(await bodyOf(store)).toBe('now');
    const rest: (string | undefined)[] = [];
    // Two were taken before.
    for (let n = 2; n < many - 256; n++) rest.push(await bodyOf(store));
    expect(new Set(rest).size).toBe(many - 258);
    expect(rest).not.toContain('low');
    expect(await bodyOf(store)).toBe('low');
  });

  test('takes the messages of an ordering key in their order all the same', async () => {
    const room = makeRoom();
    const other = await room.open();
    await fill(room, other, (i) => (i % 256 === 128 ? { orderingKey: 'k' } : {}));
    const store = await loser(room, () => claim(other));
    const keyed: (string | undefined)[] = [];
    for (let delivery = await claim(store); delivery; delivery = await claim(store)) {
      if (delivery.message.orderingKey) keyed.push(delivery.message.body);
      await store.mail.ack(delivery.receipt, {});
    }
    expect(keyed).toEqual(Array.from({ length: buckets }, (_, i) => `${i * 256 + 128}`));
  });
});

test('a consumer that lost a message to who cancelled it goes on with the oldest', async () => {
  const room = makeRoom();
  const other = await room.open();
  await fill(room, other);
  const oldest = (await collect(other.look.list('bob', 'ready'))).toSorted((a, b) => (a.id < b.id ? -1 : 1))[0];
  const store = await loser(room, () => (oldest ? other.mail.cancel(oldest, {}) : Promise.reject(new Error('none'))));
  expect(await bodyOf(store)).toBe('1');
});
