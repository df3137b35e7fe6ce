import { beforeEach, describe, expect, test } from 'vitest';
import { setPolicy } from '../../../src/core/policy/policy.ts';
import { checkpointLog } from '../../../src/storage/port/audit.ts';
import { changeSettingsIn } from '../../storage/contract/ways.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { createRig, type Rig } from '../rig.ts';

const dayMs = 86_400_000;
let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

describe('what commands do', () => {
  const ops = async () => (await rig.dreamos('audit list --json')).json.map(({ op }) => op).reverse();

  // The first one loads them all.
  test('is noted with their words, of those that administer or purge', { timeout: 20_000 }, async () => {
    await rig.dreamos(['config', 'set', 'lease=30m', 'maxAttempts=4', '--note', 'why', '--as', 'planner']);
    const { json } = await rig.dreamos('audit list --json');
    expect(json).toMatchObject([
      { op: 'config.set', by: 'planner', result: 'done', args: ['lease=30m', 'maxAttempts=4', { note: 'why' }] },
    ]);
    await rig.dreamos('agent register scribe');
    await rig.dreamos('pause reviewer');
    await rig.dreamos('send reviewer hello --as planner');
    await rig.dreamos('status');
    await rig.dreamos('topics prune a --dry-run');
    await rig.dreamos('dlq purge reviewer --all --force');
    expect(await ops()).toEqual(['config.set', 'agent.register', 'pause', 'dlq.purge']);
  });

  test('is not noted where it was refused for what was typed', async () => {
    expect((await rig.dreamos('config set lease=never')).code).toBe(6);
    expect((await rig.dreamos('config set')).code).toBe(2);
    expect((await rig.dreamos('config set --help')).code).toBe(0);
    expect(await ops()).toEqual([]);
  });

  test('that was denied is noted, whatever it was, without what it was about to say', async () => {
    const denied = new DreamosError('denied', 'FORBIDDEN', 'planner may not send to reviewer.');
    const onRoot = ({ store }: typeof rig.root): void => {
      store.mail.send = () => Promise.reject(denied);
    };
    const sent = await rig.dreamos('send reviewer secret --as planner --json', { onRoot });
    expect([sent.code, sent.err]).toEqual([9, expect.stringContaining('FORBIDDEN') as string]);
    const { json, out } = await rig.dreamos('audit list --denied --json');
    expect(json).toMatchObject([{ op: 'send', by: 'planner', result: 'denied', code: 'FORBIDDEN' }]);
    expect(out).not.toContain('secret');
  });

  test.for<[string, string]>([
    ['task create --title parse --as reviewer', 'tasks.create'],
    ['reserve src --as reviewer', 'reservations.reserve'],
    ['send planner hello --as reviewer', 'send'],
  ])('%s is noted under the name of the operation, as the library does: %s', async ([line, op]) => {
    await setPolicy(rig.root, { roles: { all: { allow: { '*': ['*'] } } }, agents: { planner: ['all'] } });
    expect((await rig.dreamos(line)).code).toBe(9);
    expect((await rig.dreamos('audit list --denied --json --as planner')).json).toMatchObject([{ op }]);
  });

  test('with several items of which one is denied, that one is noted once', async () => {
    const denied = new DreamosError('denied', 'FORBIDDEN', 'no');
    const onRoot = ({ store }: typeof rig.root): void => {
      store.mail.send = async (outgoing) => outgoing.map(() => denied);
    };
    const stdin = '{"to":"reviewer","body":"one"}\n';
    expect((await rig.dreamos('send --batch --as planner', { stdin, onRoot })).code).toBe(9);
    expect((await rig.dreamos('audit list --json')).json).toMatchObject([{ op: 'send', result: 'denied' }]);
  });
});

