import { expect, test } from 'vitest';
import { setConfig } from '../../../src/core/config/change.ts';
import { maintain } from '../../../src/core/keep/maintain.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { send } from '../../../src/core/send/send.ts';
import { ack } from '../../../src/core/take/settle.ts';
import { makeRoom } from '../../storage/file/room.ts';
import { gather, must } from '../rig.ts';
import { rootOver } from '../../../src/core/open-root.ts';

const dayMs = 86_400_000;

test('what is too old is removed without being packed before, and a dry run says the same', async () => {
  const room = makeRoom();
  const { root: path, clock, ids } = room;
  const store = await room.open();
  const warn = (warning: string): void => void room.warnings.push(warning);
  const root = rootOver(store, { path, clock, ids }, { as: 'ann', warn });
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
  expect((await store.look.counts('bob')).archived).toBe(1);
  await store.close();
});
