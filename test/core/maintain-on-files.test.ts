import { expect, test } from 'vitest';
import { setConfig } from '../../src/core/config.ts';
import { maintain } from '../../src/core/maintain.ts';
import { readNext } from '../../src/core/read.ts';
import { send } from '../../src/core/send.ts';
import { ack } from '../../src/core/settle.ts';
import type { Root } from '../../src/core/root.ts';
import { makeRoom } from '../storage/file/room.ts';
import { gather, must } from './bench.ts';

const dayMs = 86_400_000;

test('what is too old is removed without being packed before, and a dry run says the same', async () => {
  const room = makeRoom();
  const { root: path, clock, ids } = room;
  const store = await room.open();
  const warn = (warning: string): void => void room.warnings.push(warning);
  const root: Root = { store, path, clock, ids, env: {}, acting: 'ann', warn, close: () => store.close() };
  await setConfig(root, 'packAfterDays', '2');
  await setConfig(root, 'archiveDays', '4');
  await setConfig(root, 'archiveBytes', '1000000');
  for (const body of ['one', 'two']) {
    await send(root, { to: 'bob', body });
    await ack(root, must(await readNext(root, 'bob')).receipt);
    clock.advance(3 * dayMs);
  }
  const kept = async (dryRun: boolean) =>
    (await gather(maintain(root, { dryRun }))).map(({ task, day, count }) => ({ task, day, count }));
  const dayAgo = (days: number): string => new Date(clock.now() - days * dayMs).toISOString().slice(0, 10);
  const expected = [
    { task: 'prune', day: dayAgo(6), count: 1 },
    { task: 'pack', day: dayAgo(3), count: 1 },
  ];
  expect(await kept(true)).toEqual(expected);
  expect(await kept(false)).toEqual(expected);
  expect(await kept(false)).toEqual([]);
  expect((await store.counts('bob')).archived).toBe(1);
  await store.close();
});
