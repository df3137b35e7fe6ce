/** Every change is a version: on a real disk, because people edit the files and processes are killed between two of them. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { registerAgent, resolveAgent, retireAgent } from '../../../src/core/agents/agents.ts';
import { pauseAgent } from '../../../src/core/agents/pause.ts';
import { changeConfig, rollbackConfig, setConfig, unsetConfig } from '../../../src/core/config/change.ts';
import { configDiff, configHistory } from '../../../src/core/config/history.ts';
import { showConfig } from '../../../src/core/config/show.ts';
import { editableConfig, replaceConfig, validateConfig } from '../../../src/core/config/text.ts';
import { doctor } from '../../../src/core/keep/doctor.ts';
import { maintain } from '../../../src/core/keep/maintain.ts';
import { renameAgent } from '../../../src/core/keep/rename-agent.ts';
import { rootOver } from '../../../src/core/open-root.ts';
import { keepNext } from '../../../src/core/root/revisions.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { effectiveSettings } from '../../../src/core/root/settings.ts';
import { send } from '../../../src/core/send/send.ts';
import type { Disk } from '../../../src/storage/file/disk/disk.ts';
import { type DiskCall, watchedDisk } from '../../storage/file/disks.ts';
import { makeRoom, type Room } from '../../storage/file/room.ts';
import { gather, refusal } from '../rig.ts';

let room: Room;
let session: Session;
let warnings: string[];
beforeEach(async () => {
  room = makeRoom();
  session = await begin();
});

/** As a new process has it. */
async function begin(as = 'ann', disk?: Disk): Promise<Session> {
  const { clock, ids, root } = room;
  warnings = [];
  const warn = (message: string): void => void warnings.push(message);
  return rootOver(await room.open(disk), { path: root, clock, ids }, { as, warn });
}

const write = (text: string): void => writeFileSync(room.layout.config, text, { mode: 0o600 });
const written = (): unknown => JSON.parse(readFileSync(room.layout.config, 'utf8'));
const kept = (): string[] => {
  const folder = join(room.root, 'config/history');
  return existsSync(folder) ? readdirSync(folder).sort() : [];
};
const lease = async (of = session): Promise<number> => {
  room.clock.advance(1000);
  return (await effectiveSettings(of)).leaseMs;
};

test('several settings are one version, which says who, when, why and what; the same again is none', async () => {
  const at = new Date(room.clock.now()).toISOString();
  const now = await changeConfig(session, { lease: '5m', maxAttempts: 3 }, { note: 'slow builds' });
  expect(now).toEqual([
    { key: 'lease', value: '5m', source: 'config', version: 1 },
    { key: 'maxAttempts', value: 3, source: 'config', version: 1 },
  ]);
  room.clock.advance(1);
  expect(await setConfig(await begin('bob'), 'lease', '6m')).toMatchObject({ version: 2 });
  expect(await setConfig(session, 'lease', '6m')).toMatchObject({ version: 2 });
  expect(await unsetConfig(session, ['maxAttempts', 'lease'])).toMatchObject([{ version: 3 }, { source: 'default' }]);
  expect(kept()).toEqual(['1.json', '2.json', '3.json']);
  const [third, second, first] = await configHistory(session);
  expect(first).toEqual({
    version: 1,
    at,
    by: 'ann',
    note: 'slow builds',
    byHand: false,
    state: 'replaced',
    changes: [
      { key: 'lease', from: null, to: '5m' },
      { key: 'maxAttempts', from: null, to: 3 },
    ],
  });
  expect(second).toMatchObject({ by: 'bob', note: null, changes: [{ key: 'lease', from: '5m', to: '6m' }] });
  expect(third).toMatchObject({ version: 3, state: 'in force' });
  expect(await configDiff(session)).toEqual(third?.changes);
  expect(await configDiff(session, 1, 2)).toEqual(second?.changes);
  expect(await configDiff(session, 0, 1)).toEqual(first?.changes);
  expect(await configDiff(session, 3)).toEqual([]);
  expect(await configHistory(session, { limit: 1 })).toEqual([third]);
});

