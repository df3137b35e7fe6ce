import { expect, it } from 'vitest';
import { ago, many, span } from '../../src/page/base/words.ts';

it.each([
  [0, '0ms'],
  [999, '999ms'],
  [1000, '1s'],
  [61_000, '1m 1s'],
  [3_600_000, '1h'],
  [11_520_000, '3h 12m'],
  [36_000_000 + 120_000, '10h'],
  [90_000_000, '1d 1h'],
])('%d ms is said as %s', (ms, text) => {
  expect(span(ms)).toBe(text);
});

it('says how long ago something was, and when something will be', () => {
  const at = '2026-11-30T05:00:00.000Z';
  const now = Date.parse(at);
  expect(ago(at, now + 500)).toBe('now');
  expect(ago(at, now + 11_520_000)).toBe('3h ago');
  expect(ago(at, now - 45_000)).toBe('in 45s');
});

it('counts one as one', () => {
  expect(many(1, 'mailbox', 'mailboxes')).toBe('1 mailbox');
  expect(many(1200, 'mailbox', 'mailboxes')).toBe('1,200 mailboxes');
});
