/** Every operation of the library is called, and what it hands over has to be exactly what the contract says, times in ms. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { libraryPathOf, type OperationName, operationNames, operations } from '../../src/contract/operations.ts';
import { schemas } from '../../src/contract/schemas.ts';
import type { Dreamos } from '../../src/library/dreamos.ts';
import { results, taskStates } from '../../src/model/state.ts';
import { openLibrary } from './open-library.ts';
import { misfits, strictInMs } from './strict.ts';

const dayMs = 86_400_000;
const foreign = join(import.meta.dirname, '../../fixtures/foreign');
const shape = (name: keyof typeof schemas): z.ZodMiniType => strictInMs(schemas[name]);
const without = (name: keyof typeof schemas, key: string): z.ZodMiniType =>
  z.omit(shape(name) as z.ZodMiniObject, { [key]: true } as never);
/** As core has it: with the store's own locator. */
const entry = z.extend(shape('entry') as z.ZodMiniObject, { key: z.string() });
const place = z.strictObject({ message: shape('message'), entries: z.array(entry) });

/** Where the library hands over something else than the command prints. */
const others: Partial<Record<OperationName, z.ZodMiniType>> = {
  'agent.register': z.strictObject({ card: shape('agent'), created: z.boolean() }),
  'agent.show': shape('agent'),
  until: z.array(z.string()),
  request: shape('message'),
  work: z.strictObject(Object.fromEntries(results.map((result) => [result, z.number()]))),
  // Beside the delivery, how to settle it.
  consume: z.extend(shape('read') as z.ZodMiniObject, { ack: z.any(), nack: z.any(), renew: z.any() }),
  show: place,
  thread: place,
  trace: z.strictObject({
    id: z.string(),
    message: shape('message'),
    entries: z.array(entry),
    steps: z.array(shape('trace')),
    cut: z.array(z.string()),
  }),
  cancel: entry,
  deliver: entry,
  'archive.restore': entry,
  'dlq.retry': entry,
  'dlq.purge': without('dlq-purge', 'purged'),
  'topics.prune': without('prune', 'dryRun'),
  'schedule.fire': z.strictObject({
    fired: z.array(
      z.strictObject({
        schedule: z.string(),
        at: z.string(),
        id: z.optional(z.string()),
        skipped: z.optional(z.strictObject({ code: z.string(), reason: z.string() })),
      }),
    ),
    nextAt: z.number(),
  }),
};

const draft = { to: 'reviewer', body: 'hello', subject: 'needle', thread: 't', data: { x: [1] }, ttlMs: 90 * dayMs };

type Call = (mail: Dreamos, time: { nowMs: number }) => unknown;
const sent = async (mail: Dreamos) => (await mail.send(draft)).id;
const claimed = async (mail: Dreamos) => {
  await sent(mail);
  return (await mail.read('reviewer'))?.receipt ?? '';
};
const finished = async (mail: Dreamos) => {
  const receipt = await claimed(mail);
  return (await mail.ack(receipt)).id;
};
const dead = async (mail: Dreamos) => (await mail.nack(await claimed(mail), { dead: true, reason: 'why' })).id;
const published = async (mail: Dreamos) => {
  await mail.as('reviewer').subscribe('build.*');
  await mail.publish('build.done', { body: 'green' });
};
const reserving = (mail: Dreamos) => mail.reservations.reserve('src', { reason: 'x', cwd: '/nowhere' });
const scheduled = (mail: Dreamos) =>
  mail.schedule.add({ name: 'nightly', cron: '0 3 * * *', message: { to: 'reviewer', body: 'look', ttlMs: dayMs } });
const answered = async (mail: Dreamos) => {
  const asking = mail.request({ to: 'reviewer', body: 'question' }, { waitMs: 20_000 });
  const job = await mail.read('reviewer', { waitMs: 20_000 });
  await mail.as('reviewer').reply(job?.receipt ?? '', { body: 'answer' }, { ack: true });
  return asking;
};

