import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseEntryName } from '../../../../src/storage/file/names/entry-name.ts';
import type { State } from '../../../../src/model/state.ts';
import type { Store } from '../../../../src/storage/port/store.ts';
import { leaseMs, policy } from '../../contract/rig.ts';
import { newToken } from '../../contract/ways.ts';
import { makeRoom, only, type Room } from '../room.ts';

const claim = (store: Store) => store.mail.claim('bob', { token: newToken(), leaseMs, policy });

async function sinceOf(store: Store, state: State, mailbox = 'bob'): Promise<number | undefined> {
  return parseEntryName((await only(store, state, mailbox)).key.split('/').at(-1) ?? '')?.since;
}

async function lastEvent(store: Store) {
  const { events } = await store.journal.readEvents(['bob'], await store.journal.cursor(['bob'], 'start'));
  return events.at(-1);
}

/** A message whose name another build, or a script, has made. */
async function sentAs(room: Room, store: Store, change: (key: string) => string): Promise<void> {
  await store.mail.send([room.outgoing()], { durability: 'relaxed' });
  const { key } = await only(store, 'ready');
  renameSync(join(room.at('bob').dir, key), join(room.at('bob').dir, change(key)));
}

test('since when it is held stands in the name of what is in flight, and in no other', async () => {
  const room = makeRoom();
  const store = await room.open();
  await store.mail.send([room.outgoing()], { durability: 'relaxed' });
  const at = room.clock.now();
  const first = await claim(store);
  expect(await sinceOf(store, 'inflight')).toBe(at);
  room.clock.advance(500);
  await store.mail.renew(first?.receipt ?? '', { leaseMs });
  expect(await sinceOf(store, 'inflight')).toBe(at);
  await store.mail.nack(first?.receipt ?? '', { policy, delayMs: policy.backoffMaxMs + 1 });
  expect(await sinceOf(store, 'delayed')).toBeUndefined();
  await store.mail.deliver(await only(store, 'delayed'), {});
  await claim(store);
  room.clock.advance(leaseMs);
  await store.mail.recover('bob', policy);
  expect(await sinceOf(store, 'ready')).toBeUndefined();
  await store.mail.nack((await claim(store))?.receipt ?? '', { policy, dead: true });
  expect(await sinceOf(store, 'dead')).toBeUndefined();
  await store.mail.retry(await only(store, 'dead'), {});
  await claim(store);
  await store.mail.handOver(await only(store, 'inflight'), 'ann', {});
  expect(await sinceOf(store, 'ready', 'ann')).toBeUndefined();
  await store.mail.claim('ann', { token: newToken(), leaseMs, policy });
  await store.mail.cancel(await only(store, 'inflight', 'ann'), { held: true });
  expect(await sinceOf(store, 'archived', 'ann')).toBeUndefined();
});

test('a claim that an older build made is settled, and nobody says how long it was held', async () => {
  const room = makeRoom();
  const store = await room.open();
  await store.mail.send([room.outgoing()], { durability: 'relaxed' });
  const receipt = (await claim(store))?.receipt ?? '';
  const { key } = await only(store, 'inflight');
  const older = key.replace(/\.b\d+/, '');
  expect(older).not.toBe(key);
  renameSync(join(room.at('bob').dir, key), join(room.at('bob').dir, older));
  await (await room.open()).mail.ack(receipt.replace(/\.b\d+/, ''), {});
  expect(await lastEvent(store)).toMatchObject({ event: 'acked' });
  expect(await lastEvent(store)).not.toHaveProperty('heldMs');
});

test('what an older build brought back with that moment in its name was held by nobody', async () => {
  const room = makeRoom();
  const store = await room.open();
  await sentAs(room, store, (key) => key.replace('.json', `.b${room.clock.now()}.json`));
  room.clock.advance(1000);
  await store.mail.cancel(await only(store, 'ready'), {});
  expect(await lastEvent(store)).not.toHaveProperty('heldMs');
});

test('a name that is too long for it is claimed and settled without', async () => {
  const room = makeRoom();
  const store = await room.open();
  // With a token and since when, it would be longer than any name that is taken for ours.
  await sentAs(room, store, (key) => key.replace('.json', `.z${'z'.repeat(120)}.json`));
  const receipt = (await claim(store))?.receipt ?? '';
  expect(await sinceOf(store, 'inflight')).toBeUndefined();
  await (await room.open()).mail.ack(receipt, {});
  expect(await lastEvent(store)).toMatchObject({ event: 'acked', attempt: 1 });
  expect(await lastEvent(store)).not.toHaveProperty('heldMs');
});
