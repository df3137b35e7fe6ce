import { expect, test } from 'vitest';
import { daysIn, durationIn, exactDuration, parseDuration } from '../../src/model/duration.ts';

test.each([
  ['0', 0],
  ['250ms', 250],
  ['1.5s', 1500],
  ['1h30m', 5_400_000],
  ['1d12h', 129_600_000],
  ['1m5s', 65_000],
  ['1m5ms', 60_005],
  ['1d2h3m4s5ms', 93_784_005],
  ['1h1.5m', 3_690_000],
])('%s is %i milliseconds', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(['', '1', '30m1h', '1h1h', '1h 30m', '1h30', 'h', '1w', '-1h', '1h-30m', '01:30', '1.h', '1e3s'])(
  '"%s" is no duration',
  (text) => {
    expect(durationIn(text)).toBeUndefined();
    expect(() => parseDuration(text)).toThrow(/is not a duration/);
  },
);

test.each([
  [5_400_000, '1h30m'],
  [1_500, '1s500ms'],
  [86_400_000, '1d'],
  [0, '0ms'],
])('%i milliseconds are written out as %s', (ms, text) => {
  expect(exactDuration(ms)).toBe(text);
});

test.each([
  ['30', 30],
  ['30d', 30],
  ['48h', 2],
  ['1d24h', 2],
  ['36h', undefined],
  ['30x', undefined],
])('%s is %s days', (text, days) => {
  expect(daysIn(text)).toBe(days);
});
