import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { between, idsIn, twoRoots } from './bridging.ts';
import { type Rig, type Running, test } from './rig.ts';

/** Begins it anew whenever it was killed. @returns what ends that, and waits for it */
function keepBridging(rig: Rig, cwd: string, via: string): () => Promise<void> {
  let isOver = false;
  let running: Running;
  const keeping = (async () => {
    while (!isOver) {
      running = rig.start(['bridge', 'b', '--via', via, '--json'], { cwd });
      const ended = await running.ended;
      if (ended.signal !== 'SIGKILL') expect(ended).toMatchObject({ code: 0 });
    }
  })();
  return async () => {
    isOver = true;
    running.child.kill('SIGTERM');
    await keeping;
  };
}

async function untilThere(rig: Rig, a: string, count: number): Promise<void> {
  while ((await idsIn(rig, a, 'bob', 'archived')).length < count)
    await new Promise((resolve) => setTimeout(resolve, 200));
}

/** Each once in the far mailbox, and none left in the near one. */
async function expectOnce(rig: Rig, { a, b }: { a: string; b: string }, sent: readonly string[]): Promise<void> {
  const there = await idsIn(rig, b, 'bob', 'ready');
  expect(there.toSorted()).toEqual(sent.toSorted());
  for (const state of ['ready', 'inflight', 'delayed', 'dead']) expect(await idsIn(rig, a, 'bob', state)).toEqual([]);
  expect((await rig.dreamos('doctor --quiet', { cwd: b })).code).toBe(0);
}

describe('killed at a step', { timeout: 120_000 }, () => {
  test.for([
    ['far before', 0],
    ['far storing', 0],
    ['far storing', 4],
    ['far storing', 12],
    ['far stored', 0],
    ['near before', 0],
    ['near stored', 0],
    ['near acking', 0],
    ['near acking', 3],
  ] as const)('%s, %d ms later, nothing is lost and nothing comes twice', async ([at, afterMs], { bare: rig }) => {
    const roots = await twoRoots(rig);
    const sent: string[] = [];
    for (let i = 0; i < 20; i++) sent.push(await rig.sent(`send bob m${i} --as ann`, { cwd: roots.a }));
    const mark = join(rig.dir, 'killed');
    const end = keepBridging(rig, roots.a, between({ cwd: roots.b, at, nth: 7, afterMs, mark }));
    await untilThere(rig, roots.a, sent.length);
    await end();
    expect(existsSync(mark)).toBe(true);
    await expectOnce(rig, roots, sent);
  });
});

test(
  '2,000 messages are there once, while both ends are killed at random',
  { timeout: 600_000 },
  async ({ bare: rig }) => {
    const roots = await twoRoots(rig);
    const mark = join(rig.dir, 'killed');
    writeFileSync(mark, '');
    const end = keepBridging(
      rig,
      roots.a,
      between({ cwd: roots.b, mark, random: { leastMs: 200, mostMs: 900, far: 0.4 } }),
    );
    const sent: string[] = [];
    for (let i = 0; i < 20; i++) {
      const lines = Array.from({ length: 100 }, (_, n) => JSON.stringify({ to: 'bob', body: `m${i * 100 + n}` })).join(
        '\n',
      );
      const { json } = await rig.dreamos('send --batch --as ann --json', { cwd: roots.a, stdin: lines });
      sent.push(...json.map(({ id }) => id));
    }
    expect(sent).toHaveLength(2000);
    await untilThere(rig, roots.a, sent.length);
    const kills = readFileSync(mark, 'utf8').split('\n').filter(Boolean);
    await end();
    expect(kills.filter((who) => who === 'far').length).toBeGreaterThan(1);
    expect(kills.filter((who) => who === 'near').length).toBeGreaterThan(1);
    await expectOnce(rig, roots, sent);
  },
);
