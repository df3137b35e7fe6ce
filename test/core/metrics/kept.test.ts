/** What becomes of rollups where a root is backed up, restored and inspected. */
import { appendFileSync, existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { backup } from '../../../src/core/keep/backup.ts';
import { totals } from '../../../src/core/metrics/totals.ts';
import { openRoot, restoreRoot, rootOver } from '../../../src/core/open-root.ts';
import { dayMs } from '../../../src/model/basics/limits.ts';
import { createIds } from '../../../src/model/id.ts';
import { eventLog } from '../../../src/storage/file/names/slots.ts';
import { scratch } from '../../scratch.ts';
import { inspected, makeRoom } from '../../storage/file/room.ts';

async function counted() {
  const room = makeRoom(['bob'], Date.now());
  const bob = room.at('bob');
  mkdirSync(bob.events, { recursive: true });
  const now = room.clock.now();
  for (const ago of [5 * dayMs, 0]) {
    const at = new Date(now - ago).toISOString();
    appendFileSync(
      eventLog(bob, at.slice(0, 10)),
      `${JSON.stringify({ at, mailbox: 'bob', event: 'delivered', id: 'A' })}\n`,
    );
  }
  const { clock, root } = room;
  const store = await room.open();
  const session = rootOver(store, { path: root, clock, ids: createIds() }, { env: {}, warn: () => undefined });
  expect((await totals(session)).get('bob')?.arrived).toBe(2);
  for await (const _ of store.upkeep!.pruneEvents('bob', {
    fromDay: new Date(now).toISOString().slice(0, 10),
    dryRun: false,
  }));
  return { room, session, store };
}

test('a backup has those of logs that were pruned, too', async () => {
  const { session } = await counted();
  const file = join(scratch(), 'backup.tar.gz');
  await backup(session, file);
  const root = join(scratch(), 'restored');
  const restored = await restoreRoot(file, { root, env: {} });
  expect(restored).toBeDefined();

  const again = await openRoot({ root, env: {} });
  expect((await totals(again)).get('bob')?.arrived).toBe(2);
  await again.close();
});

test('doctor knows their folder, and sweeps what a killed look left in it', async () => {
  const { room, store } = await counted();
  const left = join(room.at('bob').metrics, '2026-11-20.jsonl.next-ABCDEFGHJK');
  writeFileSync(left, '');
  const old = new Date(room.clock.now() - dayMs);
  utimesSync(left, old, old);
  const findings = (await inspected(store, true)).filter(({ message }) => message.includes('metrics'));
  expect(findings.map(({ rule, fixed }) => [rule, fixed])).toEqual([['leftover', true]]);
  expect(existsSync(left)).toBe(false);
  expect(readdirSync(room.at('bob').metrics)).toHaveLength(3);
});