test('one of several that cannot be leaves all as they were, in a version and in the file', async () => {
  await setConfig(session, 'lease', '5m');
  for (const changes of [{ lease: '6m', maxAttempts: 0 }, { lease: '6m', leese: 1 }, { backoffMin: '10m' }])
    expect(await refusal(changeConfig(session, changes))).toMatchObject({ kind: 'invalid', code: 'CONFIG_INVALID' });
  expect(await refusal(changeConfig(session, {}))).toMatchObject({ code: 'USAGE' });
  expect(kept()).toEqual(['1.json']);
  expect(written()).toEqual({ lease: '5m' });
  expect(await changeConfig(session, { backoffMin: '10m', backoffMax: '20m' })).toMatchObject([{ version: 2 }, {}]);
});

test('a change that names a version which is not in force any more changes nothing', async () => {
  await setConfig(session, 'lease', '5m', { ifVersion: 0 });
  await setConfig(session, 'lease', '6m', { ifVersion: 1 });
  const late = await refusal(setConfig(session, 'lease', '7m', { ifVersion: 1 }));
  expect(late).toMatchObject({
    kind: 'conflict',
    code: 'STATE_CHANGED',
    hint: 'What has changed: dreamos config diff 1 2',
  });
  expect(await refusal(rollbackConfig(session, 1, { ifVersion: 1 }))).toMatchObject({ code: 'STATE_CHANGED' });
  write('{"lease":"8m"}');
  expect(await refusal(setConfig(session, 'lease', '7m', { ifVersion: 2 }))).toMatchObject({ code: 'STATE_CHANGED' });
  write('{');
  expect(await refusal(rollbackConfig(session, 1, { ifVersion: 2 }))).toMatchObject({ code: 'STATE_CHANGED' });
  expect(readFileSync(room.layout.config, 'utf8')).toBe('{');
});

test('a rollback is a new version that says what an earlier one said, also that nothing was set', async () => {
  await changeConfig(session, { lease: '5m', maxAttempts: 3 });
  await changeConfig(session, { lease: '6m', maxAttempts: null });
  expect(await rollbackConfig(session, 1)).toMatchObject({
    version: 3,
    note: 'rollback to 1',
    state: 'in force',
    changes: [
      { key: 'lease', from: '6m', to: '5m' },
      { key: 'maxAttempts', from: null, to: 3 },
    ],
  });
  expect(written()).toEqual({ lease: '5m', maxAttempts: 3 });
  expect(await lease()).toBe(300_000);
  expect(await rollbackConfig(session, 0)).toMatchObject({ version: 4 });
  expect(written()).toEqual({});
  const none = await refusal(rollbackConfig(session, 9));
  expect(none).toMatchObject({ kind: 'not-found', code: 'VERSION_NOT_FOUND', hint: 'dreamos config history' });
});

test('who has proved who he is changes no command that the user of the root would run, by no way', async () => {
  const ann: Session = { ...session, proved: true };
  const denied = { kind: 'denied', code: 'FORBIDDEN' };
  const secretScanner = ['sh', '-c', 'id > f'];
  const alerts = [{ name: 'dead', run: ['sh', '-c', 'id > f'] }];
  await expect(changeConfig(ann, { secretScanner })).rejects.toMatchObject(denied);
  await expect(setConfig(ann, 'alerts', alerts)).rejects.toMatchObject(denied);
  await setConfig(session, 'secretScanner', secretScanner);
  await setConfig(session, 'alerts', alerts);
  await expect(unsetConfig(ann, ['secretScanner'])).rejects.toMatchObject(denied);
  await expect(rollbackConfig(ann, 1)).rejects.toMatchObject(denied);
  await expect(setConfig(ann, 'alerts', [{ name: 'dead', run: ['true'] }])).rejects.toMatchObject(denied);
  const text = JSON.stringify({ alerts });
  const before = await editableConfig(ann);
  await expect(replaceConfig(ann, text, { before })).rejects.toMatchObject(denied);
  await changeConfig(session, { secretScanner: null, alerts: null });
  await expect(rollbackConfig(ann, 2)).rejects.toMatchObject(denied);
  await rollbackConfig(session, 2);
  // What is in force while the file cannot be read is what was there before.
  write('{');
  await expect(rollbackConfig(ann, 0)).rejects.toMatchObject(denied);
  await rollbackConfig(ann, 2);
  const others = [{ name: 'oldest', over: '2h' }, ...alerts];
  await changeConfig(ann, { lease: '30m', alerts: others });
  expect(JSON.parse(readFileSync(room.layout.config, 'utf8'))).toMatchObject({ secretScanner, lease: '30m' });
});

