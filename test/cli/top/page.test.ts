import { expect, test } from 'vitest';
import type { Overview } from '../../../src/contract/look.ts';
import { pageOf, share } from '../../../src/cli/top/page.ts';
import { keysIn } from '../../../src/cli/top/terminal.ts';
import { widthOf } from '../../../src/cli/fit.ts';

const same = (text: string): string => text;
const paint = { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same };
const at = '2026-11-20T09:00:00.000Z';
const nowMs = Date.parse(at);

const mailbox = (name: string, ready = 0): Overview['mailboxes'][number] => ({
  mailbox: name,
  ...{ ready, inflight: 0, delayed: 0, dead: 0, archived: 0, corrupt: 0 },
  ...{ oldestReadyAgeMs: ready > 0 ? 5000 : null, lastReadAt: null, inPerMinute: 0, outPerMinute: 0 },
});
const empty: Overview = { at, agents: [], mailboxes: [], events: [], stuck: [] };
const drawing = { rows: 23, columns: 80, nowMs, paint, root: '/root' };
const choice = { focus: 1, order: undefined, filter: '' };

test('a pane gets what it needs, or as much as any other; the focused one twice that', () => {
  expect(share([2, 2, 2], 10, 0)).toEqual([2, 2, 2]);
  expect(share([100, 100, 100], 12, -1)).toEqual([6, 3, 3]);
  expect(share([100, 100, 100], 12, 1)).toEqual([3, 6, 3]);
  expect(share([1, 100, 1], 12, 2)).toEqual([1, 10, 1]);
  expect(share([5, 5], 0, 0)).toEqual([0, 0]);
});

test('a page fits its screen, however much there is and however long names are', () => {
  const many = Array.from({ length: 60 }, (_, i) => mailbox(`${'m'.repeat(50)}${i}`, i));
  for (const [rows, columns] of [
    [23, 80],
    [11, 50],
    [60, 200],
  ] as const) {
    const { lines } = pageOf({ ...empty, mailboxes: many }, choice, { ...drawing, rows, columns });
    expect(lines.length).toBeLessThanOrEqual(rows);
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns);
  }
  const { lines, focused } = pageOf({ ...empty, mailboxes: many }, choice, drawing);
  expect(focused).toHaveLength(60);
  expect(lines.find((line) => line.startsWith('  mailbox'))).toMatch(/^ {2}mailbox 1-\d+\/60 +ready /);
  // The busiest first.
  expect(focused[0]?.key).toMatch(/m59$/);
});

test('what is selected is on the page', () => {
  const mailboxes = Array.from({ length: 60 }, (_, i) => mailbox(`m${i}`));
  const { lines } = pageOf({ ...empty, mailboxes }, { ...choice, order: 'name', selected: 'm55' }, drawing);
  expect(lines.filter((line) => line.startsWith('> '))).toEqual([expect.stringMatching(/^> m55 /)]);
});

test('ages go on between two looks', () => {
  const mailboxes = [mailbox('m', 1)];
  const lineAt = (ms: number) =>
    pageOf({ ...empty, mailboxes }, choice, { ...drawing, nowMs: nowMs + ms }).lines.find((line) =>
      line.startsWith('> m'),
    );
  expect(lineAt(0)).toContain(' 5s ');
  expect(lineAt(3000)).toContain(' 8s ');
});

test('a filter leaves what has its text in it, in any case of letters', () => {
  const mailboxes = [mailbox('alpha'), mailbox('Beta')];
  const { focused } = pageOf({ ...empty, mailboxes }, { ...choice, filter: 'BET' }, drawing);
  expect(focused.map(({ key }) => key)).toEqual(['Beta']);
  expect(pageOf({ ...empty, mailboxes }, { ...choice, filter: 'x' }, drawing).lines).toContain('> None like that');
});

test('tasks are counted by their states, where there are any', () => {
  expect(pageOf(empty, choice, drawing).lines.join('\n')).not.toContain('tasks');
  const tasks = [
    { state: 'ready', count: 2 },
    { state: 'active', count: 1 },
  ] as const;
  expect(pageOf({ ...empty, tasks }, choice, drawing).lines[1]).toBe('tasks: 2 ready, 1 active');
});

test('what was handed over says to whom', () => {
  const events = [
    { at, mailbox: 'ann', event: 'handed_over', id: '01JD3Y6Q0V8M5T2B7K9XWZ4RCE', by: 'boss', to: 'bob' },
  ];
  expect(pageOf({ ...empty, events }, choice, drawing).lines.join('\n')).toContain('to bob by boss');
});

test('what another wrote steers no terminal', () => {
  const reason = 'a\u001B[2Jb\u202E';
  const events = [{ at, mailbox: 'm', event: 'dead', id: '01JD3Y6Q0V8M5T2B7K9XWZ4RCE', reason }];
  const { lines } = pageOf({ ...empty, events }, choice, drawing);
  expect(lines.join('')).toContain('(a\\x1b[2Jb\\u202e)');
  expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
});

test('keys are told apart, also when several come at once; what is no key is none', () => {
  expect(keysIn('\u001B[A\u001BOBjé\r\t\u001B[Z\u001B[5~/\u007F')).toEqual([
    'up',
    'down',
    'j',
    'é',
    'enter',
    'tab',
    'backtab',
    'pageup',
    '/',
    'backspace',
  ]);
  expect(keysIn('\u001B')).toEqual(['escape']);
  expect(keysIn('\u0003\u001A')).toEqual(['ctrl-c', 'ctrl-z']);
  expect(keysIn('\u001B[1;5C\u0001\u001B[200~')).toEqual([]);
});
