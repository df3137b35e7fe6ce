/** What of the head of a request a route goes by, and what stands in that of its answer. */
import { describe, expect, test } from 'vitest';
import { callerOf, createRouteRig } from '../routes/rig.ts';

const planner = { as: 'planner' };
const hello = { to: 'reviewer', body: 'hello' };

describe('Idempotency-Key', () => {
  test('has a send done once: 201, then 200 with what the first one has sent', async () => {
    const rig = await createRouteRig();
    const first = await rig.post('/v1/send', hello, { ...planner, key: 'a' });
    const again = await rig.post('/v1/send', hello, { ...planner, key: 'a' });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.value).toMatchObject({ id: first.value.id, duplicate: true });
    expect((await rig.post('/v1/send', { ...hello, dedupeKey: 'a' }, planner)).value.id).toBe(first.value.id);
  });

  test('refuses other words under it, and two keys for one send', async () => {
    const rig = await createRouteRig();
    await rig.post('/v1/send', hello, { ...planner, key: 'a' });
    const other = await rig.post('/v1/send', { ...hello, body: 'bye' }, { ...planner, key: 'a' });
    expect([other.status, other.value.code]).toEqual([422, 'DEDUPE_MISMATCH']);
    const two = await rig.post('/v1/send', { ...hello, dedupeKey: 'b' }, { ...planner, key: 'c' });
    expect([two.status, two.value.code]).toEqual([400, 'USAGE']);
  });

  test('is refused where it says nothing, before anything is done', async () => {
    const rig = await createRouteRig();
    await rig.post('/v1/send', hello, planner);
    expect((await rig.post('/v1/read', {}, { as: 'reviewer', key: 'a' })).status).toBe(400);
    expect((await rig.get('/v1/status?mailbox=reviewer')).value.items).toMatchObject([{ ready: 1 }]);
  });

  test('holds of a reply and of a publish, too', async () => {
    const rig = await createRouteRig();
    await rig.post('/v1/send', hello, planner);
    const { value } = await rig.post('/v1/read', {}, { as: 'reviewer' });
    for (const [path, body] of [
      ['/v1/reply', { message: value.message.id, body: 'yes' }],
      ['/v1/publish', { topic: 'a.b', body: 'x' }],
    ] as const) {
      const statuses: number[] = [];
      for (let i = 0; i < 2; i++) statuses.push((await rig.post(path, body, { as: 'reviewer', key: path })).status);
      expect(statuses, path).toEqual([201, 200]);
    }
  });
});

describe('ETag', () => {
  test('of the settings is their version: a look is 304, a change for another one 412, and nothing is changed then', async () => {
    const rig = await createRouteRig();
    const before = await rig.get('/v1/config/show?key=lease');
    expect(before.headers['etag']).toBe('"0"');
    expect((await rig.post('/v1/config/set', { key: 'lease', value: '10m' }, { ifMatch: '"0"' })).status).toBe(200);
    const { headers } = await rig.get('/v1/config/get');
    expect(headers['etag']).toBe('"1"');
    const same = await rig.get('/v1/config/get', { ifNoneMatch: 'W/"7", "1"' });
    expect([same.status, same.text, same.headers['etag']]).toEqual([304, '', '"1"']);
    for (const [path, body] of [
      ['/v1/config/set', { key: 'lease', value: '20m' }],
      ['/v1/config/change', { changes: { lease: '20m' } }],
      ['/v1/config/unset', { keys: ['lease'] }],
      ['/v1/config/rollback', { version: 0 }],
    ] as const) {
      const late = await rig.post(path, body, { ifMatch: '"0"' });
      expect([late.status, late.value.code], path).toEqual([412, 'STATE_CHANGED']);
    }
    expect((await rig.get('/v1/config/get', { ifNoneMatch: '"1"' })).status).toBe(304);
    expect((await rig.post('/v1/config/rollback', { version: 0 }, { ifMatch: '*' })).status).toBe(200);
  });

  test('of a card is its version, also of one that was never changed; what it is subscribed to is no matter of that', async () => {
    const rig = await createRouteRig();
    const { headers } = await rig.get('/v1/agent/show?name=reviewer');
    expect(headers['etag']).toBe('"0"');
    const register = (description: string, ifMatch: string) =>
      rig.post('/v1/agent/register', { name: 'reviewer', description }, { ifMatch });
    expect((await register('reads', '"0"')).status).toBe(200);
    expect((await register('writes', '"0"')).status).toBe(412);
    await rig.post('/v1/subscribe', { patterns: 'a.*' }, { as: 'reviewer' });
    const now = await rig.get('/v1/agent/show?name=reviewer');
    expect(now.value).toMatchObject({ description: 'reads', subscriptions: ['a.*'] });
    expect(now.headers['etag']).not.toBe('"2"');
    expect((await register('writes', String(now.headers['etag']))).status).toBe(200);
    // Who is not there yet has no card of that version.
    expect((await rig.post('/v1/agent/register', { name: 'new' }, { ifMatch: '"0"' })).status).toBe(412);
    expect((await rig.get('/v1/agent/list')).value.items).toHaveLength(2);
  });

  test('of the policy is its version, 0 without one', async () => {
    const rig = await createRouteRig();
    const policy = { roles: { all: { allow: { '*': ['*'] } } }, everyone: ['all'] };
    expect((await rig.get('/v1/policy/show')).headers['etag']).toBe('"0"');
    expect((await rig.post('/v1/policy/set', { policy }, { ...planner, ifMatch: '"0"' })).status).toBe(200);
    expect(
      (await rig.post('/v1/policy/set', { policy: { ...policy, tests: [] } }, { ...planner, ifMatch: '"0"' })).status,
    ).toBe(412);
    const { headers } = await rig.get('/v1/policy/show');
    expect((await rig.get('/v1/policy/show', { ifNoneMatch: String(headers['etag']) })).status).toBe(304);
  });

  test('of a message is its digest and where it is', async () => {
    const rig = await createRouteRig();
    const { value } = await rig.post('/v1/send', hello, planner);
    const shown = await rig.get(`/v1/show?id=${value.id}`);
    const tag = String(shown.headers['etag']);
    expect(tag).toContain(shown.value.message.digest);
    expect((await rig.get(`/v1/show?id=${value.id}`, { ifNoneMatch: tag })).status).toBe(304);
    await rig.post('/v1/read', {}, { as: 'reviewer' });
    expect((await rig.get(`/v1/show?id=${value.id}`, { ifNoneMatch: tag })).status).toBe(200);
  });

  test('that is none, and one where there is none, are refused', async () => {
    const rig = await createRouteRig();
    for (const ifMatch of ['5', '"x"', '"1", "2"'])
      expect((await rig.post('/v1/config/set', { key: 'lease', value: '1m' }, { ifMatch })).status, ifMatch).toBe(400);
    expect((await rig.post('/v1/send', hello, { ...planner, ifMatch: '"1"' })).status).toBe(400);
  });
});

