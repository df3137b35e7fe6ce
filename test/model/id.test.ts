import { expect, test } from 'vitest';
import { createIds, idTime } from '../../src/model/id.ts';

const noon = Date.parse('2026-11-20T12:00:00.000Z');

test('ids grow when the clock goes back by some seconds', () => {
  const ids = createIds();
  const first = ids.next(noon);
  expect(ids.next(noon - 30_000) > first).toBe(true);
  expect(ids.next(noon - 30_000) > first).toBe(true);
});

test('ids tell the time again when the clock was ahead', () => {
  const ids = createIds();
  ids.next(noon + 400 * 86_400_000);
  const [one, another] = [ids.next(noon), ids.next(noon)];
  expect(idTime(one)).toBe(noon);
  expect(another > one).toBe(true);
});
