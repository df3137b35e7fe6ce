import { beforeEach, describe, expect, test } from 'vitest';
import { createRig, type Rig } from '../rig.ts';

const policy = {
  roles: {
    self: { allow: { send: ['*'], read: ['$self'], look: ['$self'] }, deny: { send: ['secret-*'] } },
    all: { allow: { '*': ['*'] } },
  },
  everyone: ['self'],
  agents: { planner: ['all'] },
  tests: [{ as: 'reviewer', verb: 'dlq purge', mailbox: 'planner', allowed: false }],
};
const failing = { ...policy, tests: [{ as: 'reviewer', verb: 'read', mailbox: 'planner', allowed: true }] };
const files: Record<string, string> = {
  'p.json': JSON.stringify(policy, null, 2),
  'odd.json': '{\n  "roles": {\n    "self": { "alow": {} }\n  }\n}\n',
  'cut.json': '{\n  "roles": {',
  'failing.json': JSON.stringify(failing),
  'bare.json': '{"roles":{"r":{"allow":{"*":["*"]}}},"agents":{"reviewer":["r"]}}',
  'unknown.json': '{"roles":{"r":{"allow":{"*":["*"]}}},"agents":{"boss":["r"]}}',
  'unknowns.json': '{"roles":{"r":{"allow":{"*":["*"]}}},"agents":{"boss-*":["r"]}}',
  'locked.json': '{"roles":{"r":{"allow":{"send":["*"]}}},"everyone":["r"]}',
};

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});
const dreamos = (line: string | readonly string[], as = 'planner') =>
  rig.dreamos(typeof line === 'string' ? [...line.split(' '), '--as', as] : [...line, '--as', as], { files });
const set = () => dreamos('policy set p.json --note begin');

describe('policy show', () => {
  test('says that there is none', async () => {
    expect(await dreamos('policy show')).toMatchObject({
      code: 0,
      out: '',
      err: 'There is no policy: everybody may everything.\n',
    });
    expect((await dreamos('policy show --json')).json).toMatchObject([{ policy: null, version: null }]);
  });

  test('prints a file that can be put in force again, and beside it since when it holds', async () => {
    await set();
    const { out, err } = await dreamos('policy show', 'reviewer');
    expect(JSON.parse(out)).toEqual(policy);
    expect(err).toBe('Version 1, since 2026-11-20T09:00:00.000Z by planner: begin\n');
  });
});

describe('policy set', () => {
  test('puts it in force, for who has set it and for everybody else', async () => {
    expect(await set()).toMatchObject({ code: 0, out: 'Version 1 of the policy is in force.\n' });
    expect(await dreamos('policy set p.json', 'reviewer')).toMatchObject({ code: 9 });
    expect(await rig.dreamos('policy set p.json', { files })).toMatchObject({ code: 9 });
  });

  test.each([
    ['odd.json', /^Error: odd\.json cannot be used: line 3, column \d+: roles\.self\.alow: "alow" means nothing there/],
    ['cut.json', /^Error: cut\.json cannot be used: line 2, column \d+/],
    ['failing.json', /1 of its tests fails: reviewer should be allowed "read" in planner, but no role/],
    ['locked.json', /nobody could change it again/],
    ['unknown.json', /only "boss"[^]*Next: If that is no slip of the pen: dreamos agent register boss\n/],
    ['unknowns.json', /only "boss-\*"[^]*Next: Register one whom it means/],
  ])('refuses %s, and nothing is changed', async (file, why) => {
    const { code, err } = await dreamos(`policy set ${file}`);
    expect(err).toMatch(why);
    expect(code).toBe(6);
    expect((await dreamos('policy show --json')).json).toMatchObject([{ policy: null }]);
  });
});

test('a policy that nobody who is registered could change is put in force by whom it names, and once he is there', async () => {
  expect(await dreamos('policy set unknown.json', 'boss')).toMatchObject({ code: 0 });
  expect(await dreamos('policy set bare.json', 'boss')).toMatchObject({ code: 0 });
  await dreamos('agent register boss', 'reviewer');
  expect(await dreamos('policy set unknown.json', 'reviewer')).toMatchObject({ code: 0 });
});