describe('what is told besides', () => {
  test('warnings stand in the head, and in lines behind the first one', async () => {
    const rig = await createRouteRig();
    const { headers, warnings } = await rig.get('/v1/agent/a2a?name=reviewer&url=https://a.example');
    expect(JSON.parse(decodeURIComponent(String(headers['dreamos-warning'])))).toEqual(warnings);
    expect(warnings[0]).toContain('says no version');
    expect((await rig.get('/v1/status')).headers['dreamos-warning']).toBeUndefined();
  });

  test('who has proved who he is sends in no other name, by no route', async () => {
    const rig = await createRouteRig();
    const proved = { as: 'planner', isProved: true };
    const draft = { ...hello, from: 'reviewer' };
    for (const [path, body] of [
      ['/v1/send', draft],
      ['/v1/request', { ...draft, waitMs: 1 }],
      ['/v1/publish', { topic: 'a.b', body: 'x', from: 'reviewer' }],
      ['/v1/preview', draft],
      ['/v1/tasks/create', { title: 'x', from: 'reviewer' }],
      ['/v1/tasks/createAll', { tasks: [{ title: 'x' }], from: 'reviewer' }],
      ['/v1/tasks/createAll', { tasks: [{ title: 'x', from: 'reviewer' }] }],
      ['/v1/schedule/add', { name: 'n', cron: '0 3 * * *', message: draft }],
    ] as const) {
      const { status, value } = await rig.post(path, body, proved);
      expect([status, value.code], path).toEqual([403, 'FORBIDDEN']);
    }
    const { value } = await rig.post('/v1/sendAll', { drafts: [draft, hello] }, proved);
    expect(value.items).toMatchObject([{ error: { code: 'FORBIDDEN', line: 1 } }, { mailboxes: ['reviewer'] }]);
    expect((await rig.post('/v1/send', { ...hello, from: 'Planner' }, proved)).status).toBe(201);
    expect((await rig.post('/v1/send', draft, planner)).status).toBe(201);
  });

  test('the audit knows what was done by a route and by whom, and what was denied, and nothing of a look', async () => {
    const rig = await createRouteRig();
    const policy = {
      roles: { all: { allow: { '*': ['*'] } }, less: { deny: { send: ['*'] } } },
      everyone: ['all'],
      agents: { reviewer: ['less'] },
    };
    await rig.post('/v1/config/set', { key: 'lease', value: '10m' }, planner);
    await rig.post('/v1/config/set', { key: 'lease', value: 'x' }, planner);
    await rig.post('/v1/policy/set', { policy }, planner);
    await rig.post('/v1/send', hello, { as: 'reviewer' });
    await rig.post('/v1/sendAll', { drafts: [hello] }, { as: 'reviewer' });
    await rig.get('/v1/status', planner);
    await rig.post('/v1/maintain', { dryRun: true }, planner);
    await rig.post('/v1/maintain', {}, planner);
    const told = (await rig.get('/v1/audit/list')).value.items.map(
      ({ op, by, result }: Record<string, string>) => `${op} ${by} ${result}`,
    );
    expect(told).toEqual([
      'maintain planner done',
      'sendAll reviewer denied',
      'send reviewer denied',
      'policy.set planner done',
      'config.set planner done',
    ]);
  });
});

test('what nobody can write is passed over in a list, and said', async () => {
  const rig = await createRouteRig();
  await rig.post('/v1/send', hello, planner);
  const { look } = rig.root.store;
  const store = {
    ...rig.root.store,
    look: {
      ...look,
      read: async (entry: Parameters<typeof look.read>[0]) => {
        const message = await look.read(entry);
        let data: unknown = 1;
        for (let i = 0; i < 20_000; i++) data = [data];
        return message && { ...message, data };
      },
    },
  };
  const { get } = callerOf({ ...rig.root, store });
  const { status, value, warnings } = await get('/v1/list');
  expect([status, value]).toEqual([200, { items: [], next: null }]);
  expect(warnings[0]).toContain('It is passed over.');
  expect((await get(`/v1/show?id=${(await rig.get('/v1/list')).value.items[0].id}`)).value.code).toBe(
    'MESSAGE_INVALID',
  );
});