test('eight who change at the same moment lose none, also without a lock', async () => {
  const keys = ['lease', 'backoffMax', 'warnUnreadAfter', 'wakeFor', 'heartbeat', 'topicRetention', 'ttl'] as const;
  const sessions = await Promise.all(keys.map(() => begin()));
  const all = await Promise.all(sessions.map((one, i) => setConfig(one, keys[i] ?? 'lease', '7h')));
  expect(written()).toEqual(Object.fromEntries(keys.map((key) => [key, '7h'])));
  const history = await configHistory(session);
  const done = history.filter(({ state }) => state !== 'undone').map(({ version }) => version);
  expect(new Set(done)).toEqual(new Set(all.map(({ version }) => version)));
  expect(history.some(({ byHand }) => byHand)).toBe(false);
});

test('a change that was killed before it was in force is undone by what the file says, and its number is not given again', async () => {
  await setConfig(session, 'lease', '5m');
  const killed = new Error('killed');
  const disk = watchedDisk(({ method, to }: DiskCall) => {
    if (method === 'rename' && to === room.layout.config) throw killed;
  });
  await expect(setConfig(await begin('bob', disk), 'lease', '6m')).rejects.toBe(killed);
  expect(kept()).toEqual(['1.json', '2.json']);
  session = await begin();
  expect(await lease()).toBe(300_000);
  expect((await configHistory(session)).map(({ version, state }) => [version, state])).toEqual([
    [2, 'undone'],
    [1, 'in force'],
  ]);
  expect(await showConfig(session, ['lease'], { origin: true })).toMatchObject([{ version: 1, by: 'ann' }]);
  expect(await setConfig(session, 'maxAttempts', 3)).toMatchObject({ version: 3 });
  expect(written()).toEqual({ lease: '5m', maxAttempts: 3 });
  expect((await configHistory(session)).map(({ version, state }) => [version, state])).toEqual([
    [3, 'in force'],
    [2, 'undone'],
    [1, 'replaced'],
  ]);
});

test('one who lost the lock meanwhile puts his change on top of the other one, and overwrites nothing', async () => {
  const slow = await begin('bob');
  slow.store.documents.withLock = (_, work) => work({ isHeld: () => false });
  const { put } = slow.store.documents;
  let first = true;
  slow.store.documents.put = async (...given) => {
    if (first) await setConfig(session, 'lease', '5m');
    first = false;
    return put(...given);
  };
  expect(await setConfig(slow, 'maxAttempts', 3)).toMatchObject({ version: 3 });
  expect(written()).toEqual({ lease: '5m', maxAttempts: 3 });
  expect((await configHistory(session)).map(({ by, state }) => [by, state])).toEqual([
    ['bob', 'in force'],
    ['ann', 'replaced'],
    ['bob', 'undone'],
  ]);
});

