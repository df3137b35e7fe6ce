import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findSurely } from '../../../../src/core/look/find.ts';
import type { Session } from '../../../../src/core/root/root.ts';
import type { Message } from '../../../../src/model/message.ts';
import type { Store } from '../../../../src/storage/port/store.ts';
import { accepted, leaseMs, policy } from '../../contract/rig.ts';
import { newToken } from '../../contract/ways.ts';
import { type DiskCall, Killed, killedBehind, watchedDisk } from '../disks.ts';
import { census, collect, drain, inspected, makeRoom, only, type Room } from '../room.ts';

const relaxed = { durability: 'relaxed' } as const;

async function sent(room: Room, store: Store, fields: Partial<Message> = {}, more: object = {}): Promise<string> {
  const [result] = await store.mail.send([room.outgoing(fields, more)], relaxed);
  return accepted(result ? [result] : []).id;
}

test('what was sent to two and is not handed out to the second yet is not handed over to him', async () => {
  const room = makeRoom();
  const dies = await room.open(killedBehind(({ to }) => to?.startsWith(room.at('ann').ready) === true));
  await expect(dies.mail.send([room.outgoing({ to: ['ann', 'bob'] })], relaxed)).rejects.toThrow(Killed);
  const store = await room.open();
  const [entry] = await collect(store.look.list('ann', 'ready'));
  await expect(store.mail.handOver(entry!, 'bob', {})).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  expect([...(await census(room, store))]).toEqual([
    [`ann ${entry!.id}`, ['ready']],
    [`bob ${entry!.id}`, ['ready']],
  ]);
});

test('doctor finds nothing wrong with what was handed over, whatever it is, and it is read as it was sent', async () => {
  const room = makeRoom();
  const store = await room.open();
  const batch = ['one', 'two'].map((body) => room.outgoing({ body }));
  await store.mail.send(batch, relaxed);
  await sent(room, store, { body: 'keyed', orderingKey: 'k', notify: true });
  await sent(room, store, { body: 'replaces', replaceKey: 'r' });
  await sent(room, store, { body: 'later', dedupeKey: 'd' }, { dueAt: room.clock.now() + 1000 });
  await sent(room, store, { body: 'task', task: { requires: ['c'] } });
  writeFileSync(join(room.at('bob').drop, 'a.json'), '{"from":"ann","to":"bob","body":"handed in"}');
  await store.mail.recover('bob', policy);
  await store.mail.claim('bob', { token: newToken(), leaseMs, policy });
  await store.mail.claim('bob', {
    token: newToken(),
    leaseMs,
    policy,
    filter: { from: 'ann', id: batch[1]!.message.id },
  });
  for (const state of ['ready', 'delayed', 'inflight'] as const)
    for (const entry of await collect(store.look.list('bob', state))) await store.mail.handOver(entry, 'ann', {});
  expect(await inspected(store, false)).toEqual([]);
  const another = await room.open();
  expect(await drain(another)).toEqual([]);
  const bodies: string[] = [];
  for (;;) {
    const delivery = await another.mail.claim('ann', { token: newToken(), leaseMs, policy });
    if (!delivery) break;
    bodies.push(delivery.message.body);
    expect(delivery.message.to).toEqual(['bob']);
    await another.mail.ack(delivery.receipt, {});
  }
  expect(bodies.sort()).toEqual(['handed in', 'keyed', 'later', 'one', 'replaces', 'task', 'two']);
  room.clock.advance(2 * 86_400_000);
  expect(await inspected(another, false)).toEqual([]);
  expect(readdirSync(room.at('bob').corrupt)).toEqual([]);
});

test('what is handed over while it is looked for is found', async () => {
  for (const [from, to] of [
    ['ann', 'bob'],
    ['bob', 'ann'],
  ] as const)
    for (let n = 1, calls = Infinity; n <= calls; n++) {
      const room = makeRoom();
      const other = await room.open();
      const id = await sent(room, other, { to: [from] });
      const entry = await only(other, 'ready', from);
      let count = 0;
      const disk = watchedDisk(async () => {
        if (++count === n) await other.mail.handOver(entry, to, {});
      });
      const session = { store: await room.open(disk) } as Session;
      expect((await findSurely(session, id)).length, `call ${n}, from ${from}`).toBeGreaterThan(0);
      calls = count;
    }
});

test('a look at a mailbox that a message leaves or comes to counts it once at most', async () => {
  const room = makeRoom();
  const other = await room.open();
  await sent(room, other);
  const entry = await only(other, 'ready');
  let over = false;
  const disk = watchedDisk(async ({ method, path }: DiskCall) => {
    if (over || method !== 'list' || !path.startsWith(room.at('bob').ready)) return;
    over = true;
    await other.mail.handOver(entry, 'ann', {});
  });
  const store = await room.open(disk);
  expect(await store.look.counts('bob')).toMatchObject({ ready: 0, inflight: 0, delayed: 0 });
  expect(over).toBe(true);
  expect(await store.look.counts('ann')).toMatchObject({ ready: 1, inflight: 0, delayed: 0 });
});

test('what a consumer held whose process has ended is handed over, and nothing of it comes back', async () => {
  const room = makeRoom();
  const alive = new Map([[7, 'began']]);
  const processOf = (pid: number) => ({
    ...watchedDisk(),
    self: () => ({ pid, machine: 'here' }),
    startOf: (of: number) => alive.get(of),
  });
  const dying = await room.open(processOf(7));
  const consumer = await dying.mail.takeUp('bob');
  await sent(room, dying);
  await dying.mail.claim('bob', { token: consumer.token(), leaseMs, policy });
  alive.delete(7);
  const store = await room.open(processOf(8));
  await store.mail.handOver(await only(store, 'inflight'), 'ann', {});
  for (let look = 0; look < 3; look++) expect((await store.mail.recover('bob', policy)).moved).toBe(0);
  expect([...(await census(room, store)).values()]).toEqual([['ready']]);
  expect(readdirSync(room.at('bob').consumers)).toEqual([]);
});

test('housekeeping of both mailboxes leaves it as it is', async () => {
  const room = makeRoom();
  const store = await room.open();
  const id = await sent(room, store);
  room.clock.advance(5 * 86_400_000);
  await store.mail.handOver(await only(store, 'ready'), 'ann', {});
  for (const name of ['ann', 'bob']) {
    await collect(store.upkeep!.packArchive(name, { beforeDay: '9999-01-01', dryRun: false }));
    await collect(store.upkeep!.pruneArchive(name, { fromDay: '9999-01-01', dryRun: false }));
    await collect(store.upkeep!.pruneEvents(name, { fromDay: '9999-01-01', dryRun: false }));
    await store.upkeep!.sweepExpired(name, { dryRun: false });
  }
  expect([...(await census(room, store))]).toEqual([[`ann ${id}`, ['ready']]]);
});
