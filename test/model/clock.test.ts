import { expect, test } from 'vitest';
import { beatBy, parseTime, restByBeat } from '../../src/model/clock.ts';

const nowMs = Date.parse('2026-11-20T16:30:00Z');

test.each([
  ['18:00', '2026-11-20T18:00Z, or 2026-11-20T19:00+01:00'],
  ['9:05', '2026-11-21T09:05Z, or 2026-11-21T10:05+01:00'],
  ['16:30', '2026-11-21T16:30Z, or 2026-11-21T17:30+01:00'],
  ['9am', '2026-11-21T09:00Z, or 2026-11-21T10:00+01:00'],
  ['at 11:30 PM', '2026-11-20T23:30Z, or 2026-11-21T00:30+01:00'],
  ['12am', '2026-11-21T00:00Z, or 2026-11-21T01:00+01:00'],
  ['today 17:00', '2026-11-20T17:00Z, or 2026-11-20T18:00+01:00'],
  ['tomorrow at 17:00', '2026-11-21T17:00Z, or 2026-11-21T18:00+01:00'],
  ['tomorrow', '2026-11-21T09:00Z, or 2026-11-21T10:00+01:00'],
  ['2026-12-24', '2026-12-24T09:00Z, or 2026-12-24T10:00+01:00'],
  ['in 2h', '2026-11-20T18:30Z, or 2026-11-20T19:30+01:00'],
  ['+1h30m', '2026-11-20T18:00Z, or 2026-11-20T19:00+01:00'],
  ['25:00', '2026-11-21T09:00Z, or 2026-11-21T10:00+01:00'],
  ['9:75', '2026-11-21T09:15Z, or 2026-11-21T10:15+01:00'],
  ['soon', '2026-11-21T09:00Z, or 2026-11-21T10:00+01:00'],
  ['2026-02-30T09:00Z', '2026-11-21T09:00Z, or 2026-11-21T10:00+01:00'],
])('who writes the time "%s" is told to write %s', (text, meant) => {
  let told: unknown;
  try {
    parseTime(text, '--at', nowMs);
  } catch (error) {
    told = error;
  }
  expect(told).toMatchObject({
    code: 'USAGE',
    hint: `Write day and time: ${meant}. Without Z or an offset it is UTC.`,
  });
});

test('who looks by one clock looks at the same moments, which are whole, and never later than he has asked for', () => {
  let now = 1234.6;
  const clock = { now: () => 0, uptime: () => now };
  expect(beatBy(clock, now + 5000)).toBe(6234);
  now += 4999;
  expect([5000, 5001.5, 15_000, Infinity].map((ms) => beatBy(clock, now + ms))).toEqual([
    6234,
    11_234,
    16_234,
    Infinity,
  ]);
  expect([5000, 15_000, 4999, Infinity].map((ms) => restByBeat(clock, ms))).toEqual([1, 10_001, 4999, Infinity]);
  const other = { now: () => 0, uptime: () => now };
  expect(restByBeat(other, 5000)).toBe(5000);
});