test('what is edited by hand and can be used is in force at once; looks say so and write nothing, the next who writes keeps it', async () => {
  await setConfig(session, 'lease', '5m');
  write('{"lease":"8m","maxBytes":"10MB","colour":"green"}');
  expect(await lease()).toBe(480_000);
  warnings.length = 0;
  const [only, ...others] = await configHistory(session);
  expect(others).toEqual([]);
  expect(only).toMatchObject({ version: 1, state: 'replaced' });
  expect(await configDiff(session)).toContainEqual({ key: 'lease', from: '5m', to: '8m' });
  expect(warnings.join()).toMatch(
    /config\.json was edited by hand since version 1: in force, and kept .* dreamos maintain/,
  );
  const [shown] = await showConfig(session, ['lease'], { origin: true });
  expect(shown).toEqual({ key: 'lease', value: '8m', source: 'config', where: room.layout.config });
  expect(await gather(doctor(session))).toMatchObject([{ rule: 'settings', level: 'info', fixed: false }]);
  expect(await gather(maintain(session, { dryRun: true }))).toEqual([{ task: 'config', count: 1, dryRun: true }]);
  expect(kept()).toEqual(['1.json']);

  expect(await gather(maintain(session))).toEqual([{ task: 'config', count: 1 }]);
  expect(await gather(maintain(session))).toEqual([]);
  expect(await gather(doctor(session))).toEqual([]);
  expect(await configHistory(session, { limit: 1 })).toMatchObject([
    { version: 2, by: null, byHand: true, state: 'in force' },
  ]);

  write('{"lease":"9m"}');
  expect(await setConfig(session, 'maxAttempts', 3)).toMatchObject({ version: 4 });
  expect((await configHistory(session)).map(({ byHand }) => byHand)).toEqual([false, true, true, false]);
  write('{"lease":"10m"}');
  expect(await gather(doctor(session, { fix: true }))).toMatchObject([{ rule: 'settings', fixed: true }]);
  expect(kept()).toHaveLength(5);
});

test.for(['{"lease":"soon"}', '{"lease":', '[]'])(
  'while %j is there, a new process goes by the last version, loudly, and the file stays as it is',
  async (text) => {
    await registerAgent(session, { name: 'cy' });
    await changeConfig(session, { lease: '5m', dedupeWindow: '4d' });
    const draft = { to: 'cy', body: 'hello', dedupeKey: 'k' };
    const { id } = await send(session, draft);
    write(text);
    room.clock.advance(3 * 86_400_000);
    session = await begin();
    expect(await lease()).toBe(300_000);
    expect(warnings).toEqual([expect.stringMatching(/config\.json cannot be used.*stays in force/)]);
    session = await begin();
    // The store itself goes by it as well.
    expect(await send(session, draft)).toMatchObject({ id, duplicate: true });
    expect(await showConfig(session, ['lease'])).toMatchObject([{ value: '5m' }]);
    expect(await configHistory(session)).toMatchObject([{ version: 1, state: 'in force' }]);
    const [finding, ...others] = await gather(doctor(session, { fix: true }));
    expect(finding).toMatchObject({ rule: 'settings', level: 'problem' });
    expect(finding?.hint).toMatch(/or back to version 1, which is in force: dreamos config rollback 1$/);
    expect(others).toMatchObject([{ rule: 'unread' }]);
    expect(await gather(maintain(session))).not.toContainEqual(expect.objectContaining({ task: 'config' }));
    expect(readFileSync(room.layout.config, 'utf8')).toBe(text);

    expect(await rollbackConfig(session, 1)).toMatchObject({ version: 2, state: 'in force', changes: [] });
    expect(written()).toEqual({ lease: '5m', dedupeWindow: '4d' });
    expect(JSON.parse(readFileSync(join(room.root, 'config/history/2.json'), 'utf8'))).toMatchObject({
      replaced: text,
    });
  },
);

