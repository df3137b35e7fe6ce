/** Each route is called once, and what it answers has to be exactly what the contract says of it. */
import { describe, expect, test } from 'vitest';
import { operations } from '../../../src/contract/operations.ts';
import { schemas } from '../../../src/contract/schemas.ts';
import { isList } from '../../../src/server/route/route.ts';
import { routes } from '../../../src/server/routes/all.ts';
import { changeSettingsIn } from '../../storage/contract/ways.ts';
import { misfits, strict } from '../../contract/strict.ts';
import { type Answered, createRouteRig, type RouteRig } from './rig.ts';

const dayMs = 86_400_000;
const planner = { as: 'planner' };
const reviewer = { as: 'reviewer' };
const draft = { subject: 'needle', thread: 't', tags: ['a'], data: { x: [1] }, ttl: '2d', orderingKey: 'k' };

type Call = (rig: RouteRig) => Promise<Answered | readonly Answered[]>;

const sent = async (rig: RouteRig, more: object = {}): Promise<string> => {
  const { value } = await rig.post('/v1/send', { to: 'reviewer', body: 'hello', ...draft, ...more }, planner);
  return value.id as string;
};
const claimed = async (rig: RouteRig): Promise<string> => {
  await sent(rig);
  return (await rig.post('/v1/read', {}, reviewer)).value.receipt as string;
};
const finished = async (rig: RouteRig): Promise<string> => {
  const { value } = await rig.post('/v1/ack', { message: await claimed(rig) }, reviewer);
  return value.id as string;
};
const dead = async (rig: RouteRig): Promise<string> => {
  const { value } = await rig.post('/v1/nack', { message: await claimed(rig), dead: true, reason: 'cannot parse' });
  return value.id as string;
};
const published = async (rig: RouteRig): Promise<void> => {
  await rig.post('/v1/subscribe', { patterns: 'build.*' }, reviewer);
  await rig.post('/v1/publish', { topic: 'build.done', body: 'green' }, planner);
};
const scheduled = (rig: RouteRig) => {
  const message = { to: 'reviewer', body: 'look', ttl: '2h', data: { big: 1 } };
  return rig.post('/v1/schedule/add', { name: 'nightly', cron: '0 3 * * *', message }, planner);
};
const reserving = (rig: RouteRig) =>
  rig.post('/v1/reservations/reserve', { paths: 'src', reason: 'x', cwd: '/' }, planner);
const task = { title: 'parse', requires: ['ts'], deadline: '2026-11-21T09:00Z', tags: ['a'], data: { x: 1 } };
const tasked = async (rig: RouteRig): Promise<string> => {
  await rig.post('/v1/agent/register', { name: 'reviewer', maxTasks: 9, capabilities: ['ts'] });
  return (await rig.post('/v1/tasks/create', task, planner)).value.id as string;
};
const begun = async (rig: RouteRig): Promise<string> => {
  const id = await tasked(rig);
  await rig.post('/v1/tasks/accept', { id }, reviewer);
  return id;
};
const changedTwice = async (rig: RouteRig): Promise<void> => {
  for (const maxAttempts of [7, 8]) await rig.post('/v1/config/change', { changes: { maxAttempts } });
};
const policy = {
  roles: { all: { allow: { '*': ['*'] } }, less: { deny: { read: ['x'] } } },
  everyone: ['all'],
  agents: { 'x-*': ['less'] },
  tests: [{ as: 'planner', verb: 'send', mailbox: 'reviewer', allowed: true }],
};
const alerting = async (rig: RouteRig): Promise<void> => {
  const alerts = [{ name: 'dead', to: 'planner' }];
  await changeSettingsIn(rig.root.store, (settings) => ({ ...settings, alerts }));
  await dead(rig);
};
const after =
  (before: (rig: RouteRig) => Promise<unknown>, then: (rig: RouteRig, made: string) => Promise<Answered>): Call =>
  async (rig) =>
    then(rig, String(await before(rig)));

