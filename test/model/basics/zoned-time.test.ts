import { expect, test } from 'vitest';
import { timeIn } from '../../../src/model/clock.ts';
import { timeInZone } from '../../../src/model/basics/zoned-time.ts';

test.each([
  ['2026-11-21T02:00:00.000Z', 'Europe/Berlin', '2026-11-21T03:00+01:00'],
  ['2026-07-01T22:00:00.000Z', 'Europe/Berlin', '2026-07-02T00:00+02:00'],
  ['2026-11-21T02:00:30.000Z', 'America/New_York', '2026-11-20T21:00:30-05:00'],
  ['2026-11-21T02:00:00.000Z', 'Asia/Kathmandu', '2026-11-21T07:45+05:45'],
  ['2026-11-21T02:00:00.000Z', 'Africa/Abidjan', '2026-11-21T02:00+00:00'],
])('%s is in %s %s, which is read as the same moment', (iso, zone, text) => {
  expect(timeInZone(iso, zone)).toBe(text);
  expect(timeIn(text)).toBe(Date.parse(iso));
});

test('in UTC, and in a zone that nobody here knows, it stays as it is', () => {
  for (const zone of ['UTC', 'Mars/Base'])
    expect(timeInZone('2026-11-21T02:00:00.000Z', zone)).toBe('2026-11-21T02:00:00.000Z');
});