test('a version that somebody has spoilt is passed over, said by looks and by the doctor, and never given again', async () => {
  await setConfig(session, 'lease', '5m');
  await setConfig(session, 'lease', '6m');
  writeFileSync(join(room.root, 'config/history/2.json'), '{"version":2,');
  writeFileSync(join(room.root, 'config/history/notes'), '', { mode: 0o600 });
  write('{');
  session = await begin();
  expect(await lease()).toBe(300_000);
  expect(await configHistory(session)).toMatchObject([{ version: 1 }]);
  expect(warnings.join()).toContain('Version 2 cannot be read');
  expect((await refusal(rollbackConfig(session, 2))).code).toBe('VERSION_NOT_FOUND');
  expect(await gather(doctor(session))).toMatchObject([
    { rule: 'settings', hint: expect.stringContaining('rollback 1') as string },
    { rule: 'version', level: 'warning', message: expect.stringContaining('config/history/2.json') },
    { rule: 'version', level: 'info', message: expect.stringContaining('config/history/notes') },
  ]);
  expect(await rollbackConfig(session, 1)).toMatchObject({ version: 3 });
});

test('a whole text is put in force as one version, if it can be used and nobody was faster', async () => {
  await setConfig(session, 'lease', '5m');
  const before = await editableConfig(session);
  expect(JSON.parse(before.text)).toEqual({ lease: '5m' });
  const faults = await refusal(replaceConfig(session, '{\n "lease": "soon",\n "leese": 1}', { before }));
  expect(faults.message).toMatch(/line 2, column 2: lease: "soon".*; line 3, column 2: .*did you mean "lease"/);
  expect((await refusal(replaceConfig(session, '{', { before }))).message).toMatch(/line 1, column 2/);
  expect((await refusal(replaceConfig(session, '[]', { before }))).message).toContain('it is no object');
  expect(await replaceConfig(session, '{"maxAttempts":4}', { before, note: 'why' })).toMatchObject({
    version: 2,
    note: 'why',
  });
  expect(await refusal(replaceConfig(session, '{}', { before }))).toMatchObject({ code: 'STATE_CHANGED' });
  expect(written()).toEqual({ maxAttempts: 4 });
  expect(await validateConfig(session)).toEqual({ file: room.layout.config, valid: true, settings: 1 });
  expect(await validateConfig(session, '{"lease":"9m","ofAnother":1}', 'x.json')).toEqual({
    file: 'x.json',
    valid: true,
    settings: 1,
    unknown: ['ofAnother'],
  });
  write('{"lease":"soon"}');
  expect((await refusal(validateConfig(session))).message).toContain(
    `${room.layout.config} cannot be used: line 1, column 2`,
  );
  expect((await refusal(validateConfig(session, '{"backoffMin":"9m"}', 'x.json'))).message).toMatch(
    /x\.json .*longer than/,
  );
});

test('an origin is the version with which a setting became what it is', async () => {
  await changeConfig(session, { lease: '5m', maxAttempts: 3 });
  const by = await begin('bob');
  await setConfig(by, 'maxAttempts', 4);
  await setConfig(session, 'heartbeat', '1m');
  await registerAgent(session, { name: 'cy', settings: { lease: '1h' } });
  await registerAgent(by, { name: 'cy', settings: { ttl: '2h' } });
  const { path } = { path: room.at('cy').card };
  const env = { DREAMOS_HEARTBEAT: '2m' };
  const shown = await showConfig({ ...session, env }, ['lease', 'maxAttempts', 'heartbeat', 'ttl', 'wakeFor'], {
    agent: 'cy',
    origin: true,
  });
  expect(shown).toMatchObject([
    { key: 'lease', value: '1h', source: 'card', where: path, version: 1, by: null },
    { key: 'maxAttempts', value: 4, source: 'config', where: room.layout.config, version: 2, by: 'bob' },
    { key: 'heartbeat', value: '2m', source: 'environment', where: 'DREAMOS_HEARTBEAT' },
    { key: 'ttl', value: '2h', source: 'card', version: 2, by: 'bob' },
    { key: 'wakeFor', source: 'default' },
  ]);
  expect(shown.at(-1)).not.toHaveProperty('where');
  expect(await showConfig(session, ['lease'], { origin: true })).toMatchObject([
    { value: '5m', version: 1, by: 'ann' },
  ]);
});

