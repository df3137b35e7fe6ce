import { expect, test } from 'vitest';
import type { Alert, Book } from '../../../src/core/alerts/book.ts';
import { isMeant } from '../../../src/core/alerts/rules.ts';
import { step } from '../../../src/core/alerts/step.ts';
import type { AlertRule } from '../../../src/model/metrics/alert.ts';

const rule: AlertRule = { name: 'dead', metric: 'dead', over: 0, to: 'planner' };
const now = Date.parse('2026-11-20T09:00:00.000Z');
const seen = (value: number | null) => ({ of: () => [{ mailbox: 'reviewer', value }], isUnknown: () => false });
const bookOf = (alert: Partial<Alert>): Book => ({
  alerts: [
    {
      alert: 'dead',
      mailbox: 'reviewer',
      state: 'firing',
      since: '2026-11-20T08:00:00.000Z',
      firedAt: '2026-11-20T08:00:00.000Z',
      tellings: 1,
      waiting: [],
      ...alert,
    },
  ],
  silences: [],
});

test('what another has seen later stays, whatever was seen before', () => {
  const resolved = bookOf({ state: 'resolved', resolvedAt: '2026-11-20T09:00:01.000Z' });
  expect(step(resolved, [rule], seen(1), now)).toBe(resolved);
  const firing = bookOf({ firedAt: '2026-11-20T09:00:01.000Z' });
  expect(step(firing, [rule], seen(0), now)).toBe(firing);
  expect(step(firing, [rule], seen(0), now + 1000).alerts).toMatchObject([{ state: 'resolved' }]);
});

test('what was seen by a clock that was ahead does not', () => {
  const firing = bookOf({ firedAt: '2026-11-21T09:00:00.000Z' });
  expect(step(firing, [rule], seen(0), now).alerts).toMatchObject([{ state: 'resolved' }]);
});

test('of what cannot be told the newest four wait', () => {
  let book = bookOf({ state: 'resolved', resolvedAt: '2026-11-20T08:30:00.000Z' });
  for (let i = 0; i < 10; i++) book = step(book, [rule], seen(i % 2), now + i * 1000);
  expect(book.alerts[0]?.waiting.map(({ what }) => what)).toEqual(['resolved', 'firing', 'resolved', 'firing']);
});

test.each([
  [undefined, 'reviewer', true],
  ['reviewer', 'Reviewer', true],
  ['reviewer', 'reviewer-2', false],
  ['rev*', 'reviewer', true],
  ['*er', 'reviewer', true],
  ['*er', 'reviewers', false],
  ['r*e*r', 'reviewer', true],
  ['r*x*r', 'reviewer', false],
  ['#*', '#build', true],
  ['*', undefined, false],
  ['a.c', 'abc', false],
] as const)('the pattern %j means %j: %j', (pattern, mailbox, isIt) => {
  expect(isMeant(pattern, mailbox)).toBe(isIt);
});

test('no pattern takes for ever', () => {
  expect(isMeant(`${'a*'.repeat(60)}b`, 'a'.repeat(5000))).toBe(false);
});