describe('policy history, diff, rollback and remove', () => {
  beforeEach(async () => {
    await set();
    files['open.json'] = '{"roles":{"all":{"allow":{"*":["*"]}}},"everyone":["all"]}';
    await dreamos('policy set open.json');
  });

  test('say what each version has changed, and in which roles, by whom and why', async () => {
    const { out, err } = await dreamos('policy history');
    expect(err).toBe('');
    expect(out.split('\n').map((line) => line.trimEnd())).toEqual([
      'version  at                        by       state     changes                                              note',
      '2        2026-11-20T09:00:00.000Z  planner  in force  role self, everyone, agent planner, tests',
      '1        2026-11-20T09:00:00.000Z  planner  replaced  role self, role all, everyone, agent planner, tests  begin',
      '',
    ]);
    expect((await dreamos('policy diff 1')).out).toMatch(/^roles\.self\.deny\.send +\["secret-\*"\] +-$/m);
    expect(await dreamos('policy diff 2')).toMatchObject({ out: '', err: 'There is no difference.\n' });
    expect((await dreamos('policy history -n 1 --json')).json).toMatchObject([{ version: 2, state: 'in force' }]);
  });

  test('have an earlier one again, or none', async () => {
    expect(await dreamos('policy rollback 1 --note oops')).toMatchObject({
      ...{ code: 0, out: 'Version 3 of the policy is in force, and says what version 1 said.\n' },
    });
    expect(await dreamos('policy remove', 'reviewer')).toMatchObject({ code: 9 });
    expect(await dreamos('policy remove --note free')).toMatchObject({
      ...{ code: 0, out: 'There is no policy now: everybody may everything. That is version 4.\n' },
    });
    expect((await dreamos('policy show', 'reviewer')).err).toBe(
      'There is no policy: everybody may everything. Version 4, since 2026-11-20T09:00:00.000Z by planner: free\n',
    );
    expect((await dreamos('policy history')).out).toMatch(/^4 .* in force +removed +free *$/m);
    await dreamos('policy rollback 1');
    expect((await dreamos('policy rollback 4')).out).toBe(
      'There is no policy now: everybody may everything. That is version 6.\n',
    );
  });

  test('refuse what is no version, and one that is not in force any more', async () => {
    expect(await dreamos('policy rollback first')).toMatchObject({
      ...{ code: 2, err: expect.stringContaining('Next: Which there are: dreamos policy history') },
    });
    expect(await dreamos('policy rollback 9')).toMatchObject({ code: 4 });
    expect(await dreamos('policy remove --if-version 1')).toMatchObject({
      ...{ code: 5, err: expect.stringContaining('dreamos policy diff 1 2') },
    });
  });

  test('where there never was one, they say so', async () => {
    const fresh = await createRig();
    expect((await fresh.dreamos('policy history')).err).toBe('No policy was ever set: everybody may everything.\n');
    expect((await fresh.dreamos('policy remove')).out).toBe('There is no policy now: everybody may everything.\n');
    expect(await fresh.dreamos('policy rollback 0')).toMatchObject({ code: 2 });
  });
});

describe('policy check', () => {
  beforeEach(set);

  test.each([
    ['send planner', 0, 'yes: the role self allows "send" in "*"'],
    ['send secret-1', 9, 'no: the role self denies "send" in "secret-*"'],
    ['read', 0, 'yes: the role self allows "read" in "$self"'],
    ['read planner', 9, 'no: no role of reviewer allows "read" there (self)'],
    ['config.set', 9, 'no: no role of reviewer allows "admin" there (self)'],
    ['explain', 0, 'yes: nobody is asked for it'],
  ])('%s ends with %i: %s', async (line, code, out) => {
    expect(await dreamos(`policy check ${line}`, 'reviewer')).toMatchObject({ code, out: `${out}\n`, err: '' });
  });

  test('takes a topic with and without #, and a pattern of which all has to be allowed', async () => {
    const topics = { allow: { publish: ['#build.>'], subscribe: ['#build.*'] } };
    const agents = { planner: ['all'], reviewer: ['topics'] };
    files['topics.json'] = JSON.stringify({ roles: { ...policy.roles, topics }, agents });
    await dreamos('policy set topics.json');
    const codes: Record<string, number> = {};
    for (const line of ['publish build.x', 'publish #build.x', 'publish x', 'subscribe build.*', 'subscribe build.>'])
      codes[line] = (await dreamos(`policy check ${line}`, 'reviewer')).code;
    expect(codes).toEqual({
      ...{ 'publish build.x': 0, 'publish #build.x': 0, 'publish x': 9 },
      ...{ 'subscribe build.*': 0, 'subscribe build.>': 9 },
    });
    expect(await dreamos('subscribe build.*', 'reviewer')).toMatchObject({ code: 0 });
    expect(await dreamos('subscribe build.>', 'reviewer')).toMatchObject({ code: 9 });
    expect(await dreamos('publish build.x hi', 'reviewer')).toMatchObject({ code: 0 });
  });

  test('says how a command of two words is written', async () => {
    expect(await dreamos('policy check config set')).toMatchObject({
      code: 2,
      err: expect.stringContaining("dreamos policy check 'config set'"),
    });
    expect((await dreamos('policy check config')).err).toContain('"config set"');
  });

  test('takes a command of two words', async () => {
    const { json, code } = await dreamos(['policy', 'check', 'dlq purge', 'reviewer', '--json'], 'reviewer');
    expect(code).toBe(9);
    expect(json).toMatchObject([{ as: 'reviewer', verb: 'dlq purge', action: 'manage', allowed: false, role: null }]);
  });

  test('a word that is none is exit 2', async () => {
    const { code, err } = await dreamos('policy check sned planner');
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining('Did you mean "send"?') });
  });
});

