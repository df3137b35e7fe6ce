import { expect, test } from 'vitest';
import { DreamosError } from '../../../../src/model/errors.ts';
import type { Outgoing } from '../../../../src/storage/port/mail.ts';
import { accepted } from '../../contract/rig.ts';
import { diskFailure, watchedDisk } from '../disks.ts';
import { makeRoom, type Room } from '../room.ts';
import { newToken } from '../../contract/ways.ts';

const limited = (room: Room, maxMessages: number, fields = {}): Outgoing => ({
  ...room.outgoing(fields),
  limits: new Map([['bob', { maxMessages, maxBytes: Infinity }]]),
});

test('a mailbox is counted once in 100 ms, and without limits never', async () => {
  const room = makeRoom();
  let listed = 0;
  const store = await room.open(
    watchedDisk(({ method, path }) => void (method === 'list' && path.endsWith('/inflight') && listed++)),
  );
  const send = (outgoing: Outgoing) => store.mail.send([outgoing], { durability: 'relaxed' });
  await send(room.outgoing());
  expect(listed).toBe(0);
  for (let i = 0; i < 20; i++) accepted(await send(limited(room, 100)));
  expect(listed).toBe(1);
  room.clock.advance(101);
  accepted(await send(limited(room, 100)));
  expect(listed).toBe(2);
});

test('sends side by side in one process do not go over the limit together', async () => {
  const room = makeRoom();
  const store = await room.open();
  const results = await Promise.all(
    Array.from({ length: 50 }, () => store.mail.send([limited(room, 10)], { durability: 'relaxed' })),
  );
  expect(results.flat().filter((result) => !(result instanceof DreamosError))).toHaveLength(10);
  expect(await store.look.counts('bob')).toMatchObject({ ready: 10 });
});

test.for([undefined, 'k'])('room that a failed send had taken is free again, under the key %s', async (dedupeKey) => {
  const room = makeRoom();
  let fails = true;
  const store = await room.open(
    watchedDisk((call) => {
      if (fails && call.method === 'create') throw diskFailure(call);
    }),
  );
  const send = (n: number) =>
    store.mail.send([limited(room, 2, dedupeKey === undefined ? {} : { dedupeKey: `${dedupeKey}${n}` })], {
      durability: 'full',
    });
  for (let i = 0; i < 5; i++) expect(await send(0)).toMatchObject([{ code: 'DISK_FAILED' }]);
  fails = false;
  accepted(await send(1));
  accepted(await send(2));
  expect(await send(3)).toMatchObject([{ code: 'MAILBOX_FULL' }]);
});

test('what was finished makes room at once, although it was counted a moment ago', async () => {
  const room = makeRoom();
  const store = await room.open();
  const send = () => store.mail.send([limited(room, 1)], { durability: 'relaxed' });
  accepted(await send());
  expect(await send()).toMatchObject([{ code: 'MAILBOX_FULL' }]);
  const policy = { maxAttempts: 5, backoffMinMs: 1, backoffMaxMs: 1 };
  const delivery = await store.mail.claim('bob', { token: newToken(), leaseMs: 1000, policy });
  await store.mail.ack(delivery?.receipt ?? '', {});
  accepted(await send());
});
