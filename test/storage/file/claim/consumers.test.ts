import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert, property, nat } from 'fast-check';
import { expect, test } from 'vitest';
import { createIds } from '../../../../src/model/id.ts';
import type { Disk } from '../../../../src/storage/file/disk/disk.ts';
import { parseConsumerName, tokenOf } from '../../../../src/storage/file/names/reach-name.ts';
import type { Consumer } from '../../../../src/storage/port/mail.ts';
import type { Store } from '../../../../src/storage/port/store.ts';
import { leaseMs, policy } from '../../contract/rig.ts';
import { watchedDisk } from '../disks.ts';
import { makeRoom, type Room } from '../room.ts';

/** Processes by their numbers, with when they began. */
type Alive = Map<number, string>;

function processOf(pid: number, alive: Alive, machine = 'here'): Disk {
  return { ...watchedDisk(), self: () => ({ pid, machine }), startOf: (of) => alive.get(of) };
}

async function makeConsumer(
  room: Room,
  pid: number,
  alive: Alive,
  machine?: string,
): Promise<{ store: Store; consumer: Consumer }> {
  alive.set(pid, `began ${pid}`);
  const store = await room.open(processOf(pid, alive, machine));
  return { store, consumer: await store.mail.takeUp('bob') };
}

async function claimWith(store: Store, token: string): Promise<string | undefined> {
  return (await store.mail.claim('bob', { leaseMs, token, policy }))?.receipt;
}

const filesOf = (room: Room): string[] => readdirSync(room.at('bob').consumers);

async function inflight(store: Store): Promise<number> {
  return (await store.look.counts('bob')).inflight;
}

test('what a process held that has ended is ready at the next look, and then nothing of it is left', async () => {
  const room = makeRoom();
  const alive: Alive = new Map();
  const dying = await makeConsumer(room, 7, alive);
  const other = await makeConsumer(room, 8, alive);
  for (let n = 0; n < 5; n++) await other.store.mail.send([room.outgoing()], { durability: 'relaxed' });
  for (let n = 0; n < 3; n++) await claimWith(dying.store, dying.consumer.token());
  await claimWith(other.store, other.consumer.token());
  expect(await other.consumer.seesGone()).toBe(false);
  alive.delete(7);
  expect(await other.consumer.seesGone()).toBe(true);
  expect((await other.store.mail.recover('bob', policy)).moved).toBe(3);
  expect(await inflight(other.store)).toBe(1);
  for (let look = 0; look < 2; look++) await other.store.mail.recover('bob', policy);
  expect(filesOf(room)).toHaveLength(1);
});

test('the end of its lease carries the label of a consumer that is known, whether he died or was late', async () => {
  const room = makeRoom();
  const alive: Alive = new Map([[7, 'began 7']]);
  const store = await room.open(processOf(7, alive));
  const named = await store.mail.takeUp('bob', { label: 'build-2' });
  const nameless = await store.mail.takeUp('bob');
  for (let n = 0; n < 3; n++) await store.mail.send([room.outgoing()], { durability: 'relaxed' });
  for (const { token } of [named, nameless, named]) await claimWith(store, token());
  const files = filesOf(room).map((name) => JSON.parse(readFileSync(join(room.at('bob').consumers, name), 'utf8')));
  expect(files).toEqual(expect.arrayContaining([expect.objectContaining({ pid: 7, label: 'build-2' })]));
  expect(files.filter((record) => 'label' in record)).toHaveLength(1);

  const ended = async (reader: Store) =>
    (await reader.journal.readEvents(['bob'], await reader.journal.cursor(['bob'], 'start'))).events.flatMap(
      ({ event, label, reason }) => (event === 'lease_expired' ? [{ label, reason }] : []),
    );
  room.clock.advance(leaseMs + 1);
  await store.mail.recover('bob', policy);
  const late = [{ label: 'build-2' }, { label: undefined }, { label: 'build-2' }];
  expect(await ended(store)).toEqual(late.map((one) => ({ ...one, reason: undefined })));

  for (const { token } of [named, nameless, named]) await claimWith(store, token());
  alive.delete(7);
  const other = await room.open(processOf(9, alive));
  await other.mail.recover('bob', policy);
  expect((await ended(other)).slice(3)).toEqual(
    expect.arrayContaining(late.map((one) => ({ ...one, reason: 'its consumer ended' }))),
  );
});

