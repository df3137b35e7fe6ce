import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { watchedDisk } from '../disks.ts';
import { makeRoom, type Room } from '../room.ts';
import type { Store } from '../../../../src/storage/port/store.ts';
import { accepted, leaseMs, policy } from '../../contract/rig.ts';
import { newToken } from '../../contract/ways.ts';

const lookMs = 4;

/** A consumer for whom a look for what is due takes `lookMs`, and a claim a millisecond. */
async function consumer(room: Room): Promise<{ store: Store; looks: () => number }> {
  let looks = 0;
  const store = await room.open(
    watchedDisk(({ method, path }) => {
      if (method !== 'list' || !path.endsWith('/inflight')) return;
      looks++;
      room.clock.advance(lookMs);
    }),
  );
  return { store, looks: () => looks };
}

const claim = (store: Store) => store.mail.claim('bob', { token: newToken(), leaseMs, policy });

async function fill(room: Room, count: number): Promise<void> {
  const store = await room.open();
  const all = Array.from({ length: count }, () => room.outgoing());
  for (const sent of await store.mail.send(all, { durability: 'relaxed' })) accepted([sent]);
  room.clock.advance(1);
}

describe('a consumer in a loop', () => {
  test('looks for what is due in a fiftieth of its time', async () => {
    const room = makeRoom();
    await fill(room, 1000);
    const { store, looks } = await consumer(room);
    for (let n = 0; n < 1000; n++) {
      expect(await claim(store)).toBeDefined();
      room.clock.advance(1);
    }
    // In 1000 ms and what the looks take: every 20 ms it were 50.
    expect(looks()).toBeGreaterThanOrEqual(5);
    expect(looks()).toBeLessThanOrEqual(7);
  });

  test('has what falls due at its time, if it has seen it', async () => {
    const room = makeRoom();
    const other = await room.open();
    accepted(
      await other.mail.send([room.outgoing({ body: 'due', priority: 'urgent' }, { dueAt: room.clock.now() + 60 })], {
        durability: 'relaxed',
      }),
    );
    await fill(room, 100);
    const { store } = await consumer(room);
    const start = room.clock.now();
    for (let n = 0; n < 100; n++) {
      const delivery = await claim(store);
      room.clock.advance(1);
      if (delivery?.message.body !== 'due') continue;
      expect(room.clock.now() - start).toBeLessThanOrEqual(60 + 20 + 2 * lookMs);
      return;
    }
    expect.unreachable('it did not come');
  });

  test('has at once what another has put off meanwhile, when nothing else is there', async () => {
    const room = makeRoom();
    await fill(room, 30);
    const { store } = await consumer(room);
    for (let n = 0; n < 30; n++) {
      await claim(store);
      room.clock.advance(1);
    }
    const other = await room.open();
    accepted(
      await other.mail.send([room.outgoing({ body: 'due' }, { dueAt: room.clock.now() + 30 })], {
        durability: 'relaxed',
      }),
    );
    room.clock.advance(30);
    expect((await claim(store))?.message.body).toBe('due');
  });
});

test('a file that comes into the place of a priority is put aside, also by who has claimed from there before', async () => {
  const room = makeRoom();
  await fill(room, 1);
  const store = await room.open();
  expect(await claim(store)).toBeDefined();
  room.clock.advance(100);
  const place = join(room.at('bob').ready, 'p2');
  rmSync(place, { recursive: true });
  writeFileSync(place, 'junk');
  expect(await claim(store)).toBeUndefined();
  expect((await store.look.counts('bob')).corrupt).toBe(1);
  await fill(room, 1);
  expect(await claim(store)).toBeDefined();
});
