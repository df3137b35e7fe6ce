import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Store } from '../../../../src/storage/port/store.ts';
import { watchedDisk } from '../disks.ts';
import { makeRoom, type Room } from '../room.ts';

const keep = (store: Store, text: string): Promise<void> =>
  store.mail.quarantine('bob', Buffer.from(text), { name: 'a.json', why: 'it is not JSON' });

const kept = (room: Room): string[] =>
  readdirSync(room.at('bob').corrupt).filter((name) => !name.endsWith('.note.json'));

test('of hundreds of files that cannot be read each is compared with what is kept without a look at all of it', async () => {
  const room = makeRoom();
  const before = await room.open();
  // Of one size, so that nothing else tells them apart.
  for (let n = 100; n < 200; n++) await keep(before, `{"broken ${n}`);
  let looks = 0;
  const { corrupt } = room.at('bob');
  const store = await room.open(
    watchedDisk(({ method, path }) => void (path.startsWith(corrupt) && /list|read/.test(method) && looks++)),
  );
  for (let n = 100; n < 400; n++) await keep(store, `{"broken ${n}`);
  expect(kept(room)).toHaveLength(300);
  // Each of the first hundred when it is learned, and when it is met again.
  expect(looks).toBeLessThan(250);
});

test('what is put aside or cleared up by others meanwhile is seen', async () => {
  const room = makeRoom();
  const [one, other] = [await room.open(), await room.open()];
  await keep(one, 'first');
  await keep(other, 'other');
  await keep(one, 'other');
  expect(kept(room)).toHaveLength(2);
  for (const name of kept(room)) rmSync(join(room.at('bob').corrupt, name));
  await keep(one, 'first');
  await keep(one, 'other');
  expect(kept(room)).toHaveLength(2);
});