test('of a number that was given again the one before is gone', async () => {
  const room = makeRoom();
  const alive: Alive = new Map();
  const { store, consumer } = await makeConsumer(room, 7, alive);
  await store.mail.send([room.outgoing()], { durability: 'relaxed' });
  await claimWith(store, consumer.token());
  alive.set(7, 'later');
  const looking = await room.open(processOf(9, alive));
  expect((await looking.mail.recover('bob', policy)).moved).toBe(1);
});

test('of another machine, of another container and of nobody the lease decides', async () => {
  const room = makeRoom();
  const far = await makeConsumer(room, 7, new Map(), 'elsewhere');
  await far.store.mail.send([room.outgoing(), room.outgoing()], { durability: 'relaxed' });
  await claimWith(far.store, far.consumer.token());
  const looking = await room.open(processOf(9, new Map()));
  // A one-shot read has a token of nobody's.
  await claimWith(looking, room.ids.token());
  writeFileSync(join(room.at('bob').consumers, 'Z000.json'), 'spoilt');
  expect(await looking.mail.recover('bob', policy)).toMatchObject({ moved: 0 });
  expect(await inflight(looking)).toBe(2);
  room.clock.advance(leaseMs + 1);
  expect((await looking.mail.recover('bob', policy)).moved).toBe(2);
  expect(filesOf(room)).toHaveLength(2);
  for (const name of filesOf(room)) utimesSync(join(room.at('bob').consumers, name), 0, 0);
  room.clock.advance(1000);
  await looking.mail.recover('bob', policy);
  expect(filesOf(room)).toEqual([]);
});

test('who ends by himself leaves his leases as they are', async () => {
  const room = makeRoom();
  const alive: Alive = new Map();
  const { store, consumer } = await makeConsumer(room, 7, alive);
  await store.mail.send([room.outgoing()], { durability: 'relaxed' });
  await claimWith(store, consumer.token());
  await consumer.close();
  alive.delete(7);
  const looking = await room.open(processOf(9, alive));
  expect((await looking.mail.recover('bob', policy)).moved).toBe(0);
  expect(await inflight(looking)).toBe(1);
});

test('many keep an eye on one another, and each is watched', async () => {
  const room = makeRoom();
  const alive: Alive = new Map();
  const all = [];
  for (let pid = 1; pid <= 6; pid++) all.push({ pid, ...(await makeConsumer(room, pid, alive)) });
  for (const { pid } of all) {
    const start = alive.get(pid);
    alive.delete(pid);
    const seen = await Promise.all(all.map(async (one) => one.pid !== pid && one.consumer.seesGone()));
    expect(seen.filter(Boolean)).toHaveLength(1);
    alive.set(pid, start ?? '');
  }
});

test('tokens of consumers are told from all others, and from each other', () => {
  const ids = createIds();
  for (let n = 0; n < 2000; n++) expect(parseConsumerName(`${ids.token().slice(0, 4)}.json`)).toBeUndefined();
  assert(
    property(nat(2 ** 31), nat(2 ** 31), (one, other) => {
      expect(tokenOf('ZABC', one)).toMatch(/^ZABC[0-9A-HJKMNP-TV-Z]{6}$/);
      expect(tokenOf('ZABC', one) === tokenOf('ZABC', other)).toBe(one % 2 ** 30 === other % 2 ** 30);
    }),
  );
});

test('a consumer says which process it is', async () => {
  const room = makeRoom();
  const store = await room.open();
  await store.mail.takeUp('bob');
  const [name = ''] = filesOf(room);
  expect(JSON.parse(readFileSync(join(room.at('bob').consumers, name), 'utf8'))).toMatchObject({
    v: 1,
    pid: process.pid,
  });
});
