import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { exportTo } from '../../../src/core/export/export.ts';
import { packArchive, pruneArchive } from '../../../src/core/keep/maintain.ts';
import { rootOver } from '../../../src/core/open-root.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { send } from '../../../src/core/send/send.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { ack, nack } from '../../../src/core/take/settle.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import { scratch } from '../../scratch.ts';
import { killedBehind } from '../../storage/file/disks.ts';
import { makeRoom, type Room } from '../../storage/file/room.ts';
import { gather, must } from '../rig.ts';
import { contents, rows } from './rig.ts';

const dayMs = 86_400_000;
let room: Room;
let root: Session;
let dir: string;
let file: string;
beforeEach(async () => {
  room = makeRoom();
  root = sessionOver(await room.open());
  dir = scratch();
  file = join(dir, 'mail.db');
});

const sessionOver = (store: Store): Session => {
  const { root: path, clock, ids, warnings } = room;
  return rootOver(store, { path, clock, ids }, { as: 'ann', warn: (text) => void warnings.push(text) });
};
const pruneEvents = async (): Promise<void> => {
  const fromDay = new Date(room.clock.now()).toISOString().slice(0, 10);
  await gather(must(root.store.upkeep).pruneEvents('bob', { fromDay, dryRun: false }));
};
const finished = async (body: string): Promise<string> => {
  await send(root, { to: 'bob', body });
  return (await ack(root, must(await readNext(root, 'bob')).receipt)).id;
};

test('what is packed is exported, and what was exported stays when it and its events are pruned', async () => {
  await finished('packed');
  room.clock.advance(3 * dayMs);
  await gather(packArchive(root, 'bob'));
  await finished('later');
  await exportTo(root, file);
  const before = contents(file);
  expect(rows(file, 'SELECT body FROM messages ORDER BY body').map(({ body }) => body)).toEqual(['later', 'packed']);
  room.clock.advance(9 * dayMs);
  await gather(pruneArchive(root, 'bob', { olderThanMs: dayMs }));
  await pruneEvents();
  await send(root, { to: 'bob', body: 'newest' });
  expect((await exportTo(root, file))?.rows).toMatchObject({ messages: 1, deliveries: 1 });
  expect(contents(file)).not.toEqual(before);
  expect(rows(file, "SELECT count(*) AS n FROM deliveries WHERE outcome = 'acked'")).toEqual([{ n: 2 }]);
  expect(room.warnings).toEqual([]);
});

test('what is older than its events has a state and no times', async () => {
  const id = await finished('old');
  room.clock.advance(9 * dayMs);
  await send(root, { to: 'bob', body: 'new' });
  await pruneEvents();
  await exportTo(root, file);
  expect(rows(file, `SELECT state, outcome, attempts, delivered_at FROM deliveries WHERE message = '${id}'`)).toEqual([
    { state: 'archived', outcome: 'acked', attempts: 1, delivered_at: null },
  ]);
});

test('what a process has done before it died without telling of it is told by where it lies', async () => {
  await send(root, { to: 'bob', body: 'x' });
  await exportTo(root, file);
  const { receipt } = must(await readNext(root, 'bob'));
  const dying = sessionOver(
    await room.open(
      killedBehind(({ method, path, to }) => method === 'rename' && path.includes('inflight') && /dlq/.test(to ?? '')),
    ),
  );
  await expect(nack(dying, receipt, { reason: 'refused', dead: true })).rejects.toThrow('killed');
  await exportTo(root, file);
  const anew = join(dir, 'anew.db');
  await exportTo(root, anew);
  expect(rows(file, 'SELECT state, outcome, reason FROM deliveries')).toEqual([
    { state: 'dead', outcome: 'dead', reason: 'refused' },
  ]);
  expect(contents(file)).toEqual(contents(anew));
});

test('what was done to a message and never told is known once its lease is over, also where nothing else happens', async () => {
  await send(root, { to: 'bob', body: 'x' });
  const { receipt } = must(await readNext(root, 'bob'));
  await exportTo(root, file);
  const dying = sessionOver(
    await room.open(killedBehind(({ method, to }) => method === 'rename' && /archive/.test(to ?? ''))),
  );
  await ack(dying, receipt);
  expect(room.warnings.join()).toMatch(/event log of bob could not be written: killed/);
  room.clock.advance(dayMs / 24);
  expect((await exportTo(root, file))?.rows).toMatchObject({ deliveries: 1, events: 0 });
  expect(rows(file, 'SELECT state, outcome, lease_until FROM deliveries')).toEqual([
    { state: 'archived', outcome: 'acked', lease_until: null },
  ]);
  const anew = join(dir, 'anew.db');
  await exportTo(root, anew);
  expect(contents(file)).toEqual(contents(anew));
  expect((await exportTo(root, file))?.rows).toMatchObject({ deliveries: 0 });
});

test('what is nowhere, and of which nobody has told, is looked for once', async () => {
  await send(root, { to: 'bob', body: 'x', delayMs: 60_000 });
  await exportTo(root, file);
  for (const entry of await gather(root.store.look.list('bob', 'delayed'))) rmSync(join(room.at('bob').dir, entry.key));
  room.clock.advance(dayMs / 24);
  expect((await exportTo(root, file))?.rows).toMatchObject({ deliveries: 1 });
  const before = readFileSync(file);
  await exportTo(root, file);
  expect(readFileSync(file).equals(before)).toBe(true);
});
