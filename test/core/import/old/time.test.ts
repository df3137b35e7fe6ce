import { describe, expect, it } from 'vitest';
import { parseOldTime } from '../../../../src/core/import/old/time.ts';

describe('an older time', () => {
  it.each<[unknown, string]>([
    ['2025-05-02T20:40:00Z', '2025-05-02T20:40:00.000Z'],
    ['2025-05-02T19:42:14.1696851-05:00', '2025-05-03T00:42:14.169Z'],
    ['2024-03-10T12:00:00.000000Z', '2024-03-10T12:00:00.000Z'],
    ['2025-06-01 10:00:00', '2025-06-01T10:00:00.000Z'],
    ['2025-06-01T10:00', '2025-06-01T10:00:00.000Z'],
    ['2025-06-01', '2025-06-01T00:00:00.000Z'],
    ['2025-06-01T10:00:00+0530', '2025-06-01T04:30:00.000Z'],
    ['20231116T110000Z', '2023-11-16T11:00:00.000Z'],
    [1746216060.5, '2025-05-02T20:01:00.500Z'],
    [1746216060500, '2025-05-02T20:01:00.500Z'],
    ['1746216060', '2025-05-02T20:01:00.000Z'],
  ])('%j is understood', (value, iso) => {
    expect(new Date(parseOldTime(value) ?? 0).toISOString()).toBe(iso);
  });

  it.each([
    ['{{iso_timestamp_utc()}}'],
    ['[NOW_UTC_ISO]'],
    ['yesterday'],
    [''],
    ['2025-02-31T00:00:00Z'],
    ['2025-01-01T24:30:00Z'],
    ['2025-13-01'],
    [3],
    [-5e9],
    [Number.POSITIVE_INFINITY],
    [null],
    [{}],
  ])('%j is none', (value) => {
    expect(parseOldTime(value)).toBeUndefined();
  });
});