const tasked = async (mail: Dreamos) => {
  await mail.agent.register({ name: 'planner', capabilities: ['ts'], maxTasks: 9 });
  const deadline = '2026-11-20T10:00:00.000Z';
  return (await mail.tasks.create({ title: 'parse', requires: ['ts'], deadline, tags: ['a'], data: { x: 1 } })).id;
};
const begun = async (mail: Dreamos) => (await mail.tasks.accept(await tasked(mail))).id;

const policy = {
  roles: { all: { allow: { '*': ['*'] } }, less: { deny: { read: ['x'] } } },
  everyone: ['all'],
  agents: { 'x-*': ['less'] },
  tests: [{ as: 'planner', verb: 'send', mailbox: 'reviewer', allowed: true }],
};

const calls: Partial<Record<OperationName, Call>> = {
  'agent.register': (mail) => mail.agent.register({ name: 'scribe', description: 'writes', settings: { lease: '1m' } }),
  'agent.start': (mail) => mail.agent.start({ name: 'scribe', kind: 'core', note: 'writes', pid: process.pid }),
  'agent.heartbeat': (mail) => mail.agent.heartbeat('reviewer', { status: 'busy' }),
  who: async (mail) => (await mail.agent.start({ name: 'reviewer' }), await claimed(mail), mail.who()),
  'agent.list': (mail) => mail.agent.list(),
  'agent.show': (mail) => mail.agent.show('reviewer'),
  'agent.a2a': (mail) => mail.agent.a2a('reviewer', { url: 'https://a.example' }),
  pause: (mail) => mail.pause('reviewer'),
  resume: async (mail) => (await mail.pause('reviewer'), mail.resume('reviewer')),
  'agent.retire': (mail) => mail.agent.retire('reviewer'),
  'agent.rename': (mail) => mail.agent.rename('reviewer', 'critic'),
  'agent.delete': async (mail) => (await sent(mail), mail.agent.delete('reviewer', { archive: true })),
  send: async (mail) => [await mail.send({ ...draft, dedupeKey: 'k' }), await mail.send({ ...draft, dedupeKey: 'k' })],
  sendAll: (mail) => mail.sendAll([draft, { ...draft, delayMs: 1000 }]),
  preview: (mail) => mail.preview({ ...draft, to: '@all' }),
  until: async (mail) => mail.until(await sent(mail), 'acked', { waitMs: 1 }),
  reply: async (mail) => mail.as('reviewer').reply(await claimed(mail), { body: 'done' }, { ack: true }),
  request: answered,
  read: async (mail) => (await sent(mail), mail.read('reviewer')),
  consume: async (mail) => {
    await sent(mail);
    for await (const job of mail.consume('reviewer')) return job;
    return undefined;
  },
  work: async (mail) => (await sent(mail), mail.work('reviewer', () => undefined, { count: 1 })),
  peek: async (mail) => (await sent(mail), mail.peek('reviewer')),
  ack: async (mail) => mail.ack(await claimed(mail)),
  nack: async (mail) => mail.nack(await claimed(mail)),
  renew: async (mail) => mail.renew(await claimed(mail)),
  list: async (mail) => {
    for (const make of [finished, dead, claimed]) await make(mail);
    await mail.sendAll([draft, { ...draft, delayMs: 1000 }]);
    return mail.as('reviewer').list('reviewer', { states: ['ready', 'delayed', 'inflight', 'archived', 'dead'] });
  },
  show: async (mail) => {
    const id = await sent(mail);
    await mail.read('reviewer');
    return mail.show(id);
  },
  trace: async (mail) => mail.trace(await finished(mail)),
  thread: async (mail) => (await finished(mail), mail.thread('t')),
  search: async (mail) => (await dead(mail), mail.search('needle')),
  deliver: async (mail) => mail.deliver((await mail.send({ ...draft, delayMs: 1000 })).id),
  cancel: async (mail) => mail.cancel(await sent(mail)),
  'schedule.add': scheduled,
  'schedule.list': async (mail) => (await scheduled(mail), mail.schedule.list()),
  'schedule.show': async (mail) => (await scheduled(mail), mail.schedule.show('nightly')),
  'schedule.remove': async (mail) => (await scheduled(mail), mail.schedule.remove('nightly')),
  'schedule.fire': async (mail, time) => {
    await scheduled(mail);
    time.nowMs += 2 * dayMs;
    return mail.schedule.fire();
  },
  'reservations.reserve': (mail) => reserving(mail),
  'reservations.list': async (mail) => (await reserving(mail), mail.reservations.list()),
  'reservations.check': async (mail) => (
    await reserving(mail),
    mail.as('reviewer').reservations.check(['/nowhere/src/a', 'x'])
  ),
  'reservations.renew': async (mail) => (await reserving(mail), mail.reservations.renew('/nowhere/src')),
  'reservations.release': async (mail) => (await reserving(mail), mail.reservations.release()),
  'tasks.create': async (mail) => {
    await mail.tasks.next();
    return [
      await mail.tasks.create({ title: 'parse', requires: ['ts'] }),
      await mail.tasks.create({ title: 'after', dependsOn: [await tasked(mail)], assign: false }),
    ];
  },
  'tasks.createAll': async (mail) =>
    mail.tasks.createAll([
      { key: 'a', title: 'a', requires: ['nobody'] },
      { title: 'b', dependsOn: ['a'] },
      { title: 'c', dedupeKey: 'c' },
    ]),
  'tasks.importBeads': async (mail) => mail.tasks.importBeads([{ id: 'bd-1', title: 'a', labels: ['x'] }]),
  'tasks.exportBeads': async (mail) => {
    await mail.tasks.importBeads([{ id: 'bd-1', title: 'a', priority: 0 }]);
    await tasked(mail);
    return mail.tasks.exportBeads({ all: true });
  },
  'tasks.list': async (mail, time) => {
    await mail.tasks.done(await begun(mail), { result: 'merged', data: { y: 1 } });
    await mail.tasks.fail(await begun(mail), 'why');
    await mail.tasks.progress(await begun(mail), { percent: 50, note: 'half' });
    await mail.tasks.create({ title: 'after', dependsOn: [await tasked(mail)] });
    time.nowMs += dayMs;
    return mail.tasks.list({ states: [...taskStates] });
  },
  'tasks.show': async (mail) => {
    const id = await begun(mail);
    await mail.tasks.create({ title: 'part', parent: id });
    return mail.tasks.show((await mail.tasks.done(id, { result: 'merged' })).id);
  },
  'tasks.next': async (mail) => (await tasked(mail), mail.tasks.next()),
  'tasks.accept': async (mail) => mail.tasks.accept(await tasked(mail), 60_000),
  'tasks.progress': async (mail) => mail.tasks.progress(await begun(mail), { percent: 50, note: 'half' }),
  'tasks.done': async (mail) => mail.tasks.done(await begun(mail), { result: 'merged', data: { y: 1 } }),
  'tasks.fail': async (mail) => mail.tasks.fail(await begun(mail), 'why'),
  'tasks.cancel': async (mail) => mail.tasks.cancel(await begun(mail)),
  'tasks.retry': async (mail) => mail.tasks.retry((await mail.tasks.fail(await begun(mail))).id),
  'tasks.assign': async (mail) => mail.tasks.assign(await tasked(mail), 'planner'),
  'tasks.explain': async (mail) => {
    await mail.tasks.next();
    return mail.tasks.explain(await tasked(mail));
  },
  watch: async (mail) => (await dead(mail), mail.watch({ mailboxes: ['reviewer'], since: 'start', waitMs: 1 })),
  stats: async (mail) => (await sent(mail), mail.stats()),
  metrics: async (mail) => (await finished(mail), mail.metrics()),
  'resources.show': async (mail) => (await sent(mail), mail.resources.show()),
  'alerts.list': async (mail) => (await dead(mail), mail.alerts.list()),
  'alerts.check': async (mail) => (await dead(mail), mail.alerts.check({ run: async () => ({ exitCode: 0 }) })),
  'alerts.test': async (mail) => (await dead(mail), mail.alerts.test('dead', { act: true })),
  'alerts.silence': (mail) => mail.alerts.silence('dead', { forMs: 1000 }),
  'identity.create': (mail) => mail.identity.create('planner'),
  'identity.show': async (mail) => (await mail.identity.create('planner'), mail.identity.show('planner')),
  'identity.list': async (mail) => (await mail.identity.create('planner'), mail.identity.list()),
  'identity.rotate': async (mail) => (await mail.identity.create('planner'), mail.identity.rotate('planner')),
  'identity.revoke': async (mail) => {
    const { key = '' } = await mail.identity.create('planner');
    return mail.identity.revoke('planner', { key });
  },
  'trust.list': async (mail) => (await mail.identity.create('planner'), mail.trust.list()),
  'trust.accept': async (mail) => (await mail.identity.create('planner'), mail.trust.accept('planner')),
  'trust.remove': async (mail) => (await mail.identity.create('planner'), mail.trust.remove('planner')),
  status: async (mail) => (await sent(mail), mail.status()),
  overview: async (mail) => (await claimed(mail), mail.overview()),
  publish: async (mail) => {
    await published(mail);
    const again = { body: 'green', dedupeKey: 'k' };
    return [await mail.publish('build.done', again), await mail.publish('build.done', again)];
  },
  subscribe: (mail) => mail.subscribe('build.*'),
  unsubscribe: async (mail) => (await mail.subscribe('build.*'), mail.unsubscribe('build.*')),
  listen: async (mail) => (await published(mail), mail.listen('build.>', { since: 'start', count: 1 })),
  'topics.list': async (mail) => (await published(mail), mail.topics.list()),
  'topics.show': async (mail) => (await published(mail), mail.topics.show('build.done')),
  'topics.prune': async (mail) => (await published(mail), mail.topics.prune('build.done', { olderThanMs: 0 })),
  'archive.list': async (mail) => (await finished(mail), mail.archive.list('reviewer')),
  'archive.show': async (mail) => mail.archive.show('reviewer', await finished(mail)),
  'archive.search': async (mail) => (await finished(mail), mail.archive.search('needle', { mailbox: 'reviewer' })),
  'archive.restore': async (mail) => mail.archive.restore('reviewer', await finished(mail)),
  'archive.export': async (mail) => (await finished(mail), mail.archive.export('reviewer')),
  'archive.pack': async (mail, time) => {
    await finished(mail);
    time.nowMs += 3 * dayMs;
    return mail.archive.pack('reviewer');
  },
  'archive.prune': async (mail, time) => {
    await finished(mail);
    time.nowMs += 3 * dayMs;
    return mail.archive.prune('reviewer', { olderThanMs: dayMs });
  },
  'dlq.list': async (mail) => (await dead(mail), mail.dlq.list('reviewer')),
  'dlq.show': async (mail) => mail.dlq.show('reviewer', await dead(mail)),
  'dlq.retry': async (mail) => (await dead(mail), mail.dlq.retry('reviewer', 'all')),
  'dlq.purge': async (mail) => (await dead(mail), mail.dlq.purge('reviewer', 'all', { force: true })),
  'audit.list': async (mail) => {
    await mail.config.set('maxAttempts', 7);
    return mail.audit.list({ op: 'config' });
  },
  'audit.verify': async (mail) => {
    await mail.config.set('maxAttempts', 7);
    return mail.audit.verify({ anchor: (await mail.audit.anchor()).anchor });
  },
  'audit.anchor': (mail) => mail.audit.anchor(),
  'audit.prune': async (mail, time) => {
    await mail.config.set('maxAttempts', 7);
    time.nowMs += 40 * dayMs;
    return mail.audit.prune({ olderThanMs: dayMs });
  },
  'config.get': (mail) => mail.config.get(),
  'config.set': (mail) => mail.config.set('maxAttempts', '7'),
  'config.show': (mail) => mail.config.show(['lease'], { origin: true, agent: 'planner' }),
  'config.change': (mail) => mail.config.change({ maxAttempts: 7, lease: null }, { note: 'why' }),
  'config.unset': (mail) => mail.config.unset(['maxAttempts']),
  'config.validate': (mail) => mail.config.validate('{"lease":"5m"}'),
  'config.diff': async (mail) => {
    await mail.config.set('maxAttempts', 7);
    return mail.config.diff(0);
  },
  'config.history': async (mail) => {
    await mail.config.set('maxAttempts', 7);
    return mail.config.history({ limit: 1 });
  },
  'config.rollback': async (mail) => {
    await mail.config.set('maxAttempts', 7);
    await mail.config.set('maxAttempts', 8);
    return mail.config.rollback(1);
  },
  'policy.show': async (mail) => [await mail.policy.show(), (await mail.policy.set(policy), await mail.policy.show())],
  'policy.set': (mail) => mail.policy.set(policy, { note: 'why' }),
  'policy.remove': async (mail) => (await mail.policy.set(policy), mail.policy.remove({ note: 'why' })),
  'policy.diff': async (mail) => (await mail.policy.set(policy), mail.policy.diff(0)),
  'policy.history': async (mail) => (await mail.policy.set(policy), mail.policy.history({ limit: 1 })),
  'policy.rollback': async (mail) => {
    await mail.policy.set(policy);
    await mail.policy.remove();
    return mail.policy.rollback(1);
  },
  'policy.check': async (mail) => [
    await mail.policy.check('send'),
    (await mail.policy.set(policy), await mail.policy.check('read', { mailbox: 'x' })),
  ],
  'policy.test': (mail) => mail.policy.test(policy),
  doctor: async (mail) => (await dead(mail), mail.doctor()),
  maintain: async (mail, time) => {
    await finished(mail);
    await published(mail);
    await scheduled(mail);
    await mail.send({ ...draft, ttlMs: 1000 });
    time.nowMs += 40 * dayMs;
    return mail.maintain();
  },
  import: (mail) => mail.import(foreign, { deliver: true }),
  backup: async (mail) => (await sent(mail), mail.backup(`${mail.path}.tar.gz`)),
  export: async (mail) => (await sent(mail), mail.export(`${mail.path}.db`)),
};

async function itemsOf(value: unknown): Promise<unknown[]> {
  const found = await value;
  if (typeof found === 'object' && found !== null && Symbol.asyncIterator in found) {
    const items: unknown[] = [];
    for await (const item of found as AsyncIterable<unknown>) items.push(item);
    return items;
  }
  return [found].flat();
}

const inLibrary = operationNames.filter((name) => libraryPathOf(name) !== undefined);

test.each(inLibrary)('%s of the library hands over what the contract says, and nothing else', async (name) => {
  const time = { nowMs: Date.parse('2026-11-20T09:00:00.000Z') };
  await using mail = await openLibrary(time);
  const call = calls[name];
  if (call === undefined) throw new Error(`Nobody calls ${name} here yet.`);
  const { output } = operations[name];
  const expected = others[name] ?? (output === undefined ? z.never() : shape(output));
  const items = name === 'until' ? [await call(mail, time)] : await itemsOf(call(mail, time));
  expect({
    items: items.length > 0,
    misfits: [...new Set(items.flatMap((item) => misfits(expected, item)))],
  }).toEqual({ items: true, misfits: [] });
});
