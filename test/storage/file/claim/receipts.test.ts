import { expect, test } from 'vitest';
import { leaseMs, policy } from '../../contract/rig.ts';
import { newToken } from '../../contract/ways.ts';
import { makeRoom } from '../room.ts';

/** A batch of two, so that the names have a byte range, with a time-to-live. */
async function claimOfABatch() {
  const room = makeRoom();
  const store = await room.open();
  const expiresAt = new Date(room.clock.now() + 3_600_000).toISOString();
  await store.mail.send([room.outgoing({ expiresAt }), room.outgoing({ expiresAt })], { durability: 'full' });
  const delivery = await store.mail.claim('bob', { token: newToken(), leaseMs, policy });
  if (!delivery) throw new Error('nothing was claimed');
  return { room, store, delivery };
}

test.each([
  ['whose tail was cut off', (receipt: string) => receipt.replace(/\.x.*$/, '')],
  ['in which the attempt was changed', (receipt: string) => receipt.replace('.a1.', '.a5.')],
  ['in which the priority was changed', (receipt: string) => receipt.replace('.p2.', '.p0.')],
])('a receipt %s settles its message, and changes nothing else about it', async (_, spoil) => {
  const { room, store, delivery } = await claimOfABatch();
  const receipt = spoil(delivery.receipt);
  expect(receipt).not.toBe(delivery.receipt);
  expect(await store.mail.nack(receipt, { policy, delayMs: 0 })).toMatchObject({ state: 'ready' });
  const [entry] = await store.look.find(delivery.message.id);
  expect(entry).toMatchObject({ state: 'ready', attempt: 1, priority: 'normal', expiresAt: expect.any(Number) });
  const again = await store.mail.claim(delivery.mailbox, { token: newToken(), leaseMs, policy });
  expect(again?.message).toEqual(delivery.message);
  expect(room.warnings).toEqual([]);
});
