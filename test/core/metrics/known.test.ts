/** Since when numbers are known, where event logs are pruned. */
import { appendFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { registerAgent } from '../../../src/core/agents/agents.ts';
import { readingsFor } from '../../../src/core/alerts/readings.ts';
import { maintain } from '../../../src/core/keep/maintain.ts';
import { stats } from '../../../src/core/metrics/stats.ts';
import { rootOver } from '../../../src/core/open-root.ts';
import { dayMs } from '../../../src/model/basics/limits.ts';
import { createIds } from '../../../src/model/id.ts';
import { eventLog } from '../../../src/storage/file/names/slots.ts';
import { makeRoom } from '../../storage/file/room.ts';
import { gather, must } from '../rig.ts';

/** A mailbox in which 10 messages arrived on each of these days ago. */
async function withMail(days: readonly number[]) {
  const room = makeRoom([], Date.parse('2026-11-20T12:00:00.000Z'));
  const { clock, root } = room;
  const store = await room.open();
  const session = rootOver(store, { path: root, clock, ids: createIds() }, { env: {}, warn: () => undefined });
  await registerAgent(session, { name: 'bob', settings: { eventDays: 3 } });
  const bob = room.at('bob');
  mkdirSync(bob.events, { recursive: true });
  const logOfDay = (ago: number): string => eventLog(bob, dayAgo(ago));
  const arrive = (ago: number): void => {
    const line = { at: `${dayAgo(ago)}T06:00:00.000Z`, mailbox: 'bob', event: 'delivered', id: 'A', type: 'x' };
    appendFileSync(logOfDay(ago), `${JSON.stringify(line)}\n`.repeat(10));
  };
  for (const ago of days) arrive(ago);
  return { session, bob, logOfDay, arrive, upkeep: must(store.upkeep) };
}

const now = Date.parse('2026-11-20T12:00:00.000Z');
const dayAgo = (ago: number): string => new Date(now - ago * dayMs).toISOString().slice(0, 10);

test('maintain counts a log before it prunes it, so that its numbers stay', async () => {
  const { session, logOfDay } = await withMail([20, 8, 7, 1]);
  await gather(maintain(session));
  expect([8, 7, 1].map((ago) => existsSync(logOfDay(ago)))).toEqual([false, false, true]);
  for (const by of ['mailbox', 'type'] as const) {
    const { rows, knownSince } = await stats(session, undefined, { windowMs: 10 * dayMs, by });
    expect([knownSince, rows[0]?.arrived]).toEqual([undefined, 30]);
  }
});

test('what lies before a log that nobody had counted does not count, in the numbers of any grouping', async () => {
  const { session, upkeep } = await withMail([8, 7, 1]);
  const keep = { fromDay: dayAgo(7), dryRun: false };
  await gather(upkeep.pruneEvents('bob', keep));
  await gather(maintain(session));
  for (const by of ['mailbox', 'type'] as const) {
    const { rows, knownSince } = await stats(session, undefined, { windowMs: 10 * dayMs, by });
    expect([knownSince, rows[0]?.arrived]).toEqual([`${dayAgo(7)}T00:00:00.000Z`, 20]);
    expect(rows[0]?.inPerMinute).toBeCloseTo(20 / (7.5 * 24 * 60));
  }
});

test('what was counted before a gap counts in no rate of the time behind it, neither in stats nor in an alert', async () => {
  const { session, upkeep, arrive } = await withMail([9]);
  await stats(session, undefined, { windowMs: 10 * dayMs });
  for (const ago of [8, 7, 1]) arrive(ago);
  await gather(upkeep.pruneEvents('bob', { fromDay: dayAgo(7), dryRun: false }));
  const perMinute = 20 / (7.5 * 24 * 60);
  const { rows } = await stats(session, undefined, { windowMs: 10 * dayMs });
  expect(rows[0]?.inPerMinute).toBeCloseTo(perMinute, 6);
  const rule = { name: 'busy', metric: 'inPerMinute', over: 1, window: '10d' } as const;
  const [reading] = (await readingsFor(session, [rule])).of(rule);
  expect(reading?.value).toBeCloseTo(perMinute, 6);
});

test('of a mailbox that cannot be looked into nobody says that it is empty', async () => {
  const { session, bob } = await withMail([0]);
  await registerAgent(session, { name: 'ann' });
  rmSync(bob.ready, { recursive: true, force: true });
  writeFileSync(bob.ready, '');
  const { rows } = await stats(session);
  expect(rows.map(({ name, backlog, corrupt }) => [name, backlog, corrupt])).toEqual([
    ['ann', 0, 0],
    ['bob', null, null],
  ]);
});
