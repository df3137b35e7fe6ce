import { beforeEach, expect, test, vi } from 'vitest';
import type { Session } from '../../../src/core/root/root.ts';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

test('agent register makes and updates, list and show tell, retire ends new mail', async () => {
  const words = [
    'agent',
    'register',
    'tester',
    '--description',
    'runs tests',
    '--group',
    'ci',
    '--set',
    'lease=30m',
    '--set',
    'maxAttempts=2',
    '--json',
  ];
  const card = {
    name: 'tester',
    description: 'runs tests',
    groups: ['ci'],
    settings: { lease: '30m', maxAttempts: 2 },
  };
  expect((await rig.dreamos(words)).json).toMatchObject([{ ...card, created: true }]);
  expect((await rig.dreamos(words)).json).toMatchObject([{ created: false }]);
  expect((await rig.dreamos('agent show tester --json')).json).toMatchObject([card]);
  const unset = await rig.dreamos('agent register tester --set lease= --json');
  expect(unset.json).toMatchObject([{ settings: { maxAttempts: 2 } }]);
  expect(unset.json[0]?.['settings']).not.toHaveProperty('lease');
  expect((await rig.dreamos('agent list --json')).json.map((one) => one['name'])).toEqual([
    'planner',
    'reviewer',
    'tester',
  ]);
  expect((await rig.dreamos('agent list')).out).toMatch(/\ntester +since \S+ +ci +runs tests\n/);
  expect((await rig.dreamos('agent retire tester')).code).toBe(0);
  expect((await rig.dreamos('send tester hello --as planner')).code).toBe(5);
});

test.each([
  ['agent register ../x', 6],
  [['agent', 'register', ''], 6],
  [`agent register ${'x'.repeat(65)}`, 6],
  ['agent register x --set lease=soon', 6],
  ['agent register x --set leese=3m', 2],
  ['agent show nobody', 4],
  ['config get leese', 6],
  ['config set lease 13h', 6],
])('%s is refused with %i', async (line, code) => {
  expect(await rig.dreamos(line)).toMatchObject({ code, out: '' });
});

test('agent register puts an agent into groups, and empties them again', async () => {
  await rig.dreamos('agent register reviewer --group Team --group reviewers');
  await rig.dreamos('agent register planner --group team');
  expect((await rig.dreamos('agent list')).out).toContain('Team, reviewers');
  expect((await rig.dreamos('send @team hello --as planner --json')).json).toMatchObject([{ to: ['reviewer'] }]);
  await rig.dreamos(['agent', 'register', 'reviewer', '--group', '']);
  expect((await rig.dreamos('agent show reviewer --json')).json).toMatchObject([{ groups: [] }]);
  expect(await rig.dreamos(['agent', 'register', 'reviewer', '--group', 'a b'])).toMatchObject({ code: 6 });
  expect(await rig.dreamos('agent register reviewer --group all')).toMatchObject({ code: 6 });
});

test('agent register says what an agent is for, and agent show tells it', async () => {
  const words =
    'agent register reviewer --at far --kind specialist --capability ts,review --capability go --max-tasks 2';
  expect((await rig.dreamos(`${words} --standby-for planner --mail-to-standby`)).code).toBe(0);
  const duties = {
    kind: 'specialist',
    capabilities: ['ts', 'review', 'go'],
    maxTasks: 2,
    standbyFor: ['planner'],
    at: 'far',
  };
  expect((await rig.dreamos('agent show reviewer --json')).json).toMatchObject([{ ...duties, mailToStandby: true }]);
  expect((await rig.dreamos('agent list')).out).toMatch(/at[^]*reviewer .* far /);
  expect((await rig.dreamos('agent show reviewer')).out).toMatch(/\ncapabilities: +\["ts","review","go"\]\n/);
  const back = [
    'agent',
    'register',
    'reviewer',
    '--kind',
    '',
    '--max-tasks',
    '',
    '--standby-for',
    '',
    '--no-mail-to-standby',
    '--at',
    '',
  ];
  const [card] = (await rig.dreamos([...back, '--json'])).json;
  expect(card).toMatchObject({ capabilities: duties.capabilities, standbyFor: [], mailToStandby: false });
  expect(card).not.toHaveProperty('kind');
  expect(card).not.toHaveProperty('maxTasks');
  expect(card).not.toHaveProperty('at');
});

