import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

const terminal = { terminal: true, env: { NO_COLOR: '1' } };
const linesOf = (out: string): string[] => out.trimEnd().split('\n');

test('on a terminal a list is one line a message under a head, with ages, in its width', async () => {
  const subject = 'Look at all of the services that were deployed yesterday evening, and at their logs';
  await rig.sent('send reviewer held --as planner --priority high');
  await rig.claimed();
  await rig.dreamos(['send', 'reviewer', 'x', '--as', 'planner', '--subject', subject]);
  await rig.dreamos([
    'send',
    'reviewer',
    'x',
    '--as',
    'planner',
    '--subject',
    '日本語の件名'.repeat(9),
    '--delay',
    '3h',
  ]);
  await rig.dreamos(['send', 'reviewer', 'x', '--as', 'planner', '--subject', 'a\nb\u001B[31m']);
  rig.time.nowMs += 60_000;
  const narrow = linesOf((await rig.dreamos('list reviewer', terminal)).out);
  expect(narrow).toHaveLength(5);
  expect(narrow[0]).toMatch(/^id +state +age +from +subject +note$/);
  expect(narrow[1]).toMatch(/^\w{26} {2}ready +1m +planner +Look.*…$/);
  expect(narrow[2]).toContain('a\\nb\\x1b');
  expect(narrow[3]).toMatch(/ delayed +1m .*… +due in 2h$/);
  expect(narrow[4]).toMatch(/ inflight +1m .*held +high, 14m left$/);
  const columns = (line: string): number => Array.from(line).reduce((sum, char) => sum + (char > '\u2FFF' ? 2 : 1), 0);
  for (const line of narrow) expect(columns(line)).toBeLessThanOrEqual(80);
  const wide = linesOf((await rig.dreamos('list reviewer', { ...terminal, screen: { rows: 24, columns: 120 } })).out);
  expect(wide[0]).toMatch(/^id +state +priority +attempts +age +from +subject +note$/);
  expect(Math.max(...wide.map(columns))).toBeGreaterThan(100);
  for (const line of wide) expect(columns(line)).toBeLessThanOrEqual(120);
});

test('a column that says nothing is not there', async () => {
  await rig.sent();
  const { out } = await rig.dreamos('list reviewer', { ...terminal, screen: { rows: 24, columns: 120 } });
  expect(linesOf(out)[0]).toMatch(/^id +state +age +from +subject$/);
});

test(
  'a terminal shows at most 50, and how many more there are; a limit shows so many, and a pipe all',
  { timeout: 30_000 },
  async () => {
    for (let n = 0; n < 1062; n++) await rig.dreamos('send reviewer x --as planner');
    const shown = await rig.dreamos('list reviewer', terminal);
    expect(linesOf(shown.out)).toHaveLength(51);
    expect(shown.err).toBe('… and 1,012 more\n');
    const filtered = await rig.dreamos('list reviewer --from planner', terminal);
    expect(linesOf(filtered.out)).toHaveLength(51);
    expect(filtered.err).toBe('… and 1,012 more\n');
    expect(await rig.dreamos('list reviewer -n 60', terminal)).toMatchObject({ err: '' });
    expect(linesOf((await rig.dreamos('list reviewer -n 60', terminal)).out)).toHaveLength(61);
    expect(linesOf((await rig.dreamos('list reviewer')).out)).toHaveLength(1062);
    expect((await rig.dreamos('list reviewer --json', terminal)).json).toHaveLength(1062);
    expect((await rig.dreamos('list reviewer --quiet', terminal)).err).toBe('');
  },
);

test('on a terminal, too, an empty list says that it is empty', async () => {
  expect(await rig.dreamos('list reviewer', terminal)).toMatchObject({
    code: 0,
    out: '',
    err: 'Nothing in reviewer is ready or delayed or inflight.\n',
  });
});

test('of more than 50 dead letters a terminal shows the newest, and how many more there are', async () => {
  for (let n = 0; n < 53; n++) {
    await rig.sent();
    await rig.dreamos(['nack', await rig.claimed(), '--dead']);
  }
  const { out, err } = await rig.dreamos('dlq list', terminal);
  expect(linesOf(out)).toHaveLength(51);
  expect(err).toMatch(/^… and 3 more\n\nTry one again: /);
});

test(
  'of all mailboxes a terminal says which, and at most 50 are shown of them together',
  { timeout: 30_000 },
  async () => {
    for (let n = 0; n < 30; n++) await rig.dreamos('send planner,reviewer x --as planner');
    const { out, err } = await rig.dreamos('list', terminal);
    expect(linesOf(out)[0]).toMatch(/^id +mailbox +state +age +subject$/);
    expect(linesOf(out)).toHaveLength(51);
    expect(linesOf(out).at(-1)).toMatch(/^\w{26} {2}reviewer +ready /);
    expect(err).toBe('… and 10 more\n');
  },
);

test(
  'a search on a terminal has a head, ages and at most 50 lines, each in its width',
  { timeout: 30_000 },
  async () => {
    for (let n = 0; n < 52; n++)
      await rig.dreamos(['send', 'reviewer', `needle ${'x'.repeat(200)}`, '--as', 'planner']);
    rig.time.nowMs += 60_000;
    const { out, err } = await rig.dreamos('search needle', terminal);
    expect(linesOf(out)[0]).toMatch(/^id +mailbox +state +age +subject$/);
    expect(linesOf(out)[1]).toMatch(/^\w{26} {2}reviewer +ready +1m +needle x+…$/);
    expect(linesOf(out)).toHaveLength(51);
    for (const line of linesOf(out)) expect(line.length).toBeLessThanOrEqual(80);
    expect(err).toBe('… and more: -n <number> shows so many\n');
    expect(linesOf((await rig.dreamos('search needle -n 52', terminal)).out)).toHaveLength(53);
    expect(linesOf((await rig.dreamos('search needle reviewer -n 1', terminal)).out)[0]).toMatch(/^id +state +age /);
    expect((await rig.dreamos('search needle')).out.trimEnd().split('\n')).toHaveLength(52);
    expect((await rig.dreamos('search needle --json', terminal)).json).toHaveLength(52);
  },
);
