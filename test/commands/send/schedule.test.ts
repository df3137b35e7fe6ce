import { expect, test } from 'vitest';
import { fireDue } from '../../../src/core/schedules/fire-due.ts';
import { changeIn } from '../../storage/contract/ways.ts';
import { createRig } from '../rig.ts';

const rig = await createRig();
const words = (line: string, ...more: string[]): string[] => [...line.split(' '), ...more];
const nightly = [
  ...words('schedule add nightly', '0 3 * * *'),
  ...words('reviewer', 'check the build'),
  '--as',
  'planner',
];

test('a schedule is added, listed, shown and removed', async () => {
  const added = await rig.dreamos([
    ...nightly,
    '--subject',
    'Nightly',
    '--tz',
    'Europe/Berlin',
    '--tag',
    'ci',
    '--ordering-key',
    'ci main',
  ]);
  expect(added).toMatchObject({ code: 0, out: 'Added nightly; it comes next at 2026-11-21T03:00+01:00\n' });
  expect(added.err).toContain('while a dreamos process waits');

  const list = await rig.dreamos('schedule list');
  expect(list.out).toMatch(/^schedule +cron +zone +from +to +subject +next +last\n/);
  expect(list.out).toMatch(
    /\nnightly +0 3 \* \* \* +Europe\/Berlin +planner +reviewer +Nightly +2026-11-21T03:00\+01:00\n/,
  );

  const shown = await rig.dreamos('schedule show nightly');
  expect(shown.out).toContain('Cron:         0 3 * * * (Europe/Berlin)\n');
  expect(shown.out).toContain('Next:         2026-11-21T03:00+01:00\n              2026-11-22T03:00+01:00\n');
  expect(shown.out).toContain('Tags:         ci\nOrdering key: ci main\n');
  expect(shown.out).toMatch(/\n```\ncheck the build\n```\n$/);

  expect(await rig.dreamos('schedule remove nightly')).toMatchObject({ code: 0, out: 'Removed nightly\n', err: '' });
  const none = await rig.dreamos('schedule list');
  expect(none).toMatchObject({ code: 0, out: '' });
  expect(none.err).toContain('dreamos schedule add');
});

test('with --json it is one object each time, and tells what became of the last time', async () => {
  const added = await rig.dreamos([...nightly, '--json', '--ttl', '1h', '--data', '{"n":1}', '--priority', 'high']);
  const promised = {
    name: 'nightly',
    cron: '0 3 * * *',
    tz: 'UTC',
    from: 'planner',
    message: { to: ['reviewer'], body: 'check the build', ttlMs: 3_600_000, data: { n: 1 }, priority: 'high' },
    createdAt: '2026-11-20T09:00:00.000Z',
    lastAt: null,
  };
  expect(added.json).toEqual([
    { ...promised, token: expect.any(String) as string, nextAt: '2026-11-21T03:00:00.000Z' },
  ]);
  expect((await rig.dreamos('schedule list --json')).json).toEqual(added.json);
  expect((await rig.dreamos('schedule show nightly --json')).json).toMatchObject([
    { ...promised, upcoming: ['21', '22', '23', '24', '25'].map((day) => `2026-11-${day}T03:00:00.000Z`) },
  ]);

  await rig.dreamos('agent retire reviewer');
  rig.time.nowMs += 86_400_000;
  await fireDue(rig.root);
  expect((await rig.dreamos('schedule list')).out).toContain('skipped 2026-11-21T03:00:00.000Z: reviewer has retired');
  await rig.dreamos('agent register reviewer');
  rig.time.nowMs += 86_400_000;
  await fireDue(rig.root);
  const sent = await rig.dreamos('schedule list --json');
  expect(sent.json).toMatchObject([{ lastAt: '2026-11-22T03:00:00.000Z', nextAt: '2026-11-23T03:00:00.000Z' }]);
  const { json } = await rig.dreamos('peek reviewer --json');
  expect(json).toMatchObject([{ message: { id: sent.json[0]?.['lastId'], from: 'planner', priority: 'high' } }]);
  expect((await rig.dreamos('schedule remove nightly --json')).json).toMatchObject([{ name: 'nightly' }]);
});

