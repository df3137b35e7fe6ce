import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { linkSync, lstatSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import type { PresenceRecord } from '../../../../src/storage/port/presence.ts';
import { type DiskCall, watchedDisk } from '../disks.ts';
import type { Store } from '../../../../src/storage/port/store.ts';
import { makeRoom, type Room } from '../room.ts';

let room: Room;
let store: Store;
const calls: DiskCall[] = [];
beforeEach(async () => {
  room = makeRoom();
  store = await room.open(watchedDisk((call) => void calls.push(call)));
  calls.length = 0;
});

const said = (fields: Partial<PresenceRecord> = {}): PresenceRecord => ({ status: 'idle', since: 7000, ...fields });
const file = (): string => room.at('bob').presence;

/** A process that does nothing. */
async function sleeper() {
  const child = spawn('sleep', ['60']);
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'spawn');
  return { child, pid: child.pid ?? 0 };
}

test('a process that is known runs until it ends, also while it is stopped', async () => {
  const { presence } = store;
  const { child, pid } = await sleeper();
  expect(await presence.put('bob', said({ pid }))).toBe(true);
  const known = await presence.get('bob');
  expect(known).toMatchObject({ pid, running: true, host: expect.any(String) as string });
  expect(known).toHaveProperty('startedAt');
  child.kill('SIGSTOP');
  expect(await presence.get('bob')).toMatchObject({ running: true });
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await presence.get('bob')).toMatchObject({ pid, running: false });
});

test('a process that is not there is refused, and what was said before stays', async () => {
  const { presence } = store;
  const { child, pid } = await sleeper();
  child.kill('SIGKILL');
  await once(child, 'exit');
  await presence.put('bob', said({ note: 'before' }));
  expect(await presence.put('bob', said({ pid }))).toBe(false);
  expect(await presence.get('bob')).toMatchObject({ note: 'before' });
});

test('of a process of another machine, or of this one before its last start, nothing is said', async () => {
  await store.presence.put('bob', said({ pid: process.pid }));
  const written = JSON.parse(readFileSync(file(), 'utf8')) as object;
  writeFileSync(file(), JSON.stringify({ ...written, machine: 'another' }));
  expect(await store.presence.get('bob')).not.toHaveProperty('running');
  // The number was given again.
  writeFileSync(file(), JSON.stringify({ ...written, pidStart: '1' }));
  expect(await store.presence.get('bob')).toMatchObject({ running: false });
});

test('nothing of it is synced, and it takes its place by a rename', async () => {
  await store.presence.put('bob', said());
  expect(calls.filter(({ synced }) => synced)).toEqual([]);
  expect(calls.map(({ method }) => method)).toEqual(['create', 'refresh', 'rename']);
  expect(readdirSync(room.at('bob').dir).filter((name) => name.startsWith('presence'))).toEqual(['presence.json']);
});

test('who never said so costs one call a second, which finds nothing and writes nothing', async () => {
  await store.presence.seen('bob');
  expect(calls).toEqual([{ method: 'refresh', path: file() }]);
  await store.presence.seen('bob');
  expect(calls).toHaveLength(1);
  expect(readdirSync(room.at('bob').dir)).not.toContain('presence.json');
});

test.for(['', '{"v":1,"status":"id', '{"v":1}', '[]', '{"status":"asleep","since":"2026-11-20T09:00:00Z"}'])(
  'what is spoilt (%j) says nothing, and is replaced',
  async (text) => {
    writeFileSync(file(), text);
    expect(await store.presence.get('bob')).toBeUndefined();
    await store.presence.put('bob', said());
    expect(await store.presence.get('bob')).toMatchObject({ status: 'idle', since: 7000 });
  },
);

test('the time of a file outside of the root is nobody’s to set', async () => {
  for (const lay of [linkSync, symlinkSync]) {
    const outside = join(room.root, `outside-${lay.name}`);
    writeFileSync(outside, 'mine');
    utimesSync(outside, 5, 5);
    lay(outside, room.at(lay === linkSync ? 'bob' : 'ann').presence);
    await store.presence.seen(lay === linkSync ? 'bob' : 'ann');
    expect(lstatSync(outside).mtimeMs).toBe(5000);
  }
});
