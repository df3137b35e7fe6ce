import { expect, test } from 'vitest';
import { families } from '../../../src/core/metrics/families.ts';
import type { Gauge } from '../../../src/core/metrics/gauges.ts';
import { record } from '../../../src/model/metrics/histogram.ts';
import { emptyTally, type Tally } from '../../../src/model/metrics/tally.ts';
import { must } from '../rig.ts';

const nowMs = Date.UTC(2026, 10, 20, 9);

function samplesOf(name: string, gauges: readonly Gauge[], totals: Record<string, Tally> = {}) {
  const all = families({ gauges, totals: new Map(Object.entries(totals)), nowMs, root: '/r', version: '1.2.3' });
  return all.find((family) => family.name === name)?.samples;
}

const gauge = (name: Gauge['name'], value: number): Gauge => ({ name, mailbox: 'reviewer', value });

test('messages of all states are one family, told apart by a label', () => {
  expect(samplesOf('dreamos_messages', [gauge('ready', 3), gauge('dead', 1), gauge('backlog', 9)])).toEqual([
    { labels: { root: '/r', mailbox: 'reviewer', state: 'ready' }, value: 3 },
    { labels: { root: '/r', mailbox: 'reviewer', state: 'dead' }, value: 1 },
  ]);
});

test('a span of time is told as the moment at which it began', () => {
  const labels = { root: '/r', mailbox: 'reviewer' };
  const [began] = must(samplesOf('dreamos_oldest_ready_timestamp_seconds', [gauge('oldestReadyMs', 90_000)]));
  expect(began).toEqual({ labels, value: nowMs / 1000 - 90 });
  expect(samplesOf('dreamos_last_read_timestamp_seconds', [gauge('oldestReadyMs', 90_000)])).toBeUndefined();
});

test('an agent is named as one, and has the label of its gauge', () => {
  const state: Gauge = { name: 'agentState', mailbox: 'reviewer', labels: { state: 'gone' }, value: 1 };
  expect(samplesOf('dreamos_agent_state', [state])).toEqual([
    { labels: { root: '/r', agent: 'reviewer', state: 'gone' }, value: 1 },
  ]);
});

test('events are counted from 0 on, and those of unknown kinds are left out', () => {
  const tally = emptyTally();
  Object.assign(tally.events, { acked: 4, published: 2, 'made up': 7 });
  const events = must(samplesOf('dreamos_events', [], { reviewer: tally }));
  expect(Object.fromEntries(events.map(({ labels, value }) => [labels['event'], value]))).toEqual({
    delivered: 0,
    claimed: 0,
    acked: 4,
    nacked: 0,
    lease_expired: 0,
    dead: 0,
    published: 2,
  });
});

test('scores are a count and a sum, and none where nobody has given any', () => {
  const scored = Object.assign(emptyTally(), { scored: 3, scores: 2.5 });
  expect(samplesOf('dreamos_score', [], { reviewer: scored, planner: emptyTally() })).toEqual([
    { labels: { root: '/r', mailbox: 'reviewer' }, count: 3, sum: 2.5 },
  ]);
});

test('a histogram has in each bucket just those values that are not above its bound', () => {
  const tally = emptyTally();
  // On bounds, a hair above one, below the first, beyond the last; and one of a clock that was set.
  const values = [4, 8, 8.000001, 0.5, 262_144, 262_145, 1_048_576, 5e8, -3];
  for (const value of values) record(tally.waited, value);
  const [sample] = must(samplesOf('dreamos_waited_seconds', [], { reviewer: tally, planner: emptyTally() }));
  const { count, sum, buckets = [] } = must(sample);
  expect(count).toBe(values.length);
  expect(sum).toBeCloseTo(values.filter((value) => value > 0).reduce((all, value) => all + value) / 1000, 6);
  expect(buckets).toHaveLength(22);
  for (const { le, count: below } of buckets)
    expect(below, String(le)).toBe(values.filter((value) => value <= le * 1000).length);
  expect(samplesOf('dreamos_held_seconds', [], { reviewer: tally })).toBeUndefined();
});