test('the body may come by stdin or from a file', async () => {
  const start = words('schedule add files', '@daily');
  await rig.dreamos([...start, 'reviewer', '--as', 'planner'], { stdin: 'from a pipe' });
  expect((await rig.dreamos('schedule show files --json')).json).toMatchObject([{ message: { body: 'from a pipe' } }]);
  await rig.dreamos('schedule remove files');
  const line = [...start, 'reviewer,planner', '--from', 'planner', '--body-file', 'x.md', '--ordering-key', 'k'];
  await rig.dreamos(line, { files: { 'x.md': 'from a file' } });
  expect((await rig.dreamos('schedule show files --json')).json).toMatchObject([
    { from: 'planner', message: { to: ['reviewer', 'planner'], body: 'from a file', orderingKey: 'k' } },
  ]);
  expect((await rig.dreamos('schedule show files')).out).toMatch(/^Ordering key: k$/m);
  await rig.dreamos('schedule remove files');
});

test.each([
  ['a line that is none', ['x', '0 25 * * *', 'reviewer', 'b'], 6, '"0 25 * * *" is not a cron line'],
  ['a zone that is none', ['x', '0 3 * * *', 'reviewer', 'b', '--tz', 'CET+1'], 6, '"CET+1" is not a time zone'],
  ['a recipient that is none', ['x', '0 3 * * *', 'nobody', 'b'], 4, 'no agent "nobody"'],
  ['a line without quotes', ['x', '0', '3', '*', '*', '*', 'reviewer', 'b'], 2, 'needs quotes'],
  ['--delay', ['x', '0 3 * * *', 'reviewer', 'b', '--delay', '1s'], 2, '--delay'],
  ['--dedupe-key', ['x', '0 3 * * *', 'reviewer', 'b', '--dedupe-key', 'k'], 2, '--dedupe-key'],
])('%s is refused', async (_, line, code, said) => {
  const refused = await rig.dreamos(['schedule', 'add', ...line, '--as', 'planner']);
  expect(refused).toMatchObject({ code, out: '' });
  expect(refused.err).toContain(said);
});

test('removing goes on behind a name that is not there', async () => {
  await rig.dreamos(nightly);
  const { code, out, err } = await rig.dreamos('schedule remove nigthly nightly');
  expect({ code, out }).toEqual({ code: 4, out: 'Removed nightly\n' });
  expect(err).toContain('Did you mean "nightly"?');
});

test('a name that is taken is a conflict', async () => {
  await rig.dreamos(nightly);
  const { code, err } = await rig.dreamos(nightly);
  expect(code).toBe(5);
  expect(err).toContain('dreamos schedule remove nightly');
  await rig.dreamos('schedule remove nightly');
});

test('doctor tells of schedules that send nothing', async () => {
  await rig.dreamos(nightly);
  await changeIn(rig.root.store, 'schedules', (document) => {
    const { schedules } = document as { schedules: object[] };
    return { schedules: schedules.map((one) => ({ ...one, tz: 'Mars/Olympus' })) };
  });
  const wrong = await rig.dreamos('doctor --json');
  expect(wrong.code).toBe(6);
  expect(wrong.json).toContainEqual(
    expect.objectContaining({
      rule: 'schedule',
      level: 'problem',
      message: 'The schedule nightly sends nothing: "Mars/Olympus" is not a time zone that is known here.',
    }),
  );
  await changeIn(rig.root.store, 'schedules', () => []);
  expect((await rig.dreamos('doctor')).out).toContain('schedules.json cannot be used');
});

test('a line without a name or a recipient says what its words were taken for', async () => {
  const { code, err } = await rig.dreamos(['schedule', 'add', 'reviewer', '0 9 * * *', 'hello', '--json'], {
    terminal: true,
  });
  expect(code).toBe(2);
  expect((JSON.parse(err) as { error: { hint: string } }).error.hint).toContain(
    'Taken so far: name "reviewer", line "0 9 * * *", to "hello".',
  );
});

test('an error of what is read says nothing of how the line was understood', async () => {
  const line = ['schedule', 'add', 'daily', '0 9 * * *', 'reviewer'];
  const notText = await rig.dreamos(line, { stdin: new Uint8Array([0xff, 0xfe]) });
  expect(notText.code).toBe(6);
  const noFile = await rig.dreamos([...line, '--body-file', '/no/such/file'], { terminal: true });
  expect(noFile.code).toBe(2);
  for (const { err } of [notText, noFile]) expect(err).not.toContain('Taken so far');
});