test.each([
  ['--capability Review', 6, 'Write it as review'],
  ['--kind boss', 6, 'One of: core, specialist, utility, coordinator'],
  ['--max-tasks none', 2, 'a whole number from 1 on'],
  ['--at far/away', 6, 'dreamos agent register reviewer --at host-b'],
  ['--standby-for nobody', 4, 'agent register nobody'],
  ['--standby-for reviewer', 6, 'dreamos agent list'],
])('agent register reviewer %s is refused with %i, and changes nothing', async (options, code, hint) => {
  const before = (await rig.dreamos('agent show reviewer --json')).json;
  const refused = await rig.dreamos(`agent register reviewer --description other ${options}`);
  expect(refused).toMatchObject({ code, out: '' });
  expect(refused.err).toContain(hint);
  expect((await rig.dreamos('agent show reviewer --json')).json).toEqual(before);
});

test('a person at a terminal sees for how long each agent has been there, paused or retired', async () => {
  rig.time.nowMs += 3 * 86_400_000;
  await rig.dreamos('agent register tester');
  await rig.dreamos('pause planner');
  await rig.dreamos('agent retire reviewer');
  rig.time.nowMs += 7_200_000;
  const { out } = await rig.dreamos('agent list', { terminal: true, env: { NO_COLOR: '1' } });
  expect(out.split('\n').map((line) => line.split(/ {2,}/).slice(0, 2))).toEqual([
    ['agent', 'state'],
    ['planner', 'paused for 2h'],
    ['reviewer', 'retired for 2h'],
    ['tester', 'for 2h'],
    [''],
  ]);
});

test('agent list says of a card that cannot be read no time since when it is there', async () => {
  const onRoot = ({ store }: Session): void => {
    const unread = [{ name: 'planner', createdAt: new Date(0).toISOString() }];
    vi.spyOn(store.documents, 'listAgents').mockResolvedValue(unread);
  };
  const { out } = await rig.dreamos('agent list', { onRoot });
  expect(out).toContain('planner');
  expect(out).not.toContain('1970');
});

test('agent delete ends an agent, and says what has ended with it', async () => {
  await rig.sent();
  await rig.dreamos('subscribe build.* --as reviewer');
  await rig.dreamos(['schedule', 'add', 'nightly', '0 3 * * *', 'planner', 'x', '--as', 'reviewer']);
  const refused = await rig.dreamos('agent delete reviewer');
  expect(refused.code).toBe(5);
  expect(refused.err).toContain('reviewer has 1 unfinished message (1 ready), so it is not deleted.');
  expect(refused.err).toContain('dreamos agent delete reviewer --archive');
  const { code, out, err } = await rig.dreamos('agent delete reviewer --archive');
  expect([code, out]).toEqual([
    0,
    [
      'Deleted reviewer.',
      '1 unfinished message was archived as cancelled.',
      'Its subscriptions have ended: build.*',
      'Its schedules have ended: nightly',
      '',
    ].join('\n'),
  ]);
  expect(err).toContain('dreamos archive list reviewer');
  expect((await rig.dreamos('agent list')).out).not.toContain('reviewer');
  expect((await rig.dreamos('archive list reviewer --json')).json).toHaveLength(1);
  expect(await rig.dreamos('send reviewer x --as planner')).toMatchObject({
    code: 4,
    err: expect.stringContaining('it was deleted at') as string,
  });
  expect((await rig.dreamos('agent register reviewer')).out).toBe('Made the agent reviewer\n');
});

test('agent delete --json is the card, and what has ended', async () => {
  expect((await rig.dreamos('agent delete reviewer --json')).json).toMatchObject([
    { name: 'reviewer', deletedAt: expect.any(String) as string, archived: 0, subscriptions: [], schedules: [] },
  ]);
});

