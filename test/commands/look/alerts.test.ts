import { beforeEach, expect, test } from 'vitest';
import { changeIn, changeSettingsIn } from '../../storage/contract/ways.ts';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

const setRules = (alerts: unknown) =>
  changeSettingsIn(rig.root.store, (settings) => ({ ...settings, alerts }) as typeof settings);
const makeDead = async () => {
  await rig.sent(['send', 'reviewer', 'hello', '--as', 'planner']);
  await rig.dreamos(['nack', await rig.claimed(), '--dead', '--reason', 'cannot parse']);
};
const words = (out: string) => out.split('\n').map((line) => line.split(/ {2,}/));

test('alerts list has a line for each alert, with its number and its limit', async () => {
  await makeDead();
  const { out, err, code } = await rig.dreamos('alerts list');
  expect(words(out)).toEqual([
    ['alert', 'mailbox', 'state', 'value', 'limit', 'since', 'told'],
    ['unread', 'ok', 'unreadMs over 1h'],
    ['oldest', 'ok', 'oldestReadyMs over 1d'],
    ['dead', 'reviewer', 'firing', '1', 'dead over 0', '2026-11-20T09:00:00.000Z'],
    ['corrupt', 'ok', 'corrupt over 0'],
    ['gone', 'ok', 'goneWithMail over 0'],
    ['disk', 'ok', 'diskFreeShare under 5%'],
    [''],
  ]);
  expect({ err, code }).toEqual({ err: '', code: 0 });
});

test('alerts check ends with 3 and says so while nothing fires, and with 0 and what fires else', async () => {
  expect(await rig.dreamos('alerts check')).toMatchObject({ code: 3, out: '', err: 'No alert fires.\n' });
  expect(await rig.dreamos('alerts check --quiet')).toMatchObject({ code: 3, out: '', err: '' });
  await makeDead();
  const { code, out } = await rig.dreamos('alerts check');
  expect(code).toBe(0);
  expect(words(out)).toHaveLength(3);
  await rig.dreamos('alerts silence dead');
  const silenced = 'No alert fires, but 1 is silenced.\n';
  expect(await rig.dreamos('alerts check')).toMatchObject({ code: 3, err: silenced });
  await rig.dreamos('alerts silence dead --for 0');
  expect(await rig.dreamos('alerts check')).toMatchObject({ code: 0 });
});

test('it runs the command of a rule with what it tells on its standard input, and says what went wrong', async () => {
  const script = `read line; case "$line" in *'"what":"firing"'*) echo "no route" >&2; exit 7;; esac`;
  await setRules([{ name: 'dead', run: ['sh', '-c', script] }]);
  await makeDead();
  const { code, err } = await rig.dreamos('alerts check', { env: { PATH: process.env['PATH'] } });
  const trouble = 'the command "sh" ended with exit 7: no route';
  expect(code).toBe(0);
  expect(err).toContain(`Warning: The alert dead of reviewer: ${trouble}`);
  expect((await rig.dreamos('alerts list')).err).toContain(`dead of reviewer: ${trouble}`);
});

test('a command that is not there, or cannot be started, is trouble', async () => {
  await setRules([{ name: 'dead', run: ['/nowhere/notify'] }]);
  await makeDead();
  const { err, code } = await rig.dreamos('alerts check');
  expect(err).toMatch(
    /^Warning: The alert dead of reviewer: The command "\/nowhere\/notify" could not be started: .*\n$/,
  );
  expect(code).toBe(0);
});

test('alerts test shows what would be done, and does it with --act', async () => {
  await setRules([{ name: 'dead', to: 'planner', run: ['true'] }]);
  await makeDead();
  expect((await rig.dreamos('alerts test dead')).out).toBe(
    [
      'dead',
      '  does not hold in planner: dead is 0',
      '  holds in reviewer: dead is 1',
      '  would send to planner: Test: Firing: dead in reviewer',
      '  would run ["true"]',
      '',
    ].join('\n'),
  );
  const { out } = await rig.dreamos('alerts test dead --act', { env: { PATH: process.env['PATH'] } });
  expect(out).toContain('  sent to planner: Test: Firing: dead in reviewer\n  ran ["true"]');
  const [listed] = (await rig.dreamos('list planner --json')).json;
  expect(listed?.['message']).toMatchObject({ subject: 'Test: Firing: dead in reviewer' });
  await setRules([{ name: 'dead', to: 'nobody' }]);
  const failed = await rig.dreamos('alerts test dead --act');
  expect(failed.code).toBe(6);
  expect(failed.err).toContain('There is no agent "nobody"');
  expect((await rig.dreamos('alerts test dead')).err).toContain('There is no agent "nobody"');
  expect(failed.out).not.toContain('sent to');
});

