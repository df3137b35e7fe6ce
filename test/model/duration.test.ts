import { expect, test } from 'vitest';
import { daysIn, durationIn, exactDuration, parseDuration, timeLeft } from '../../src/model/duration.ts';

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
  ['1w', '7d'],
  ['1.5 weeks', '10.5d'],
  ['5 minutes', '5m'],
  ['90min', '90m'],
  ['30S', '30s'],
  ['1 hour and 30 mins', '1h30m'],
  ['1h 30m', '1h30m'],
  ['20 msecs', '20ms'],
  ['1 day, 2 hrs', '1d2h'],
  ['5', undefined],
  ['1 month', undefined],
  ['30m1h', undefined],
  ['soon', undefined],
  ['', undefined],
])('who writes "%s" is told to write %s', (text, meant) => {
  const hint = `${meant === undefined ? 'Write a' : `Write ${meant}; a`} number and a unit: 250ms, 30s, 5m, 2h, 7d or 1h30m.`;
  let told: unknown;
  try {
    parseDuration(text);
  } catch (error) {
    told = error;
  }
  expect(told).toMatchObject({ code: 'USAGE', hint });
});

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

test.each([
  [299_990, '5m'],
  [300_001, '5m'],
  [301_000, '5m'],
  [1500, '2s'],
  [20, '20ms'],
  [-5, '0ms'],
])('of %i milliseconds that are left a person is told %s', (ms, text) => {
  expect(timeLeft(ms)).toBe(text);
});