test('agent rename says what has followed, and what is named next works when it is pasted', async () => {
  await rig.dreamos('subscribe build.* --as reviewer');
  const cron = '0 0 1 1 *';
  await rig.dreamos(['schedule', 'add', 'tick', cron, 'reviewer', 'x', '--from', 'planner']);
  const renamed = await rig.dreamos('agent rename reviewer critic');
  expect(renamed).toMatchObject({ code: 0, err: '' });
  expect(renamed.out).toBe(
    'Renamed reviewer: it is critic now, with all of its mail.\nIts subscriptions have followed: build.*\nSchedules that name it have followed: tick\n',
  );
  const again = await rig.dreamos('agent rename reviewer critic');
  expect(again).toMatchObject({ code: 0, out: 'reviewer was renamed before: it is critic now.\n' });
  expect((await rig.dreamos('agent rename critic judge --json')).json).toMatchObject([
    { name: 'judge', from: 'critic', changed: true, subscriptions: ['build.*'], schedules: ['tick'] },
  ]);
  for (const [line, code, next] of [
    ['send reviewer x --as planner', 4, 'agent show judge'],
    ['read critic', 4, 'agent show judge'],
    ['agent rename judge planner', 5, 'agent rename judge planner-2'],
    ['agent rename planner-2 planner-2', 2, 'agent show planner-2'],
    ['agent rename nobody x', 4, 'agent register nobody'],
    ['agent rename planner-2 a/b', 6, 'agent list'],
  ] as const) {
    const refused = await rig.dreamos(line);
    expect([line, refused.code]).toEqual([line, code]);
    if (code !== 6) expect(refused.err).toContain(`dreamos ${next}`);
    expect((await rig.dreamos(next)).code).toBe(0);
  }
});

test.each(['init bo', 'agent register bo'])(
  '%s says who had the name, when he is called otherwise now',
  async (line) => {
    await rig.dreamos('init bo');
    await rig.dreamos('agent rename bo bob');
    const made = await rig.dreamos(line);
    expect(made).toMatchObject({ code: 0, out: expect.stringContaining('Made the agent bo\n') as string });
    expect(made.err).toContain(
      'bo is new: the agent that had this name is called bob now, and mail to bo no longer reaches it. To undo: dreamos agent delete bo\n',
    );
    expect((await rig.dreamos(line)).err).not.toContain('bo is new');
  },
);

test('a card is said by JSON or by a file, and shown as an A2A card', async () => {
  const skills = [{ id: 'ts', name: 'TS', description: 'reviews', tags: ['x'] }];
  const register = (...words: string[]) => ['agent', 'register', 'reviewer', ...words, '--json'];
  expect((await rig.dreamos(register('--title', 'R', '--card', '{"version":"1"}'))).json).toMatchObject([
    { title: 'R', version: '1', created: false },
  ]);
  const files = { 'card.json': `\uFEFF${JSON.stringify({ skills, description: 'reads' })}` };
  expect((await rig.dreamos(register('--card', '@card.json'), { files })).json).toMatchObject([{ skills, title: 'R' }]);
  for (const bad of ['{', '[]', '3', '@', '{"title":1}', '{"name":"x"}'])
    expect((await rig.dreamos(register('--card', bad))).code, bad).toBe(bad === '@' ? 2 : 6);
  const shown = await rig.dreamos('agent show reviewer --a2a --url https://a.example --binding HTTP+JSON');
  expect(shown).toMatchObject({ code: 0, err: '' });
  expect(JSON.parse(shown.out)).toMatchObject({ name: 'R', skills, supportedInterfaces: [{ protocolVersion: '1.0' }] });
  expect((await rig.dreamos('agent show reviewer')).out).toMatch(/\nskills: +\[\{"id":"ts"/);
  for (const line of ['agent show reviewer --a2a', 'agent show reviewer --url https://a.example'])
    expect((await rig.dreamos(line)).code).toBe(2);
  expect((await rig.dreamos('agent show reviewer --a2a --url http://a.example')).code).toBe(2);
});
