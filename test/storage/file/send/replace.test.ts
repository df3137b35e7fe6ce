import { readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { DiskCall } from '../disks.ts';
import { accepted, leaseMs, policy } from '../../contract/rig.ts';
import { newToken } from '../../contract/ways.ts';
import { diskFailure, Killed, killedAt, watchedDisk } from '../disks.ts';
import { collect, makeRoom, recoverAll, type Room } from '../room.ts';
import type { Store } from '../../../../src/storage/port/store.ts';

const keyed = (room: Room, fields = {}) => room.outgoing({ from: 'ann', replaceKey: 'k', ...fields });

async function send(room: Room, store: Store, fields = {}): Promise<string> {
  return accepted(await store.mail.send([keyed(room, fields)], { durability: 'relaxed' })).id;
}

async function waiting(store: Store): Promise<string[]> {
  return (await collect(store.look.list('bob', 'ready'))).map(({ id }) => id);
}

test('killed at any step it leaves one of the two or both, never neither, and the next send leaves one', async () => {
  let both = 0;
  for (let n = 1; ; n++) {
    const room = makeRoom();
    const first = await send(room, await room.open());
    const { disk, killed } = killedAt(n);
    let second: string | undefined;
    try {
      second = await send(room, await room.open(disk));
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
    const store = await room.open();
    await recoverAll(room, store);
    const left = await waiting(store);
    expect([1, 2]).toContain(left.length);
    if (left.length === 2) both++;
    // What was confirmed is there, and what it replaced is not.
    if (second === undefined) expect(left.length === 1 || left.includes(first)).toBe(true);
    else expect(left).toEqual([second]);
    expect(await waiting(await room.open())).toEqual(left);
    const third = await send(room, store);
    expect(await waiting(store)).toEqual([third]);
    if (!killed()) break;
  }
  expect(both).toBeGreaterThan(0);
});

test('a send that was cut off after its commit replaces the older one when another process hands it out', async () => {
  const room = makeRoom();
  await send(room, await room.open());
  const doomed = watchedDisk(({ method, path }) => {
    if (method === 'rename' && /outbox\/[0-9A-Z]{26}\//.test(path)) throw new Killed();
  });
  await expect(send(room, await room.open(doomed))).rejects.toBeInstanceOf(Killed);
  const store = await room.open();
  await store.mail.recover('bob', policy);
  expect(await waiting(store)).toHaveLength(1);
  expect(await collect(store.look.list('bob', 'archived'))).toHaveLength(1);
});

test('what it replaces goes after everything of the new one is synced, also where relaxed was asked for', async () => {
  const room = makeRoom();
  await send(room, await room.open());
  const calls: DiskCall[] = [];
  const store = await room.open(watchedDisk((call) => void calls.push(call)));
  await send(room, store);
  const gone = calls.findIndex(({ method, to }) => method === 'rename' && to?.includes('/archive/'));
  const body = calls.findIndex(({ method, synced }) => method === 'create' && synced);
  const commit = calls.findIndex(({ method, path }) => method === 'rename' && path.endsWith('.new'));
  const synced = calls.findIndex(
    ({ method, path }, at) => at > commit && method === 'syncDir' && path.endsWith('/outbox'),
  );
  expect([body, commit, synced].every((at) => at >= 0)).toBe(true);
  expect(gone).toBeGreaterThan(synced);
});

test('a file in drop/ with a replace key is synced where it is adopted before it takes the place of another', async () => {
  const room = makeRoom();
  const first = await send(room, await room.open());
  const file = join(room.at('bob').drop, 'a.json');
  writeFileSync(file, JSON.stringify({ from: 'ann', body: 'new', replaceKey: 'k' }));
  // Later by its own time: of two in one millisecond either may be the newer.
  const handedIn = (room.clock.now() + 10) / 1000;
  utimesSync(file, handedIn, handedIn);
  const calls: DiskCall[] = [];
  const store = await room.open(watchedDisk((call) => void calls.push(call)));
  room.clock.advance(1000);
  await store.mail.recover('bob', policy);
  const left = await waiting(store);
  expect(left).toHaveLength(1);
  expect(left).not.toContain(first);
  const synced = calls.findIndex(({ method }) => method === 'syncFile');
  const gone = calls.findIndex(({ method, to }) => method === 'rename' && to?.includes('/archive/'));
  expect(synced).toBeGreaterThan(0);
  expect(gone).toBeGreaterThan(synced);
});

test('a claim in between wins: both are delivered, and the sender is told', async () => {
  const room = makeRoom();
  const first = await send(room, await room.open());
  const reader = await room.open();
  let claimed = '';
  const disk = watchedDisk(async ({ method, path, to }) => {
    if (method !== 'rename' || !to?.includes('/archive/') || !path.includes(first) || claimed !== '') return;
    claimed = 'soon';
    const one = await reader.mail.claim('bob', { token: newToken(), leaseMs, policy });
    claimed = one?.message.id ?? '';
  });
  const second = await send(room, await room.open(disk));
  expect(claimed).toBe(first);
  expect(await waiting(reader)).toEqual([second]);
  expect(room.warnings.join()).toContain(`${first} was claimed in bob before ${second} could take its place`);
});

test('a disk that refuses to archive the older one leaves both and says so; the new one is sent', async () => {
  const room = makeRoom();
  const first = await send(room, await room.open());
  const disk = watchedDisk((call) => {
    if (call.method === 'rename' && call.to?.includes('/archive/')) throw diskFailure(call);
  });
  const second = await send(room, await room.open(disk));
  expect(await waiting(await room.open())).toEqual([first, second]);
  expect(room.warnings.join()).toContain(`What ${second} replaces in bob may be delivered, too`);
});

test('a send without a replace key asks the disk for nothing more', async () => {
  const room = makeRoom();
  const calls: DiskCall[] = [];
  const store = await room.open(watchedDisk((call) => void calls.push(call)));
  await store.mail.send([room.outgoing()], { durability: 'full' });
  calls.length = 0;
  await store.mail.send([room.outgoing()], { durability: 'full' });
  expect(calls.map(({ method }) => method)).not.toContain('list');
  expect(readdirSync(room.at('bob').archive)).toEqual([]);
});
