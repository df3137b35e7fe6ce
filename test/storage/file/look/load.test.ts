import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatEntryName, unset } from '../../../../src/storage/file/names/entry-name.ts';
import { bucketName, laneOf } from '../../../../src/storage/file/names/layout.ts';
import { slotOf } from '../../../../src/storage/file/names/slots.ts';
import { accepted, leaseMs, policy } from '../../contract/rig.ts';
import { newToken } from '../../contract/ways.ts';
import { watchedDisk } from '../disks.ts';
import { makeRoom, type Room } from '../room.ts';

/** How many entries are in each bucket of each lane, and in each slot of each wheel. */
interface Shape {
  readonly lanes: readonly { readonly rank: number; readonly lane: 0 | 1; readonly buckets: readonly number[] }[];
  readonly delayed: readonly number[];
  readonly inflight: readonly number[];
}

const sizes = fc.oneof(
  fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 12 }),
  fc.array(fc.constantFrom(0, 1, 2, 256), { maxLength: 10 }),
);
const slots = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 100 });
const anyShape: fc.Arbitrary<Shape> = fc.record({
  lanes: fc.uniqueArray(
    fc.record({ rank: fc.integer({ min: 0, max: 3 }), lane: fc.constantFrom(0 as const, 1 as const), buckets: sizes }),
    { maxLength: 3, selector: ({ rank, lane }) => `${rank} ${lane}` },
  ),
  delayed: slots,
  inflight: slots,
});

/** Lays it out as producers and consumers might have left it. @returns how many messages there are */
function layOut(room: Room, { lanes, delayed, inflight }: Shape): number {
  const bob = room.at('bob');
  const now = room.clock.now();
  let messages = 0;
  const fill = (dir: string, tag: 't' | 'u' | 'd', count: number): void => {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    for (let i = 0; i < count; i++, messages++) {
      const name = formatEntryName({ ...unset, tag, time: now, id: room.ids.next(now), rank: 2 });
      writeFileSync(join(dir, name), '', { mode: 0o600 });
    }
  };
  for (const { rank, lane, buckets } of lanes)
    for (const [i, count] of buckets.entries()) {
      const parent = bucketName(now + Math.floor(i / 7), 'AAAAAAAAAA');
      fill(join(laneOf(bob, rank, lane), parent, bucketName(now + i, room.ids.token())), 't', count);
    }
  for (const [i, count] of delayed.entries()) fill(slotOf(bob.delayed, now + (i + 1) * 300_000), 'u', count);
  for (const [i, count] of inflight.entries()) fill(slotOf(bob.inflight, now + (i + 1) * 10_000), 'd', count);
  return messages;
}

test('the load of a mailbox is what it holds, in any shape of its buckets and slots', async () => {
  await fc.assert(
    fc.asyncProperty(anyShape, async (shape) => {
      const room = makeRoom();
      const messages = layOut(room, shape);
      const store = await room.open();
      expect((await store.look.load('bob')).messages).toBe(messages);
      rmSync(room.root, { recursive: true });
    }),
    { numRuns: 25 },
  );
}, 60_000);

test('a mailbox of 300 takes a message as long as it holds fewer, however they are spread', async () => {
  const room = makeRoom();
  layOut(room, {
    lanes: [
      { rank: 2, lane: 1, buckets: Array.from({ length: 15 }, () => 3) },
      { rank: 1, lane: 0, buckets: [100, 1, 100] },
    ],
    delayed: Array.from({ length: 50 }, () => 1),
    inflight: [],
  });
  const store = await room.open();
  const send = () =>
    store.mail.send([room.outgoing({}, { limits: new Map([['bob', { maxMessages: 300, maxBytes: Infinity }]]) })], {
      durability: 'relaxed',
    });
  for (let held = 296; held < 300; held++) accepted(await send());
  expect(await send()).toMatchObject([{ code: 'MAILBOX_FULL', message: expect.stringContaining('300') as string }]);
});

test('counting lists each folder once, and later those that have changed', async () => {
  const room = makeRoom();
  const before = await room.open();
  for (let i = 0; i < 10; i++) {
    await before.mail.send(
      Array.from({ length: 1000 }, () => room.outgoing({ body: 'x'.repeat(100) })),
      { durability: 'relaxed' },
    );
  }
  for (let i = 0; i < 300; i++) await before.mail.claim('bob', { token: newToken(), leaseMs, policy });
  // What has changed a moment ago is listed again.
  room.clock.advance(60_000);
  let looks = 0;
  const store = await room.open(watchedDisk(({ method }) => void (method === 'list' && looks++)));
  const { messages, bytes } = await store.look.load('bob');
  expect(messages).toBe(10_000);
  expect(Math.abs(bytes / messages - 470)).toBeLessThan(40);
  expect(looks).toBeLessThan(55);
  looks = 0;
  expect(await store.look.load('bob')).toEqual({ messages, bytes });
  expect(looks).toBeLessThan(10);
  await before.mail.send([room.outgoing()], { durability: 'relaxed' });
  looks = 0;
  expect((await store.look.load('bob')).messages).toBe(10_001);
  expect(looks).toBeLessThan(12);
});

test('counting ends with the limit, however much lies behind it', async () => {
  const room = makeRoom();
  layOut(room, {
    lanes: [{ rank: 2, lane: 1, buckets: Array.from({ length: 60 }, () => 100) }],
    delayed: [],
    inflight: [],
  });
  let looks = 0;
  const store = await room.open(watchedDisk(({ method }) => void (method === 'list' && looks++)));
  const limits = new Map([['bob', { maxMessages: 250, maxBytes: Infinity }]]);
  expect(await store.mail.send([room.outgoing({}, { limits })], { durability: 'relaxed' })).toMatchObject([
    { code: 'MAILBOX_FULL' },
  ]);
  // Counted twice before it is refused.
  expect(looks).toBeLessThan(20);
});
