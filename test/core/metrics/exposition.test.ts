import { expect, test } from 'vitest';
import type { MetricFamily } from '../../../src/contract/numbers/metrics.ts';
import { metricsText } from '../../../src/core/metrics/exposition.ts';

const labels = { root: '/a "b"\\c\nd' };
const label = 'root="/a \\"b\\"\\\\c\\nd"';
const all: MetricFamily[] = [
  { name: 'x_build', type: 'info', help: 'Which "one".', samples: [{ labels: { version: '1' }, value: 1 }] },
  { name: 'x_events', type: 'counter', help: 'A \\ and a\nline.', samples: [{ labels, value: 2 }] },
  { name: 'x_free_bytes', type: 'gauge', unit: 'bytes', help: 'Free.', samples: [{ labels, value: 0.25 }] },
  { name: 'x_score', type: 'summary', help: 'Said.', samples: [{ labels, count: 2, sum: 1.5 }] },
  {
    name: 'x_held_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'Held.',
    samples: [
      {
        labels,
        count: 3,
        sum: 9,
        buckets: [
          { le: 0.004, count: 1 },
          { le: 2, count: 2 },
        ],
      },
    ],
  },
];

test('OpenMetrics names a family without what stands behind its samples, says its unit, and has an end', () => {
  expect(metricsText(all).split('\n')).toEqual([
    '# HELP x_build Which \\"one\\".',
    '# TYPE x_build info',
    'x_build_info{version="1"} 1',
    '# HELP x_events A \\\\ and a\\nline.',
    '# TYPE x_events counter',
    `x_events_total{${label}} 2`,
    '# HELP x_free_bytes Free.',
    '# TYPE x_free_bytes gauge',
    '# UNIT x_free_bytes bytes',
    `x_free_bytes{${label}} 0.25`,
    '# HELP x_score Said.',
    '# TYPE x_score summary',
    `x_score_sum{${label}} 1.5`,
    `x_score_count{${label}} 2`,
    '# HELP x_held_seconds Held.',
    '# TYPE x_held_seconds histogram',
    '# UNIT x_held_seconds seconds',
    `x_held_seconds_bucket{${label},le="0.004"} 1`,
    `x_held_seconds_bucket{${label},le="2.0"} 2`,
    `x_held_seconds_bucket{${label},le="+Inf"} 3`,
    `x_held_seconds_sum{${label}} 9`,
    `x_held_seconds_count{${label}} 3`,
    '# EOF',
    '',
  ]);
});

test('the older text names it as its samples, and knows no info, no unit and no end', () => {
  const lines = metricsText(all, 'prometheus').split('\n');
  expect(lines.slice(0, 6)).toEqual([
    '# HELP x_build_info Which "one".',
    '# TYPE x_build_info gauge',
    'x_build_info{version="1"} 1',
    '# HELP x_events_total A \\\\ and a\\nline.',
    '# TYPE x_events_total counter',
    `x_events_total{${label}} 2`,
  ]);
  expect(lines.filter((line) => /^# (?:UNIT|EOF)/.test(line))).toEqual([]);
  const samples = (text: string): string[] => text.split('\n').filter((line) => !line.startsWith('#'));
  expect(samples(lines.join('\n'))).toEqual(samples(metricsText(all)));
});
