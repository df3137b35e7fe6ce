/** Which of several consumers of one mailbox it was, in words. */
import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
let [id, own]: string[] = [];
/** What worker-1 holds as build-1, and the reviewer as build-2; a minute ago. */
beforeEach(async () => {
  rig = await createRig();
  id = await rig.sent();
  await rig.dreamos('read reviewer --as worker-1 --label build-1');
  own = await rig.sent();
  await rig.dreamos('read reviewer', { env: { DREAMOS_LABEL: 'build-2' } });
  rig.time.nowMs += 60_000;
});

const since = '2026-11-20T09:00:00.000Z';

test('list, search, show and status have it with --json', async () => {
  const held = [
    { id, heldBy: 'worker-1', heldLabel: 'build-1' },
    { id: own, heldBy: 'reviewer', heldLabel: 'build-2' },
  ];
  expect((await rig.dreamos('list reviewer --json')).json).toMatchObject(held);
  expect((await rig.dreamos('search hello reviewer --json')).json).toMatchObject(held);
  expect((await rig.dreamos(`show ${own} --json`)).json).toMatchObject([{ entries: [{ heldLabel: 'build-2' }] }]);
  expect((await rig.dreamos('status reviewer --json')).json).toMatchObject([{ held }]);
});

test('list, show and status say it in words', async () => {
  const { out } = await rig.dreamos('list reviewer');
  expect(out).toContain(`  delivered to worker-1 (build-1) ${since}\n`);
  expect(out).toContain(`  delivered to reviewer (build-2) ${since}\n`);
  expect((await rig.dreamos(`show ${own}`)).out).toContain(`, delivered to reviewer (build-2) ${since}, `);
  expect((await rig.dreamos('status reviewer')).err).toBe(
    `reviewer: worker-1 (build-1) holds ${id} for 1m, 14m left\nreviewer: reviewer (build-2) holds ${own} for 1m, 14m left\n`,
  );
});

test.each([
  [80, / worker-1 14m left,…\n/, / 14m left, build-2\n/],
  [120, / 14m left, by worker-1 \(build-1\)\n/, / 14m left, by reviewer \(build-2\)\n/],
])('on a terminal of %d columns it is in the note of its line', async (columns, first, second) => {
  const { out } = await rig.dreamos('list reviewer', {
    terminal: true,
    env: { NO_COLOR: '1' },
    screen: { rows: 24, columns },
  });
  expect(out).toMatch(first);
  expect(out).toMatch(second);
  for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
});

test('in a narrow list the time that is left is seen, however long a label is', async () => {
  await rig.dreamos(['send', 'reviewer', 'x', '--as', 'planner', '--subject', 'a long subject '.repeat(9)]);
  await rig.dreamos(['read', 'reviewer', '--label', 'n'.repeat(64)]);
  const { out } = await rig.dreamos('list reviewer', { terminal: true, env: { NO_COLOR: '1' } });
  const line = out.split('\n').find((one) => one.includes('a long')) ?? '';
  expect(line).toMatch(/ 15m left, n+…$/);
  expect(line.length).toBeLessThanOrEqual(80);
});

test('trace and watch tell of each step by which consumer it was', async () => {
  await rig.dreamos(`nack ${id} --as worker-1 --label build-1 --dead`);
  await rig.dreamos(`renew ${own} --as reviewer --label build-3 --lease 1m`);
  rig.time.nowMs += 90_000;
  await rig.dreamos('status');
  expect((await rig.dreamos(`trace ${id}`)).out).toMatch(
    / claimed by worker-1 \(build-1\), attempt 1, .*\n.* dead by worker-1 \(build-1\), attempt 1, /,
  );
  expect((await rig.dreamos(`trace ${own}`)).out).toMatch(
    / claimed by reviewer \(build-2\), .*\n.* renewed by reviewer \(build-3\), .*\n.* lease expired, /,
  );
  const { out, json } = await rig.dreamos('watch reviewer --since start --wait 1ms');
  expect(json).toEqual([]);
  expect(out).toMatch(/ {2}claimed .* by worker-1 \(build-1\) attempt 1\n/);
  expect(out).toMatch(/ {2}renewed .* by reviewer \(build-3\) attempt 1\n/);
  expect((await rig.dreamos(`dlq show reviewer ${id}`)).out).toContain(`: claimed by worker-1 (build-1)\n`);
  expect((await rig.dreamos(`trace ${own} --mermaid`)).out).toContain(': claimed, of build-2, attempt 1, ');
  expect((await rig.dreamos(`trace ${id} --mermaid`)).out).toContain(': claimed, by worker-1 (build-1), attempt 1, ');
});

test('of a lease that ended is told whose it was', async () => {
  rig.root.store.journal.history = async () => [
    { at: since, mailbox: 'reviewer', event: 'lease_expired', id: own ?? '', label: 'build-2', attempt: 1 },
  ];
  const { out } = await rig.dreamos(`trace ${own}`, {
    onRoot: (root) => void (root.store.journal.history = rig.root.store.journal.history),
  });
  expect(out).toContain('  lease expired of build-2, attempt 1');
});

test('who holds several under labels is told which is which', async () => {
  await rig.sent();
  await rig.dreamos('read reviewer --label build-3');
  const { err } = await rig.dreamos('ack --as reviewer');
  expect(err).toMatch(/reviewer holds 2 messages: .* \(build-2\), .* \(build-3\)\./);
});

test('a label steers no terminal', async () => {
  await rig.sent();
  await rig.dreamos(['read', 'reviewer', '--label', 'a\u202Eb']);
  for (const line of [
    'list reviewer',
    'status reviewer',
    'watch reviewer --since start --wait 1ms',
    'ack --as reviewer',
  ]) {
    const { out, err } = await rig.dreamos(line);
    expect(out + err).toContain(String.raw`a\u202eb`);
    expect(out + err).not.toContain('\u202E');
  }
});