describe('policy test', () => {
  test('says that all its tests hold', async () => {
    expect(await dreamos('policy test p.json')).toMatchObject({
      code: 0,
      out: 'ok: reviewer may not "dlq purge" in planner\np.json can be used: its one test holds.\n',
    });
  });

  test('that it has none, and that it could not be put in force all the same', async () => {
    expect((await dreamos('policy test bare.json')).out).toBe('bare.json can be used: it has no tests of its own.\n');
    for (const file of ['locked.json', 'unknown.json'])
      expect(await dreamos(`policy test ${file}`)).toMatchObject({
        ...{ code: 6, out: '', err: expect.stringMatching(/could change it again/) },
      });
  });

  test('or which fail, and is exit 6', async () => {
    const { code, out, err } = await dreamos('policy test failing.json');
    expect(code).toBe(6);
    expect(out).toMatch(/^fails: reviewer should be allowed "read" in planner, but no role of reviewer allows/);
    expect(err).toContain('1 of 1 tests of failing.json fails.');
  });
});

describe('a command that is not allowed', () => {
  beforeEach(set);

  test('is exit 9, says which rule, and what to type to know more', async () => {
    const { code, out, err } = await dreamos('read planner', 'reviewer');
    expect({ code, out }).toEqual({ code: 9, out: '' });
    expect(err).toContain('reviewer may not do "read" in planner: no role of reviewer allows "read" there (self).');
    expect(err).toContain('dreamos policy check read planner --as reviewer');
  });

  test('has its code in --json', async () => {
    const { err } = await dreamos('config set maxAttempts 3 --json', 'reviewer');
    expect(JSON.parse(err)).toMatchObject({ error: { code: 'FORBIDDEN' } });
  });

  test('who says no name has what everybody has', async () => {
    expect(await rig.dreamos('read planner')).toMatchObject({ code: 9 });
    expect((await rig.dreamos('read planner')).err).toContain('Say who you are');
  });

  test('a list without a name shows what one may see', async () => {
    await dreamos('send reviewer,planner hello');
    const { json } = await rig.dreamos('search hello --json --as reviewer');
    expect(json.map(({ mailbox }) => mailbox)).toEqual(['reviewer']);
    const status = await rig.dreamos('status --json --as reviewer');
    expect(status.json.map(({ mailbox }) => mailbox)).toEqual(['reviewer']);
  });
});

describe('where nothing may be seen', () => {
  const pool = { allow: { send: ['*'], look: ['$self', 'pool*'] } };
  const hidden = JSON.stringify({
    roles: { pool, all: policy.roles.all },
    everyone: ['pool'],
    agents: { planner: ['all'] },
  });
  beforeEach(async () => {
    files['hidden.json'] = hidden;
    await dreamos('policy set hidden.json');
    await dreamos('send reviewer hello');
  });
  const anonymous =
    /There are 2 mailboxes that you may not look into without saying who you are: --as <agent>, or DREAMOS_AGENT\n/;

  test.each(['status', 'list', 'top --once', 'stats'])(
    '%s says who is not seen, and not that nobody is there',
    async (line) => {
      const { code, out, err } = await rig.dreamos(line);
      expect({ code, text: `${out}${err}` }).toMatchObject({ code: 0, text: expect.stringMatching(anonymous) });
      expect(`${out}${err}`).not.toMatch(/No agents yet|No mailboxes yet|any mailbox/);
    },
  );

  test('and to an agent which rule he has to ask for', async () => {
    const { err } = await dreamos('status', 'stranger');
    expect(err).toBe(
      'There are 2 mailboxes that stranger may not look into: dreamos policy check look planner --as stranger\n',
    );
  });

  test('and nothing of it to who sees all', async () => {
    expect((await dreamos('status')).err).toBe('');
    expect((await dreamos('list planner')).err).toBe('Nothing in planner is ready or delayed or inflight.\n');
  });
});
