/** config.json as people leave it who edit it by hand: on a real disk, because where a fault is stands in the text. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { registerAgent, resolveAgent } from '../../../src/core/agents/agents.ts';
import { doctor } from '../../../src/core/keep/doctor.ts';
import { list } from '../../../src/core/look/list.ts';
import { status } from '../../../src/core/look/status.ts';
import { rootOver } from '../../../src/core/open-root.ts';
import { getConfig } from '../../../src/core/config/show.ts';
import { changeConfig, setConfig } from '../../../src/core/config/change.ts';
import { readSettings } from '../../../src/core/root/config-file.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { effectiveSettings } from '../../../src/core/root/settings.ts';
import { addSchedule, listSchedules, removeSchedule } from '../../../src/core/schedules/schedules.ts';
import { send } from '../../../src/core/send/send.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { subscribe } from '../../../src/core/topics/subscriptions.ts';
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
async function begin(): Promise<Session> {
  const { clock, ids, root } = room;
  warnings = [];
  const warn = (message: string): void => void warnings.push(message);
  return rootOver(await room.open(), { path: root, clock, ids }, { as: 'ann', warn });
}

const write = (text: string, name = 'config.json'): void => writeFileSync(join(room.root, name), text, { mode: 0o600 });
const lease = async (): Promise<number> => (await effectiveSettings(session)).leaseMs;
const soon = '{\n  "maxAttempts": 3,\n  "lease": "soon"\n}\n';

test('the settings that a process has seen stay in force while the file is invalid, which is said once for each change', async () => {
  write('{"lease":"5m"}');
  expect(await lease()).toBe(300_000);
  const said: string[] = [];
  for (const [text, place] of [
    [soon, /config\.json cannot be used: line 3, column 3: lease: "soon" is not a duration/],
    ['{\n  "lease": "5m",\n}', /config\.json cannot be used: line 3, column 1: a field/],
    ['["lease"]', /config\.json cannot be used: line 1, column 1: it is no object/],
    ['{"lease":"13h"}', /config\.json cannot be used: line 1, column 2: lease: "13h" is not .*at most 12h/],
  ] as const) {
    write(text);
    for (let second = 0; second < 3; second++) {
      room.clock.advance(1000);
      expect(await lease()).toBe(300_000);
    }
    said.push(expect.stringMatching(place) as string);
    expect(warnings).toEqual(said);
  }
  write('{"lease":"7m"}');
  room.clock.advance(1000);
  expect(await lease()).toBe(420_000);
  write(soon);
  room.clock.advance(1000);
  expect(await lease()).toBe(420_000);
  expect(warnings).toEqual([...said, said[0]]);
});

test('bytes and days may be written with the units that the command takes, in config.json and in a card', async () => {
  await registerAgent(session, { name: 'bob' });
  write('{"maxBytes":"10MB","archiveDays":"30d","archiveBytes":"1 GiB","eventDays":"none","colour":"10MB"}');
  const { maxBytes, retention } = await effectiveSettings(session);
  expect({ maxBytes, ...retention }).toMatchObject({ maxBytes: 10_000_000, archiveDays: 30, archiveBytes: 2 ** 30 });
  expect(retention.eventDays).toBe(Infinity);
  expect(await getConfig(session, 'maxBytes')).toEqual([{ key: 'maxBytes', value: 10_000_000, source: 'config' }]);
  expect(await gather(doctor(session))).toEqual([]);
  expect(warnings).toEqual([]);

  // What dreamos writes is what it has always written.
  await setConfig(session, 'lease', '1h30m');
  expect(JSON.parse(readFileSync(join(room.root, 'config.json'), 'utf8'))).toEqual({
    maxBytes: 10_000_000,
    archiveDays: 30,
    archiveBytes: 2 ** 30,
    eventDays: 'none',
    colour: '10MB',
    lease: '1h30m',
  });

  write(
    '{"name":"bob","createdAt":"2026-11-20T09:00:00.000Z","settings":{"maxBytes":"2kB"}}',
    'agent_mailboxes/bob/agent.json',
  );
  room.clock.advance(1000);
  expect((await effectiveSettings(session, await resolveAgent(session, 'bob'))).maxBytes).toBe(2000);
  const { card } = await registerAgent(session, { name: 'bob', settings: { maxMessages: 5 } });
  expect(card.settings).toEqual({ maxBytes: 2000, maxMessages: 5 });
  expect(warnings).toEqual([]);
});

test('a number with a unit that is none, or out of range, is refused with what is allowed', async () => {
  for (const [text, allowed] of [
    ['{"maxBytes":"10 apples"}', /maxBytes: "10 apples" is not a whole number of bytes from 1 on, also 10MB/],
    ['{"maxMessageBytes":"1GB"}', /maxMessageBytes: "1GB" is not .* from 1024 to 67108864, also 10MB/],
    ['{"archiveDays":"36h"}', /archiveDays: "36h" is not a whole number of days from 0 on, also 30d/],
    ['{"maxMessages":"10"}', /maxMessages: "10" is not a whole number from 1 on, or none/],
  ] as const) {
    write(text);
    await expect(readSettings(session)).rejects.toThrow(allowed);
  }
});

test('a repeat under a dedupe key is one while config.json is invalid', async () => {
  write('{"dedupeWindow":"4d"}');
  await registerAgent(session, { name: 'bob' });
  const draft = { to: 'bob', body: 'hello', dedupeKey: 'k' };
  const { id } = await send(session, draft);
  room.clock.advance(3 * 86_400_000);
  for (const text of ['{', '[]', '{"dedupeWindow":"soon"}', '{"dedupeWindow":"1h","lease":"soon"}']) {
    write(text);
    room.clock.advance(1000);
    expect(await send(session, draft)).toMatchObject({ id, duplicate: true });
    expect(warnings.splice(0).join()).toContain('What it said before stays in force.');
  }
});

test('a file that an editor renames away to save is not taken for none', async () => {
  await registerAgent(session, { name: 'bob', settings: { maxAttempts: 7 } });
  await subscribe({ ...session, acting: 'bob' }, 'x');
  await addSchedule(session, { name: 'daily', cron: '@daily', message: { to: 'bob', body: 'x' } });
  write('{"lease":"5m","dedupeWindow":"4d"}');
  const first = await send(session, { to: 'bob', body: 'hello', dedupeKey: 'k' });
  const attempts = async (): Promise<number> =>
    (await effectiveSettings(session, await session.store.documents.getAgent('bob'))).policy.maxAttempts;
  const seen = async () => ({
    lease: await lease(),
    attempts: await attempts(),
    subscribers: (await publish(session, 'x', { body: 'x' })).subscribers,
    schedules: (await listSchedules(session)).length,
    duplicate: (await send(session, { to: 'bob', body: 'hello', dedupeKey: 'k' })).duplicate ?? false,
  });
  const before = { lease: 300_000, attempts: 7, subscribers: 1, schedules: 1, duplicate: true };
  room.clock.advance(3 * 86_400_000);
  expect(await seen()).toEqual(before);
  const files = ['config.json', 'subscriptions.json', 'schedules.json', 'agent_mailboxes/bob/agent.json'];
  const away = files.map((name) => join(room.root, name));
  for (let save = 0; save < 2; save++) {
    for (const path of away) renameSync(path, `${path}~`);
    room.clock.advance(1000);
    expect(await seen()).toEqual(before);
    room.clock.advance(999);
    expect(await seen()).toEqual(before);
    for (const path of away) renameSync(`${path}~`, path);
    room.clock.advance(1000);
    expect(await seen()).toEqual(before);
  }
  for (const path of away) rmSync(path);
  room.clock.advance(1000);
  expect(await seen()).toEqual(before);
  room.clock.advance(1000);
  const none = { lease: 900_000, attempts: 5, subscribers: 0, schedules: 0, duplicate: false };
  expect(await seen()).toEqual(none);
  expect(first.duplicate).toBeUndefined();
});

test('who changes a file that is gone begins a new one at once', async () => {
  write('{"lease":"5m"}');
  await registerAgent(session, { name: 'bob', groups: ['crew'] });
  expect(await lease()).toBe(300_000);
  rmSync(join(room.root, 'config.json'));
  rmSync(join(room.root, 'agent_mailboxes/bob/agent.json'));
  await setConfig(session, 'maxAttempts', '3');
  expect(JSON.parse(readFileSync(join(room.root, 'config.json'), 'utf8'))).toEqual({ maxAttempts: 3 });
  expect((await registerAgent(session, { name: 'bob', description: 'x' })).card).not.toHaveProperty('groups');
});

test('a waiting reader goes on over an invalid config.json, and gets its message', async () => {
  const waiting = readNext(session, 'bob', { waitMs: 60_000 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  write(soon);
  room.clock.advance(1000);
  const other = await begin();
  write('{}');
  await send(other, { to: 'bob', body: 'hello' });
  write(soon);
  expect(await waiting).toMatchObject({ message: { body: 'hello' } });
});

test('who begins with an invalid config.json: what needs settings is refused, and who looks is told and sees what is there', async () => {
  await send(session, { to: 'bob', body: 'hello' });
  write(soon);
  session = await begin();
  for (const work of [() => send(session, { to: 'bob', body: 'x' }), () => readNext(session, 'bob')]) {
    const refused = await refusal(work());
    expect(refused).toMatchObject({ kind: 'invalid', code: 'CONFIG_INVALID' });
    expect(refused.message).toContain(`${room.layout.config} cannot be used: line 3, column 3: lease: "soon"`);
    expect(refused.hint).toContain('dreamos config set lease 15m');
  }
  expect(warnings).toEqual([]);
  expect(await gather(list(session, 'bob'))).toHaveLength(1);
  expect(await status(session)).toMatchObject([{}, { ready: 1 }]);
  expect(warnings).toEqual([expect.stringMatching(/line 3, column 3.*nothing that falls due.*config set lease 15m/)]);
});

test('config get says what can be used of it, and config set mends all that is wrong of it at once', async () => {
  write('{\n  "backoffMin": "x",\n  "lease": "soon",\n  "maxAttempts": 3\n}');
  session = await begin();
  expect(await getConfig(session, 'maxAttempts')).toEqual([{ key: 'maxAttempts', value: 3, source: 'config' }]);
  expect(await getConfig(session, 'lease')).toEqual([{ key: 'lease', value: '15m', source: 'default' }]);
  const unmended = await refusal(setConfig(session, 'lease', '5m'));
  expect(unmended).toMatchObject({ code: 'CONFIG_INVALID', hint: expect.stringContaining('lease=… backoffMin=…') });
  expect((await refusal(lease())).hint).toContain('dreamos config set lease=15m backoffMin=1s');
  expect(await changeConfig(session, { lease: '5m', backoffMin: null })).toEqual([
    { key: 'lease', value: '5m', source: 'config', version: 1 },
    { key: 'backoffMin', value: '1s', source: 'default', version: 1 },
  ]);
  expect(await lease()).toBe(300_000);
  for (const text of ['{"lease" "5m"}', '[]']) {
    write(text);
    const refused = await refusal(setConfig(session, 'lease', '5m'));
    expect(refused.message).toMatch(/config\.json cannot be used: line 1, column/);
    expect(refused.hint).toContain('dreamos config rollback 1');
  }
});

test('a misspelt setting is told with the nearest name, once for each change, and by the doctor', async () => {
  write('{\n  "leese": "5m",\n  "colour": "green"\n}');
  for (let second = 0; second < 3; second++) {
    room.clock.advance(1000);
    await lease();
  }
  const misspelt = `${room.layout.config}, line 2, column 3: there is no setting "leese". Did you mean "lease"?`;
  expect(warnings).toEqual([misspelt]);
  expect(await gather(doctor(session))).toContainEqual(
    expect.objectContaining({ rule: 'settings', level: 'warning', message: misspelt }),
  );
});

test.for([
  ['{"lease":"soon"}', /line 1, column 2: lease/, /^Mend it there; or: dreamos config set lease 15m$/],
  ['{"lease":', /line 1, column 10: a value/, /mv \S+config\.json \S+config\.json\.broken$/],
] as const)('the doctor says of %j what is wrong, where, and what mends it', async ([text, place, mends]) => {
  await lease();
  write(text);
  room.clock.advance(1000);
  expect(await gather(doctor(session))).toEqual([
    {
      rule: 'settings',
      level: 'problem',
      message: expect.stringMatching(place) as string,
      hint: expect.stringMatching(mends) as string,
    },
  ]);
});

const levels = (count: number): string => '['.repeat(count) + ']'.repeat(count);

test.for([`{"lease":${levels(100_000)}}`, `{"foo":${levels(100_000)}}`])(
  'a config.json that is nested too deeply is refused with the place, and who looks is told and sees what is there',
  async (text) => {
    write(text);
    session = await begin();
    const fault = /config\.json cannot be used: line 1, column \d+: it is nested too deeply/;
    for (const work of [() => send(session, { to: 'bob', body: 'x' }), () => setConfig(session, 'lease', '5m')]) {
      const refused = await refusal(work());
      expect(refused).toMatchObject({ kind: 'invalid', code: 'CONFIG_INVALID' });
      expect(refused.message).toMatch(fault);
      expect(refused.hint).toContain(`mv ${room.layout.config} ${room.layout.config}.broken`);
    }
    expect(await status(session)).toHaveLength(2);
    expect(warnings).toEqual([expect.stringMatching(fault)]);
    expect(await gather(doctor(session))).toContainEqual(
      expect.objectContaining({ level: 'problem', message: expect.stringMatching(fault) as string }),
    );
  },
);

test('a schedule that is nested too deeply is refused with the place; one with as many levels as data can have is not', async () => {
  const message = { to: ['bob'], body: 'x', data: JSON.parse(levels(999)) as unknown };
  await addSchedule(session, { name: 'deep', cron: '@daily', message });
  await addSchedule(session, { name: 'other', cron: '@daily', message });
  expect(await listSchedules(await begin())).toMatchObject([{ name: 'deep', message }, { name: 'other' }]);
  const text = readFileSync(join(room.root, 'schedules.json'), 'utf8');
  const deeper = text.replace('"body"', `"x": ${levels(100_000)}, "body"`);
  write(deeper, 'schedules.json');
  const fault = /schedules\.json cannot be used: line \d+, column \d+: it is nested too deeply/;
  for (const use of [listSchedules(session), removeSchedule(session, 'deep')])
    expect((await refusal(use)).message).toMatch(fault);
  expect(await gather(doctor(session))).toContainEqual(
    expect.objectContaining({ rule: 'schedule', message: expect.stringMatching(fault) as string }),
  );
  expect(readFileSync(join(room.root, 'schedules.json'), 'utf8')).toBe(deeper);
});

test('subscriptions.json and schedules.json are refused with the place, also by the doctor', async () => {
  await registerAgent(session, { name: 'bob' });
  for (const [text, place] of [
    ['{\n  "bob": "build.>"\n}', /subscriptions\.json cannot be used: line 2, column 3: bob: /],
    ['{\n  "bob": [\n}', /subscriptions\.json cannot be used: line 3, column 1: a value or "\]"/],
  ] as const) {
    write(text, 'subscriptions.json');
    for (const use of [publish(session, 'build.done', { body: 'x' }), subscribe(session, 'x')])
      expect((await refusal(use)).message).toMatch(place);
    expect(await gather(doctor(session))).toContainEqual(
      expect.objectContaining({ rule: 'subscriptions', message: expect.stringMatching(place) as string }),
    );
  }
  write('{"schedules":[\n  {"name": "x", "cron": 5}]}', 'schedules.json');
  const message = { to: 'bob', body: 'x' };
  const refused = await refusal(addSchedule(session, { name: 'y', cron: '@daily', message }));
  expect(refused.message).toMatch(/schedules\.json cannot be used: line 2, column 17: schedules\.0\.cron: /);
});

test('what was last read of it is the same for who sends and for who looks, whoever has read it', async () => {
  write('{"dedupeWindow":"4d","lease":"7m"}');
  await session.store.documents.get('settings');
  write('{"dedupeWindow":"4d","lease":"soon"}');
  room.clock.advance(1000);
  expect(await lease()).toBe(420_000);
  expect(await session.store.documents.lastGoodSettings()).toEqual({ dedupeWindow: '4d', lease: '7m' });
  expect(warnings.splice(0).join()).toContain('What it said before stays in force.');
});