test('a rule that tells nobody says so', async () => {
  expect((await rig.dreamos('alerts test corrupt')).out).toContain('tells nobody: its rule has neither "to" nor "run"');
});

test('an alert that there is not is exit 6 with the nearest name; a wrong rule is a warning', async () => {
  for (const line of ['alerts test ded', 'alerts silence ded']) {
    const { code, err } = await rig.dreamos(line);
    expect({ code, err }).toEqual({
      code: 6,
      err: 'Error: There is no alert "ded".\n  Next: Did you mean "dead"?\n',
    });
  }
  await setRules([{ name: 'dead', evry: '1h' }]);
  for (const [line, exit] of [
    ['alerts list', 0],
    ['alerts check', 3],
    ['alerts test dead', 0],
    ['alerts silence dead', 0],
    ['maintain', 0],
  ] as const) {
    const { code, err } = await rig.dreamos(line);
    expect({ line, code }).toEqual({ line, code: exit });
    expect(
      err.match(/Warning: .*config\.json: alerts\.0\.evry: a rule has no "evry"\..* Did you mean "every"\?/g),
    ).toHaveLength(1);
  }
});

test('a duration that is none is exit 2', async () => {
  expect(await rig.dreamos('alerts silence dead --for soon')).toMatchObject({ code: 2 });
});

test('names that somebody else has chosen do nothing to a terminal', async () => {
  await changeIn(rig.root.store, 'alerts', () => ({
    alerts: [
      {
        alert: 'disk',
        state: 'firing',
        since: '2026-11-20T09:00:00.000Z',
        tellings: 0,
        waiting: [],
        trouble: 'a\u001B[2Jb',
      },
    ],
    silences: [],
  }));
  await setRules([{ name: 'disk', under: 1 }]);
  const { out, err } = await rig.dreamos('alerts list', { terminal: true, env: { NO_COLOR: '1' } });
  expect(out + err).not.toContain('\u001B[2J');
});

test('config validate names each wrong rule on a line of its own', async () => {
  await setRules([
    { name: 'dead', evry: '1h' },
    { name: 'a', metric: 'bakclog', over: 1 },
  ]);
  const { code, err } = await rig.dreamos('config validate');
  expect(code).toBe(6);
  expect(err.split('\n')).toEqual([
    expect.stringMatching(/^line \d+, column \d+: alerts\.0\.evry: .*"every"\?\)$/),
    expect.stringMatching(/^line \d+, column \d+: alerts\.1\.metric: .*"backlog"\?\)$/),
    expect.stringMatching(/^Error: .*config\.json cannot be used: 2 things are wrong in it\.$/),
    expect.stringContaining('dreamos help settings'),
    '',
  ]);
});

test('a command that cannot be run was not run, and has told nobody', async () => {
  await setRules([{ name: 'dead', run: ['/nowhere/notify'] }]);
  await makeDead();
  const { code, out } = await rig.dreamos('alerts test dead --act');
  expect({ code, out }).toEqual({
    code: 6,
    out: expect.stringContaining('could not run ["/nowhere/notify"]') as string,
  });
  expect((await rig.dreamos('alerts check')).out).toMatch(/  firing failed\n$/);
});

test('a quiet check prints what begins to fire, and what ends, once', async () => {
  await makeDead();
  expect((await rig.dreamos('alerts check -q')).out).toContain('reviewer');
  expect(await rig.dreamos('alerts check -q')).toMatchObject({ code: 0, out: '', err: '' });
  await rig.dreamos('dlq purge reviewer --all --force');
  expect(await rig.dreamos('alerts check -q')).toMatchObject({
    code: 3,
    out: expect.stringContaining('resolved') as string,
  });
  expect(await rig.dreamos('alerts check -q')).toMatchObject({ code: 3, out: '' });
});

test('alerts list says what is silenced, also in one mailbox', async () => {
  await rig.dreamos('alerts silence dead --mailbox reviewer --for 1h');
  const { err } = await rig.dreamos('alerts list');
  expect(err).toMatch(/^Silenced until .*: dead in reviewer\n$/);
});