const calls: Record<string, Call> = {
  send: async (rig) => {
    const body = { to: 'reviewer', body: 'hello' };
    return [
      await rig.post('/v1/send', body, { ...planner, key: 'k' }),
      await rig.post('/v1/send', body, { ...planner, key: 'k' }),
      await rig.post('/v1/send', { ...body, to: ['planner', '@all'], delay: '1h', durability: 'relaxed' }, planner),
    ];
  },
  sendAll: (rig) =>
    rig.lines(
      '/v1/sendAll',
      [
        { to: 'reviewer', body: 'one' },
        { to: 'reviewer', body: 'two' },
      ],
      planner,
    ),
  preview: (rig) => rig.post('/v1/preview', { to: '@all', body: 'x' }, planner),
  until: after(finished, (rig, id) => rig.get(`/v1/until?id=${id}&step=acked`)),
  reply: after(claimed, (rig) => rig.post('/v1/reply', { body: 'done', ack: true }, reviewer)),
  request: async (rig) => {
    const asking = rig.post('/v1/request', { to: 'reviewer', body: 'why', wait: '20s' }, planner);
    await rig.post('/v1/read', { wait: '20s' }, reviewer);
    await rig.post('/v1/reply', { body: 'because', ack: true }, reviewer);
    return asking;
  },
  read: after(sent, (rig) => rig.post('/v1/read', {}, reviewer)),
  peek: after(sent, (rig) => rig.get('/v1/peek', reviewer)),
  ack: after(claimed, (rig) => rig.post('/v1/ack', {}, reviewer)),
  nack: after(claimed, (rig) => rig.post('/v1/nack', { delay: '1m' }, reviewer)),
  renew: after(claimed, (rig) => rig.post('/v1/renew', { lease: '5m' }, reviewer)),
  cancel: after(sent, (rig, id) => rig.post('/v1/cancel', { id })),
  deliver: after(
    (rig) => sent(rig, { delay: '1h' }),
    (rig, id) => rig.post('/v1/deliver', { id }),
  ),
  list: async (rig) => {
    for (const make of [finished, dead, claimed, sent]) await make(rig);
    await sent(rig, { delay: '1h', orderingKey: null });
    return rig.get('/v1/list?state=ready,delayed,inflight,dead,archived', reviewer);
  },
  show: after(claimed, async (rig) =>
    rig.get(`/v1/show?id=${(await rig.get('/v1/list', reviewer)).value.items[0].id}`),
  ),
  thread: after(finished, (rig) => rig.get('/v1/thread?id=t')),
  trace: after(finished, (rig, id) => rig.get(`/v1/trace?id=${id}`)),
  search: after(
    async (rig) => (await dead(rig), published(rig)),
    (rig) => rig.get('/v1/search?text=e'),
  ),
  status: after(claimed, (rig) => rig.get('/v1/status')),
  who: after(claimed, (rig) => rig.get('/v1/who?all=true')),
  overview: after(dead, (rig) => rig.get('/v1/overview')),
  stats: after(finished, (rig) => rig.get('/v1/stats?window=1h')),
  'resources.show': after(sent, (rig) => rig.get('/v1/resources/show')),
  metrics: after(finished, (rig) => rig.get('/v1/metrics')),
  publish: async (rig) => {
    await published(rig);
    const body = { topic: 'build.done', body: 'green' };
    return [
      await rig.post('/v1/publish', body, { ...planner, key: 'k' }),
      await rig.post('/v1/publish', body, { ...planner, key: 'k' }),
    ];
  },
  subscribe: (rig) => rig.post('/v1/subscribe', { patterns: ['build.*', 'a.b'] }, reviewer),
  unsubscribe: after(published, (rig) => rig.post('/v1/unsubscribe', { patterns: 'build.*' }, reviewer)),
  'topics.list': after(published, (rig) => rig.get('/v1/topics/list')),
  'topics.show': after(published, (rig) => rig.get('/v1/topics/show?topic=build.done&limit=5')),
  'topics.prune': after(published, (rig) => rig.post('/v1/topics/prune', { topics: 'build.done', olderThanMs: 0 })),
  'schedule.add': scheduled,
  'schedule.list': after(scheduled, (rig) => rig.get('/v1/schedule/list')),
  'schedule.show': after(scheduled, (rig) => rig.get('/v1/schedule/show?name=nightly')),
  'schedule.remove': after(scheduled, (rig) => rig.post('/v1/schedule/remove', { name: 'nightly' })),
  'agent.register': async (rig) => [
    await rig.post('/v1/agent/register', {
      name: 'scribe',
      description: 'writes',
      groups: ['g'],
      settings: { lease: '1m' },
    }),
    await rig.post('/v1/agent/register', { name: 'scribe', settings: { lease: null } }),
  ],
  'agent.start': (rig) => rig.post('/v1/agent/start', { name: 'scribe', note: 'hi', pid: process.pid }),
  'agent.heartbeat': (rig) => rig.post('/v1/agent/heartbeat', { status: 'busy', note: 'hi' }, reviewer),
  'agent.list': (rig) => rig.get('/v1/agent/list'),
  'agent.show': after(published, (rig) => rig.get('/v1/agent/show?name=reviewer')),
  'agent.a2a': (rig) => rig.get('/v1/agent/a2a?name=reviewer&url=https://a.example'),
  'agent.retire': (rig) => rig.post('/v1/agent/retire', { name: 'reviewer' }),
  'agent.rename': after(published, (rig) => rig.post('/v1/agent/rename', { name: 'reviewer', to: 'critic' })),
  'agent.delete': after(sent, (rig) => rig.post('/v1/agent/delete', { name: 'reviewer', archive: true })),
  pause: (rig) => rig.post('/v1/pause', {}, reviewer),
  resume: (rig) => rig.post('/v1/resume', { mailbox: 'reviewer' }, planner),
  'tasks.create': async (rig) => {
    await tasked(rig);
    return rig.post('/v1/tasks/create', task, planner);
  },
  'tasks.createAll': (rig) =>
    rig.lines(
      '/v1/tasks/createAll',
      [
        { key: 'a', title: 'a' },
        { title: 'b', dependsOn: ['a'] },
      ],
      { ...planner, key: 'k' },
    ),
  'tasks.importBeads': (rig) => rig.post('/v1/tasks/importBeads', { issues: [{ id: 'bd-1', title: 'a' }] }, planner),
  'tasks.exportBeads': after(tasked, (rig) => rig.get('/v1/tasks/exportBeads?all=true')),
  'tasks.list': after(begun, (rig) => rig.get('/v1/tasks/list?state=active,ready')),
  'tasks.show': after(begun, (rig, id) => rig.get(`/v1/tasks/show?id=${id}`)),
  'tasks.next': after(tasked, (rig) => rig.post('/v1/tasks/next', {}, reviewer)),
  'tasks.accept': after(tasked, (rig, id) => rig.post('/v1/tasks/accept', { id, lease: '5m' }, reviewer)),
  'tasks.progress': after(begun, (rig, id) =>
    rig.post('/v1/tasks/progress', { id, percent: 50, note: 'half' }, reviewer),
  ),
  'tasks.done': after(begun, (rig, id) =>
    rig.post('/v1/tasks/done', { id, result: 'merged', data: { y: 1 } }, reviewer),
  ),
  'tasks.fail': after(begun, (rig, id) => rig.post('/v1/tasks/fail', { id, reason: 'why' }, reviewer)),
  'tasks.cancel': after(begun, (rig, id) => rig.post('/v1/tasks/cancel', { id })),
  'tasks.retry': after(
    async (rig) => {
      const id = await begun(rig);
      await rig.post('/v1/tasks/fail', { id }, reviewer);
      return id;
    },
    (rig, id) => rig.post('/v1/tasks/retry', { id }),
  ),
  'tasks.assign': after(tasked, (rig, id) => rig.post('/v1/tasks/assign', { id, agent: 'reviewer' })),
  'tasks.explain': after(tasked, (rig, id) => rig.get(`/v1/tasks/explain?id=${id}`)),
  'dlq.list': after(dead, (rig) => rig.get('/v1/dlq/list')),
  'dlq.show': after(dead, (rig, id) => rig.get(`/v1/dlq/show?id=${id}`)),
  'dlq.retry': async (rig) => {
    await dead(rig);
    return [
      await rig.post('/v1/dlq/retry', { reason: 'parse', dryRun: true }),
      await rig.post('/v1/dlq/retry', { all: true }),
    ];
  },
  'dlq.purge': async (rig) => {
    const id = await dead(rig);
    return [
      await rig.post('/v1/dlq/purge', { ids: [id], dryRun: true }),
      await rig.post('/v1/dlq/purge', { ids: [id] }),
    ];
  },
  'archive.list': after(finished, (rig) => rig.get('/v1/archive/list?mailbox=reviewer')),
  'archive.show': after(finished, (rig, id) => rig.get(`/v1/archive/show?id=${id}`)),
  'archive.search': after(finished, (rig) => rig.get('/v1/archive/search?text=needle')),
  'archive.restore': after(finished, (rig, id) => rig.post('/v1/archive/restore', { id })),
  'archive.export': after(finished, (rig) => rig.get('/v1/archive/export?since=1h')),
  'archive.pack': async (rig) => {
    // Memory packs nothing; here it says what it would.
    Object.assign(rig.root.store.upkeep ?? {}, {
      packArchive: async function* () {
        yield { day: '2026-11-19', count: 1, bytes: 9, packedBytes: 5 };
      },
    });
    return rig.post('/v1/archive/pack', { dryRun: true }, reviewer);
  },
  'archive.prune': async (rig) => {
    await finished(rig);
    rig.time.nowMs += 40 * dayMs;
    return rig.post('/v1/archive/prune', { olderThan: '30d' }, reviewer);
  },
  doctor: async (rig) => {
    await dead(rig);
    await rig.root.store.documents.put('settings', { lease: 5 }, undefined);
    return [await rig.get('/v1/doctor'), await rig.post('/v1/doctor')];
  },
  maintain: async (rig) => {
    await scheduled(rig);
    rig.time.nowMs += 2 * dayMs;
    return rig.post('/v1/maintain', { dryRun: true });
  },
  'config.get': (rig) => rig.get('/v1/config/get'),
  'config.show': (rig) => rig.get('/v1/config/show?key=lease,maxAttempts&origin=true&agent=reviewer'),
  'config.set': (rig) => rig.post('/v1/config/set', { key: 'maxAttempts', value: 7 }),
  'config.change': (rig) => rig.post('/v1/config/change', { changes: { maxAttempts: 7, lease: '30m' }, note: 'why' }),
  'config.unset': (rig) => rig.post('/v1/config/unset', { keys: ['maxAttempts'] }),
  'config.validate': (rig) => rig.post('/v1/config/validate', { text: '{"lease":"5m","x":1}' }),
  'config.diff': after(changedTwice, (rig) => rig.get('/v1/config/diff?from=0')),
  'config.history': after(changedTwice, (rig) => rig.get('/v1/config/history')),
  'config.rollback': after(changedTwice, (rig) => rig.post('/v1/config/rollback', { version: 1 })),
  'policy.show': async (rig) => {
    await rig.post('/v1/policy/set', { policy }, planner);
    return rig.get('/v1/policy/show', planner);
  },
  'policy.remove': async (rig) => {
    await rig.post('/v1/policy/set', { policy }, planner);
    return rig.post('/v1/policy/remove', { note: 'why' }, planner);
  },
  'policy.diff': async (rig) => {
    await rig.post('/v1/policy/set', { policy }, planner);
    return rig.get('/v1/policy/diff?from=0', planner);
  },
  'policy.history': async (rig) => {
    await rig.post('/v1/policy/set', { policy }, planner);
    return rig.get('/v1/policy/history', planner);
  },
  'policy.rollback': async (rig) => {
    await rig.post('/v1/policy/set', { policy }, planner);
    await rig.post('/v1/policy/remove', {}, planner);
    return rig.post('/v1/policy/rollback', { version: 1 }, planner);
  },
  'policy.set': (rig) => rig.post('/v1/policy/set', { policy, note: 'why' }, planner),
  'policy.check': (rig) => rig.get('/v1/policy/check?verb=send&mailbox=reviewer', planner),
  'policy.test': (rig) => rig.post('/v1/policy/test', { policy }),
  'alerts.list': after(alerting, (rig) => rig.get('/v1/alerts/list')),
  'alerts.check': after(alerting, (rig) => rig.post('/v1/alerts/check')),
  'alerts.test': after(alerting, (rig) => rig.post('/v1/alerts/test', { name: 'dead', act: true })),
  'alerts.silence': (rig) => rig.post('/v1/alerts/silence', { name: 'dead', for: '1h', mailbox: 'rev*' }, planner),
  'reservations.reserve': reserving,
  'reservations.list': after(reserving, (rig) => rig.get('/v1/reservations/list')),
  'reservations.check': after(reserving, (rig) => rig.get('/v1/reservations/check?paths=src/a,free&cwd=/', reviewer)),
  'reservations.renew': after(reserving, (rig) => rig.post('/v1/reservations/renew', {}, planner)),
  'reservations.release': after(reserving, (rig) =>
    rig.post('/v1/reservations/release', { paths: ['src'], cwd: '/' }, planner),
  ),
  'identity.show': (rig) => rig.get('/v1/identity/show?agent=reviewer'),
  'identity.list': (rig) => rig.get('/v1/identity/list'),
  'trust.list': (rig) => rig.get('/v1/trust/list'),
  'audit.list': after(changedTwice, (rig) => rig.get('/v1/audit/list')),
  'audit.verify': after(changedTwice, (rig) => rig.get('/v1/audit/verify')),
  'audit.anchor': after(changedTwice, (rig) => rig.post('/v1/audit/anchor')),
  'audit.prune': async (rig) => {
    await changedTwice(rig);
    rig.time.nowMs += 40 * dayMs;
    return rig.post('/v1/audit/prune', { olderThan: '30d' });
  },
  explain: (rig) => rig.get('/v1/explain?code=USAGE'),
};

/** What has nothing to tell in a root of memory. */
const silent = ['trust.list', 'identity.list'];

describe('what a route answers', () => {
  test('each is called here', () => {
    expect(Object.keys(calls).sort()).toEqual([...new Set(routes.map(({ operation }) => operation))].sort());
  });

  for (const route of routes) {
    const { operation, output } = route;
    test.concurrent(`${operation} answers what the contract says`, async () => {
      const rig = await createRouteRig();
      const answered = [await calls[operation]?.(rig)].flat() as Answered[];
      const shape = strict(schemas[output ?? operations[operation].output ?? 'error']);
      for (const { status, value } of answered) {
        expect(status, JSON.stringify(value)).toBeLessThan(300);
        const items: unknown[] = isList(route) ? value.items : [value];
        if (isList(route)) expect(Object.keys(value)).toEqual(['items', 'next']);
        if (!silent.includes(operation)) expect(items.length, operation).toBeGreaterThan(0);
        for (const item of items) expect(misfits(shape, item), JSON.stringify(item)).toEqual([]);
      }
    });
  }
});
