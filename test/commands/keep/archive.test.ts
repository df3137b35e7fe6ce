import { beforeEach, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { schemaNames, schemas } from '../../../src/cli/schemas.ts';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

async function finished(): Promise<string> {
  const id = await rig.sent('send reviewer hello --as planner --subject Look');
  await rig.dreamos(`ack ${await rig.claimed()}`);
  return id;
}

async function dead(): Promise<string> {
  const id = await rig.sent('send reviewer hello --as planner --subject Look');
  await rig.dreamos(['nack', await rig.claimed(), '--dead', '--reason', 'cannot parse']);
  return id;
}

test('archive list, show and search tell what was finished and when', async () => {
  const id = await finished();
  const item = {
    id,
    mailbox: 'reviewer',
    ackedAt: '2026-11-20T09:00:00.000Z',
    message: expect.objectContaining({ body: 'hello' }),
  };
  expect((await rig.dreamos('archive list reviewer --json')).json).toEqual([item]);
  expect((await rig.dreamos(`archive show reviewer ${id} --json`)).json).toEqual([item]);
  expect((await rig.dreamos(`archive show ${id} --json`)).json).toEqual([item]);
  expect((await rig.dreamos('archive search LOOK --json')).json).toEqual([item]);
  expect((await rig.dreamos('archive search nowhere --json')).json).toEqual([]);
});

test('archive restore makes it ready again', async () => {
  const id = await finished();
  expect((await rig.dreamos(`archive restore reviewer ${id} --json`)).json).toMatchObject([{ id, state: 'ready' }]);
  expect((await rig.dreamos(`archive show ${id}`)).code).toBe(5);
});

const dayMs = 86_400_000;

test('archive export is JSON Lines, the oldest first, with and without --json', async () => {
  const first = await finished();
  rig.time.nowMs += dayMs;
  const second = await finished();
  const { code, out } = await rig.dreamos('archive export reviewer');
  expect(code).toBe(0);
  const lines = out
    .trimEnd()
    .split('\n')
    .map((line) => z.parse(schemas.archive, JSON.parse(line)) as { id: string });
  expect(lines.map(({ id }) => id)).toEqual([first, second]);
  expect((await rig.dreamos('archive export reviewer --json')).out).toBe(out);
  const ids = async (line: string) => (await rig.dreamos(`archive export ${line} --json`)).json.map(({ id }) => id);
  expect(await ids('reviewer --since 2026-11-21')).toEqual([second]);
  expect(await ids('reviewer --until 2026-11-20T09:00:00Z')).toEqual([]);
  expect(await ids('reviewer --until 1h')).toEqual([first]);
  expect((await rig.dreamos('archive export reviewer --since yesterday')).code).toBe(2);
  expect((await rig.dreamos('archive export reviewer --since 2026-13-40')).code).toBe(2);
});

test('archive prune needs to know what to keep, says what it removes, and that nothing is left to remove', async () => {
  await finished();
  rig.time.nowMs += 31 * dayMs;
  expect(await rig.dreamos('archive prune reviewer')).toMatchObject({ code: 2 });
  expect(await rig.dreamos('archive prune reviewer --keep-bytes 1GB')).toMatchObject({ code: 2 });
  expect(await rig.dreamos('archive prune reviewer --older-than month')).toMatchObject({ code: 2 });
  const dry = await rig.dreamos('archive prune reviewer --older-than 30d --dry-run');
  expect(dry.out).toMatch(/^reviewer: archive of 2026-11-20: 1 message would be removed, \d+ bytes\n$/);
  const { json } = await rig.dreamos('archive prune reviewer --keep-bytes 0 --json');
  expect(json).toEqual([
    { task: 'prune', mailbox: 'reviewer', day: '2026-11-20', count: 1, bytes: expect.any(Number) as number },
  ]);
  expect(z.safeParse(schemas.maintain, json[0]).success).toBe(true);
  const again = await rig.dreamos('archive prune reviewer --older-than 30d');
  expect(again).toMatchObject({ code: 0, out: '' });
  expect(again.err).toContain("Nothing in reviewer's archive has to go.");
});

test('archive pack says when no day is left to pack, and refuses what is no day', async () => {
  expect((await rig.dreamos('archive pack reviewer')).err).toContain('left to pack');
  expect((await rig.dreamos('archive pack reviewer --before 7d')).code).toBe(0);
  expect((await rig.dreamos('archive pack reviewer --before 2026-11-01')).code).toBe(0);
  const soon = await rig.dreamos('archive pack reviewer --before soon');
  expect(soon.code).toBe(2);
  expect(soon.err).toContain('2026-11-20, 2026-11-20T09:00Z, 7d');
  expect((await rig.dreamos('archive pack reviewer --before 2026-13-01')).err).toContain('"2026-13-01" is not a time');
  expect((await rig.dreamos('archive pack nobody')).code).toBe(4);
});

test('maintain does what the settings say, a line each, and else says that nothing is to be done', async () => {
  await finished();
  const idle = await rig.dreamos('maintain');
  expect(idle).toMatchObject({ code: 0, out: '' });
  expect(idle.err).toContain('Nothing to do.');
  await rig.dreamos('agent register reviewer --set archiveDays=30 --set eventDays=30');
  await rig.sent('send reviewer hello --as planner --ttl 1h');
  rig.time.nowMs += 40 * dayMs;
  const { out } = await rig.dreamos('maintain reviewer --dry-run');
  expect(out.trimEnd().split('\n')).toEqual([
    'reviewer: 1 message that outlived its time-to-live: would be moved to the dead-letter queue',
    expect.stringMatching(/^reviewer: archive of 2026-11-20: 1 message would be removed, \d+ bytes$/),
    expect.stringMatching(/^reviewer: event log of 2026-11-20: would be removed, \d+ bytes$/),
  ]);
  const { json } = await rig.dreamos('maintain --json');
  expect(json.map(({ task }) => task)).toEqual(['expired', 'prune', 'events']);
  for (const line of json) expect(z.safeParse(schemas.maintain, line).success).toBe(true);
  expect((await rig.dreamos('maintain')).err).toContain('Nothing to do.');
  expect((await rig.dreamos('maintain nobody')).code).toBe(4);
});

test('dlq list tells why, as a table for people', async () => {
  const id = await dead();
  expect((await rig.dreamos('dlq list reviewer --json')).json).toEqual([
    {
      id,
      mailbox: 'reviewer',
      reason: 'cannot parse',
      attempts: 1,
      deadAt: '2026-11-20T09:00:00.000Z',
      message: expect.objectContaining({ body: 'hello' }),
    },
  ]);
  const { out } = await rig.dreamos('dlq list reviewer');
  expect(out).toMatch(/^id +dead since +attempts +from +subject +reason\n/);
  expect(out).toContain('cannot parse');
});

test('dlq show has the history', async () => {
  const id = await dead();
  const { json } = await rig.dreamos(`dlq show reviewer ${id} --json`);
  expect(json).toMatchObject([
    { id, reason: 'cannot parse', history: expect.arrayContaining([expect.objectContaining({ event: 'claimed' })]) },
  ]);
  expect((await rig.dreamos(`dlq show reviewer ${id}`)).out).toContain('claimed by reviewer');
});

test('dlq retry makes it ready, with attempts anew', async () => {
  const id = await dead();
  expect((await rig.dreamos(`dlq retry ${id} --as reviewer --json`)).json).toMatchObject([
    { id, state: 'ready', attempt: 0 },
  ]);
  expect((await rig.dreamos(`dlq retry reviewer ${id}`)).code).not.toBe(0);
});

test('dlq retry and purge need ids or --all', async () => {
  await dead();
  await dead();
  expect((await rig.dreamos('dlq purge reviewer')).code).toBe(2);
  expect((await rig.dreamos('dlq retry reviewer')).code).toBe(2);
  expect((await rig.dreamos('dlq retry reviewer 01JD3Y6Q0V8M5T2B7K9XWZ4RCE --all')).code).toBe(2);
  expect((await rig.dreamos('dlq purge reviewer --all --json')).json).toMatchObject([
    { purged: true },
    { purged: true },
  ]);
  expect(await rig.dreamos('dlq list reviewer')).toMatchObject({ code: 0, out: '' });
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

test('config tells what holds and where it comes from', async () => {
  expect((await rig.dreamos('config get lease --json')).json).toEqual([
    { key: 'lease', value: '15m', source: 'default' },
  ]);
  expect((await rig.dreamos('config set lease 30m --json')).json).toEqual([
    { key: 'lease', value: '30m', source: 'config' },
  ]);
  expect((await rig.dreamos('config get lease')).out).toBe('30m\n');
  expect((await rig.dreamos('config get', { env: { DREAMOS_LEASE: '1h' } })).out).toMatch(/\nlease +1h +environment\n/);
});

test('doctor on a sound root finds nothing wrong', async () => {
  expect((await rig.dreamos('doctor')).code).toBe(0);
});

test.each(Object.keys(schemaNames))('schema %s is a JSON Schema', async (name) => {
  const { json } = await rig.dreamos(`schema ${name} --json`);
  expect(json).toMatchObject([{ $schema: expect.stringContaining('2020-12'), type: 'object' }]);
});

test('schema without a name lists the names; an unknown one is refused with them', async () => {
  expect((await rig.dreamos('schema --json')).json.map((one) => one['name'])).toEqual(Object.keys(schemas));
  const { code, err } = await rig.dreamos('schema messgae');
  expect(code).toBe(2);
  expect(err).toContain('message, drop');
});

test('what the commands print fits the schemas they publish', async () => {
  const fits = async (name: keyof typeof schemas, line: string) => {
    const { json, err } = await rig.dreamos(`${line} --json`);
    const misfits = json.flatMap((one) => z.safeParse(schemas[name], one).error?.issues ?? []);
    expect({ line, err, items: json.length > 0, misfits }).toEqual({ line, err: '', items: true, misfits: [] });
  };
  await dead();
  await finished();
  await fits('send', 'send reviewer hello --as planner');
  await fits('peek', 'peek reviewer');
  await fits('list', 'list reviewer --state all');
  await fits('read', 'read reviewer');
  await rig.sent();
  await fits('settled', `renew ${await rig.claimed()}`);
  await fits('status', 'status');
  await fits('watch', 'watch --since start --count 5');
  await fits('dlq', 'dlq list reviewer');
  await fits('archive', 'archive list reviewer');
  await fits('agent', 'agent list');
  await fits('entry', `cancel ${await rig.sent()}`);
  await fits('show', `show ${await rig.sent()}`);
});

test.each(['bash', 'zsh', 'fish'])('completion %s knows every command and option', async (shell) => {
  const { code, out } = await rig.dreamos(`completion ${shell}`);
  expect(code).toBe(0);
  for (const word of ['send', 'register', 'purge', shell === 'fish' ? '-l dedupe-key' : '--dedupe-key'])
    expect(out).toContain(word);
});

test('completion for another shell is refused', async () => {
  expect((await rig.dreamos('completion tcsh')).code).toBe(2);
});