test('a card keeps what it was from its first change on; to make an agent, or to say the same again, keeps nothing', async () => {
  await registerAgent(session, { name: 'cy', description: 'first' });
  await registerAgent(session, { name: 'cy', description: 'first' });
  await send(session, { to: 'cy', body: 'x' });
  expect(existsSync(room.at('cy').cards)).toBe(false);
  expect(await configHistory(session, { agent: 'cy' })).toEqual([]);
  await registerAgent(session, { name: 'cy', description: 'second', settings: { lease: '1h' } });
  await pauseAgent(await begin('bob'), 'cy');
  await renameAgent(session, 'cy', 'di');
  const history = await configHistory(session, { agent: 'di' });
  expect(history.map(({ version, by, state }) => [version, by, state])).toEqual([
    [4, 'ann', 'in force'],
    [3, 'bob', 'replaced'],
    [2, 'ann', 'replaced'],
    [1, null, 'replaced'],
  ]);
  expect(history.map(({ changes }) => changes.map(({ key }) => key))).toEqual([
    ['formerNames'],
    ['pausedAt', 'pausedBy'],
    ['description', 'settings.lease'],
    [],
  ]);
  const rolled = await rollbackConfig(session, 1, { agent: 'di', note: 'as it was' });
  expect(rolled).toMatchObject({ version: 5, note: 'as it was', state: 'in force' });
  const card = await resolveAgent(session, 'di');
  expect(card).toMatchObject({ name: 'di', description: 'first', pausedBy: 'bob', formerNames: [{ name: 'cy' }] });
  expect(card).not.toHaveProperty('settings');
  expect(await refusal(rollbackConfig(session, 2, { agent: 'di', ifVersion: 4 }))).toMatchObject({
    code: 'STATE_CHANGED',
  });
  expect(await refusal(rollbackConfig(session, 0, { agent: 'di' }))).toMatchObject({ code: 'VERSION_NOT_FOUND' });
  await retireAgent(session, 'di');
  expect(await configDiff(session, undefined, undefined, { agent: 'di' })).toMatchObject([
    { key: 'retiredAt', from: null },
  ]);
});

test('a card that was edited by hand is kept with its next change', async () => {
  await registerAgent(session, { name: 'bob', description: 'a' });
  const card = room.at('bob').card;
  writeFileSync(card, readFileSync(card, 'utf8').replace('"a"', '"by hand"'));
  room.clock.advance(1000);
  warnings.length = 0;
  await configHistory(session, { agent: 'bob' });
  expect(warnings.join()).toMatch(/agent\.json was edited by hand since version 2/);
  await registerAgent(session, { name: 'bob', description: 'b' });
  expect(
    (await configHistory(session, { agent: 'bob' })).map(({ byHand, changes }) => [byHand, changes[0]?.to]),
  ).toEqual([
    [false, 'b'],
    [true, 'by hand'],
    [false, 'a'],
    [false, undefined],
  ]);
});

test('whoever sends looks at no version, and at no other file than before', async () => {
  const looks = async (): Promise<string[]> => {
    const calls: string[] = [];
    let counting = false;
    const disk = watchedDisk(({ method, path }) => {
      if (counting && !/rename|link|create|sync/.test(method)) calls.push(`${method} ${path.slice(room.root.length)}`);
    });
    const own = await begin('ann', disk);
    await send(own, { to: 'bob', body: 'warm' });
    counting = true;
    room.clock.advance(1000);
    await send(own, { to: 'bob', body: 'x' });
    return calls.map((call) => call.replace(/[0-9A-Z]{10,}.*/, ''));
  };
  write('{"lease":"5m"}');
  const before = await looks();
  expect(before.filter((call) => call.includes('config'))).toEqual(['stat /config.json']);
  rmSync(room.layout.config);
  for (let i = 0; i < 3; i++) await setConfig(session, 'maxAttempts', 3 + i);
  await keepNext(session, 'agents/bob', { name: 'bob', createdAt: '' }, { base: 0 });
  expect(await looks()).toEqual(before);
});