describe('audit list', () => {
  beforeEach(async () => {
    await rig.dreamos('config set lease=30m --as planner');
    await rig.dreamos('agent retire reviewer');
  });

  test('is a line each, for a person a table on a terminal', async () => {
    const { out } = await rig.dreamos('audit list');
    expect(out.split('\n')[0]).toMatch(/^2026-11-20T09:00:00\.000Z {2}- \(pid \d+\) {2}agent\.retire {2}reviewer$/);
    const screen = await rig.dreamos('audit list --no-color', { terminal: true, screen: { rows: 30, columns: 80 } });
    expect(screen.out).toMatch(/when +by +what +end +about/);
    expect(screen.out).toMatch(/planner +config\.set +done +lease=30m/);
  });

  test('says that nothing is noted', async () => {
    expect((await rig.dreamos('audit list --by nobody')).err).toBe('Nothing of that is noted in /root.\n');
  });

  test('shows what would steer a terminal harmlessly', async () => {
    await rig.dreamos(['agent', 'register', 'scribe', '--description', 'a\u001b[31mb']);
    const { out } = await rig.dreamos('audit list -n 1');
    expect(out).toContain('\\u001b[31m');
    expect(out).not.toContain('\u001b');
  });
});

describe('audit verify', () => {
  beforeEach(() => rig.dreamos('config set lease=30m'));

  test('says up to when all is proved, and how old that is', async () => {
    rig.time.nowMs += 3 * 60_000;
    const { code, out } = await rig.dreamos('audit verify');
    expect(code).toBe(0);
    expect(out).toBe(
      'Whole: 1 line proved by 1 checkpoint, from 2026-11-20T09:00:00.000Z to 2026-11-20T09:00:00.000Z (3m ago). Whether the end of log and checkpoints was cut off together, only an anchor tells.\n',
    );
  });

  test('ends with 6 and names what was changed', async () => {
    const [day = ''] = await rig.root.store.audit.days();
    await rig.root.store.audit.remove(day);
    const { code, out, err } = await rig.dreamos('audit verify');
    expect(code).toBe(6);
    expect(out).toMatch(/^problem {3}The audit's log of 2026-11-20 is gone.*\[missing\]\nBroken: /);
    expect(out).not.toContain('proved');
    expect(err).toContain('1 problem in the audit of /root.');
    expect((await rig.dreamos('audit verify --json')).json).toMatchObject([{ state: 'broken' }]);
  });

  test('with an anchor says that it holds; without it in the root ends with 6', async () => {
    const anchor = (await rig.dreamos('audit anchor')).out.trim();
    expect(anchor).toMatch(/^\d+:[0-9a-f]{64}$/);
    expect((await rig.dreamos(`audit verify --anchor ${anchor}`)).out).toContain('The anchor holds');
    await rig.root.store.audit.remove(checkpointLog);
    expect((await rig.dreamos(`audit verify --anchor ${anchor}`)).code).toBe(6);
    expect((await rig.dreamos('audit verify --anchor nonsense')).code).toBe(2);
  });

  test('of nothing says that nobody can tell', async () => {
    const fresh = await createRig();
    expect((await fresh.dreamos('audit verify')).out).toMatch(/^Nothing is noted yet/);
  });
});

test('audit prune needs to know what to keep, and says what went', async () => {
  await rig.dreamos('config set lease=30m');
  rig.time.nowMs += 40 * dayMs;
  expect((await rig.dreamos('audit prune')).code).toBe(2);
  expect((await rig.dreamos('audit prune --older-than 60d')).err).toBe('No day of the audit has to go.\n');
  expect((await rig.dreamos('audit prune --older-than 30d --dry-run')).out).toMatch(
    /^audit of 2026-11-20: would be removed/,
  );
  expect((await rig.dreamos('audit prune --older-than 30d')).out).toMatch(
    /^audit of 2026-11-20: removed, \d+ bytes\n$/,
  );
  expect((await rig.dreamos('audit list --op audit --json')).json.map(({ op, args }) => [op, args])).toEqual([
    ['audit.prune', [{ olderThan: '30d' }]],
    ['audit.prune', [{ olderThan: '60d' }]],
  ]);
  expect((await rig.dreamos('audit verify')).out).toContain('Days up to 2026-11-20 were removed by audit prune.');
});

test('a setting that nobody knows does not keep the audit from noting', async () => {
  await changeSettingsIn(rig.root.store, (settings) => ({ ...settings, audit: 'sometimes' as 'off' }));
  await rig.dreamos('agent register scribe');
  await rig.root.store.documents.get('settings');
  expect((await rig.dreamos('audit list --json')).json).toMatchObject([{ op: 'agent.register' }]);
});
