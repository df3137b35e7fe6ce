import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Store } from '../../../../src/storage/port/store.ts';
import { type DiskCall, diskFailure, watchedDisk } from '../disks.ts';
import { inspected, makeRoom } from '../room.ts';

const full = (reason = 'full', code: 'MAILBOX_FULL' | 'MESSAGE_TOO_LARGE' = 'MAILBOX_FULL') => ({
  mailbox: 'bob',
  code,
  reason,
});
const refused = async (store: Store) => (await store.look.counts('bob')).refused;

test('a process writes a line a second, however much is refused, and the rest when it closes', async () => {
  const room = makeRoom();
  const calls: DiskCall[] = [];
  const store = await room.open(watchedDisk((call) => void calls.push(call)));
  for (let n = 0; n < 1000; n++) await store.mail.noteRefusals([full()]);
  expect(calls.filter(({ method }) => method === 'append')).toHaveLength(1);
  expect(calls.filter(({ method, synced }) => synced || method.startsWith('sync'))).toEqual([]);
  room.clock.advance(1000);
  await store.mail.noteRefusals([full('the last')]);
  expect(await refused(await room.open())).toMatchObject({ count: 1001, reason: 'the last' });
  await store.mail.noteRefusals([full(), full('large', 'MESSAGE_TOO_LARGE')]);
  await store.close();
  expect(await refused(await room.open())).toMatchObject({ count: 1003, code: 'MESSAGE_TOO_LARGE', reason: 'large' });
});

test('of a storm of processes the file stays small, and nothing is missing from the count', async () => {
  const room = makeRoom();
  const { refused: file } = room.at('bob');
  const reason = 'r'.repeat(5000);
  let most = 0;
  for (let n = 0; n < 600; n++) {
    const store = await room.open();
    await store.mail.noteRefusals([full(reason)]);
    await store.close();
    room.clock.advance(10_000);
    most = Math.max(most, statSync(file).size);
  }
  expect(most).toBeLessThan(70 * 1024);
  expect(most).toBeGreaterThan(60 * 1024);
  expect(await refused(await room.open())).toMatchObject({ count: 600 });
});

test('lines that are none are passed over, and doctor finds nothing wrong', async () => {
  const room = makeRoom();
  const { refused: file } = room.at('bob');
  writeFileSync(file, '{"at":"2026-11\n[]\nnull\n{"at":"x","count":1e99,"code":1}\n', { mode: 0o600 });
  const store = await room.open();
  expect(await refused(store)).toBeUndefined();
  await store.mail.noteRefusals([full()]);
  expect(await refused(store)).toMatchObject({ count: 1 });
  expect(await inspected(store, false)).toEqual([]);
});

test('a disk that does not take it is a warning, once', async () => {
  const room = makeRoom();
  const store = await room.open(
    watchedDisk((call) => {
      if (call.method === 'append') throw diskFailure(call);
    }),
  );
  await store.mail.noteRefusals([full()]);
  room.clock.advance(1000);
  await store.mail.noteRefusals([full()]);
  expect(room.warnings).toHaveLength(1);
  expect(room.warnings[0]).toContain('What bob refuses cannot be counted');
});

test('where nothing was refused a count asks for one more name, and a send for none', async () => {
  const room = makeRoom();
  const calls: DiskCall[] = [];
  const store = await room.open(watchedDisk((call) => void calls.push(call)));
  await store.mail.send([room.outgoing()], { durability: 'full' });
  const file = room.at('bob').refused;
  expect(calls.filter(({ path }) => path === file)).toEqual([]);
  await store.look.counts('bob');
  expect(calls.filter(({ path }) => path === file).map(({ method }) => method)).toEqual(['stat']);
  expect(existsSync(file)).toBe(false);
});

test('who is refused by a mailbox that was renamed meanwhile makes no folder of the old name', async () => {
  const room = makeRoom();
  const store = await room.open();
  await store.documents.rename('bob', 'eve');
  await store.mail.noteRefusals([full()]);
  expect(existsSync(room.at('bob').dir)).toBe(false);
  await store.mail.noteRefusals([{ ...full(), mailbox: 'eve' }]);
  expect(readFileSync(room.at('eve').refused, 'utf8').trim().split('\n')).toHaveLength(1);
});