test('a change that was killed never comes into force, also when config.json is spoilt later', async () => {
  for (const value of ['5m', '6m', '7m']) await setConfig(session, 'lease', value);
  const killed = new Error('killed');
  const disk = watchedDisk(({ method, to }: DiskCall) => {
    if (method === 'rename' && to === room.layout.config) throw killed;
  });
  await expect(setConfig(await begin('bob', disk), 'lease', '8m')).rejects.toBe(killed);
  expect(kept()).toContain('4.json');
  write('{');
  session = await begin();
  expect(await lease()).toBe(420_000);
  const states = async () => (await configHistory(session)).map(({ version, state }) => `${version} ${state}`);
  expect(await states()).toEqual(['4 undone', '3 in force', '2 replaced', '1 replaced']);
  expect((await gather(doctor(session)))[0]?.hint).toMatch(/dreamos config rollback 3$/);
  expect((await refusal(setConfig(session, 'maxAttempts', 2))).hint).toMatch(/dreamos config rollback 3$/);
  expect(await rollbackConfig(session, 3)).toMatchObject({ version: 5, changes: [] });
  expect(await states()).toEqual(['5 in force', '4 undone', '3 replaced', '2 replaced', '1 replaced']);
});

test('of a change that was killed right after it was put in place config.json tells, and the next change', async () => {
  await setConfig(session, 'lease', '5m');
  const killed = new Error('killed');
  const disk = watchedDisk(({ method, to }: DiskCall) => {
    if (method === 'rename' && to?.endsWith('in-force.json')) throw killed;
  });
  await expect(setConfig(await begin('bob', disk), 'lease', '6m')).rejects.toBe(killed);
  session = await begin();
  expect(await configHistory(session)).toMatchObject([
    { version: 2, by: 'bob', state: 'in force' },
    { version: 1, state: 'replaced' },
  ]);
  expect(await setConfig(session, 'lease', '6m')).toMatchObject({ version: 2 });
  write('{');
  session = await begin();
  expect(await lease()).toBe(360_000);
});

test.for(['{}', undefined, '{"lease":"5m"}'])('versions stay replaced when %j is put there by hand', async (text) => {
  await setConfig(session, 'lease', '5m');
  await setConfig(session, 'lease', '6m');
  if (text === undefined) rmSync(room.layout.config);
  else write(text);
  session = await begin();
  expect((await configHistory(session)).map(({ state }) => state)).toEqual(['replaced', 'replaced']);
  expect(warnings.join()).toContain('edited by hand since version 2');
  expect(await rollbackConfig(session, 0)).toMatchObject({ state: 'in force' });
  const [byHand, ...others] = (await configHistory(session)).toReversed().slice(2);
  expect(byHand).toMatchObject({ version: 3, byHand: true, state: others.length === 0 ? 'in force' : 'replaced' });
  expect((await configHistory(session)).filter(({ state }) => state === 'undone')).toEqual([]);
});

test('a spoilt note of what is in force stops a change before anything is changed, and no look', async () => {
  await setConfig(session, 'lease', '5m');
  const path = join(room.root, 'in-force.json');
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ version: 1 });
  writeFileSync(path, '{', { mode: 0o600 });
  session = await begin();
  const refused = await refusal(setConfig(session, 'lease', '6m'));
  expect(refused).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(path) as string });
  expect([written(), kept()]).toEqual([{ lease: '5m' }, ['1.json']]);
  expect(await configHistory(session)).toMatchObject([{ version: 1, state: 'in force' }]);
  rmSync(path);
  session = await begin();
  expect(await setConfig(session, 'lease', '6m')).toMatchObject({ version: 2 });
});
