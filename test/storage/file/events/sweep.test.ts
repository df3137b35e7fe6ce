import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Initialised, initRoot } from '../../../../src/core/open-root.ts';
import { sweepLogs } from '../../../../src/storage/file/events/sweep.ts';
import { systemClock } from '../../../../src/model/clock.ts';
import { createIds } from '../../../../src/model/id.ts';
import { nodeDisk } from '../../../../src/storage/file/disk/node-disk.ts';
import { contextOf } from '../../../../src/storage/file/open.ts';

const fileContext = (path: string) =>
  contextOf(nodeDisk(), path, { clock: systemClock, ids: createIds(), warn: () => undefined });

let dir: string;
let root: Initialised['root'];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'dreamos-sweep-'));
  ({ root } = await initRoot({ root: dir, agents: ['planner', 'reviewer'] }));
});

afterEach(async () => {
  vi.useRealTimers();
  await root.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Through one rest of the sweep, and the look behind it, whose calls of the disk take real time. */
async function rested(): Promise<void> {
  vi.advanceTimersByTime(5000);
  for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
}

test('what no push told of is found within seconds, and said once', async () => {
  const ctx = fileContext(dir);
  const found: (ReadonlySet<string> | undefined)[] = [];
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const end = sweepLogs(
    ctx,
    async () => ['planner', 'reviewer'],
    (where) => found.push(where),
  );
  await rested();
  const day = new Date().toISOString().slice(0, 10);
  appendFileSync(join(dir, 'agent_mailboxes/reviewer/events', `${day}.jsonl`), '{}\n');
  await rested();
  await rested();
  expect(found).toEqual([undefined, new Set(['reviewer'])]);
  end();
  appendFileSync(join(dir, 'agent_mailboxes/planner/events', `${day}.jsonl`), '{}\n');
  await rested();
  expect(found).toHaveLength(2);
  expect(vi.getTimerCount()).toBe(0);
});

test('where it cannot be seen who follows is told to look', async () => {
  const found: unknown[] = [];
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const end = sweepLogs(
    fileContext(dir),
    () => Promise.reject(new Error('gone')),
    (where) => found.push(where),
  );
  await rested();
  expect(found).toEqual([undefined]);
  end();
});

test('who follows the same in one process shares a watch, which goes on until the last has left', async () => {
  const hints = [0, 0];
  const [first, second] = await Promise.all(
    hints.map((_, i) => root.store.journal.watch(['reviewer'], () => (hints[i] as number)++)),
  );
  const day = new Date().toISOString().slice(0, 10);
  const append = (): void => appendFileSync(join(dir, 'agent_mailboxes/reviewer/events', `${day}.jsonl`), '{}\n');
  append();
  await vi.waitFor(() => expect(Math.min(...hints)).toBeGreaterThan(0), 5000);
  await first?.close();
  await first?.close();
  await new Promise((resolve) => setTimeout(resolve, 300));
  const before = [...hints];
  append();
  await vi.waitFor(() => expect(hints[1]).toBeGreaterThan(before[1] as number), 5000);
  expect(hints[0]).toBe(before[0]);
  await second?.close();
});
