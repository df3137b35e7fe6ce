import { appendFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { registerAgent } from '../../../src/core/agents/agents.ts';
import { setPolicy } from '../../../src/core/policy/policy.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { send } from '../../../src/core/send/send.ts';
import { createTask } from '../../../src/core/tasks/create.ts';
import { cancelTask } from '../../../src/core/tasks/moves.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { sessionOn } from '../../../src/core/open-root.ts';
import { removeScratch } from '../../scratch.ts';
import { createServed } from '../rig.ts';
import { asEvents, open, type Reading } from './rig.ts';

let served: Awaited<ReturnType<typeof createServed>>;
const readings: Reading[] = [];
beforeEach(async () => {
  served = await createServed(['planner', 'reviewer']);
});
afterEach(async () => {
  for (const one of readings.splice(0)) one.destroy();
  await served.close();
});
afterAll(removeScratch);

const as = (name: string) => sessionOn(served.root, { as: name });
const mail = (body: string, to = 'reviewer') => send(as('planner'), { to, body, subject: body });
async function stream(path: string, how: Parameters<typeof open>[2] = {}): Promise<Reading> {
  const one = await open(served.socket, path, how);
  readings.push(one);
  return one;
}
const dataOf = ({ events }: Reading) => events().flatMap(({ data }) => (data === undefined ? [] : [JSON.parse(data)]));

test('what happens is told as it happens, from when the head of the answer is there', async () => {
  const lines = await stream('/v1/watch?mailbox=reviewer');
  expect([lines.status, lines.type]).toEqual([200, 'application/jsonl']);
  const events = await stream('/v1/watch', { headers: asEvents });
  expect(events.type).toBe('text/event-stream');
  const { id } = await mail('one');
  await mail('two', 'planner');
  await readNext(as('reviewer'), 'reviewer');
  await lines.until(() => lines.lines().length >= 2);
  await events.until(() => dataOf(events).length >= 3);
  expect(lines.lines()).toMatchObject([
    { event: 'delivered', id, mailbox: 'reviewer', subject: 'one', cursor: expect.any(String) },
    { event: 'claimed', id, mailbox: 'reviewer' },
  ]);
  // What happens in two mailboxes within a millisecond has no order.
  expect(
    dataOf(events)
      .map(({ event, mailbox }) => `${event} ${mailbox}`)
      .toSorted(),
  ).toEqual(['claimed reviewer', 'delivered planner', 'delivered reviewer']);
});

test('an event stream says at once where it begins and when to come again, and where each event ends', async () => {
  const first = await stream('/v1/watch?mailbox=reviewer', { headers: asEvents });
  await first.until(() => first.events().length > 0);
  const [begun] = first.events();
  expect(begun).toMatchObject({ id: expect.any(String), data: undefined, retry: '1000' });
  first.destroy();
  // Cut off before the first event: nothing of what happened meanwhile is missed, and nothing comes twice.
  await mail('one');
  await mail('two');
  const second = await stream('/v1/watch?mailbox=reviewer', {
    headers: { ...asEvents, 'last-event-id': begun?.id ?? '' },
  });
  await second.until(() => dataOf(second).length >= 2);
  const told = second.events().filter(({ data }) => data !== undefined);
  expect(told.map(({ id, data }) => [JSON.parse(data ?? '').subject, JSON.parse(data ?? '').cursor === id])).toEqual([
    ['one', true],
    ['two', true],
  ]);
  const third = await stream(`/v1/watch?mailbox=reviewer&since=${told[0]?.id}&count=1`);
  await third.ended;
  expect(third.lines()).toMatchObject([{ subject: 'two' }]);
});

test('an id that is no cursor, or a mailbox that is none, is refused before anything is told', async () => {
  for (const [headers, path, code] of [
    [{ 'last-event-id': 'nonsense' }, '/v1/watch', 'CURSOR_INVALID'],
    [{ 'last-event-id': 'x'.repeat(200_000) }, '/v1/watch', 'CURSOR_INVALID'],
    [{}, '/v1/watch?since=nonsense', 'CURSOR_INVALID'],
    [{}, '/v1/watch?mailbox=nobody', 'AGENT_NOT_FOUND'],
    [{}, '/v1/watch?mailboxes=reviewer', 'USAGE'],
    [{}, '/v1/listen', 'USAGE'],
    [{}, '/v1/listen?topic=a//b', 'TOPIC_INVALID'],
    [{}, '/v1/tasks/watch?id=01ARZ3NDEKTSV4RRFFQ69G5FAV', 'MESSAGE_NOT_FOUND'],
  ] as const) {
    const { status, value } = await served.get(path, { headers: { ...asEvents, ...headers } });
    expect([path, status >= 400, value.code]).toEqual([path, true, code]);
  }
});

test('a topic is heard from a moment ago on, and what is published as it is', async () => {
  await publish(as('planner'), 'build.done', { body: 'red' });
  const heard = await stream('/v1/listen?topic=build.*&since=5m', { headers: asEvents });
  await publish(as('planner'), 'build.done', { body: 'green' });
  await heard.until(() => dataOf(heard).length >= 2);
  expect(dataOf(heard)).toMatchObject([
    { topic: 'build.done', message: { body: 'red' } },
    { message: { body: 'green' } },
  ]);
});

test('a task is told of until it is over, and nobody comes again for one that is', async () => {
  const { id } = await createTask(as('planner'), { title: 'parse', assign: false });
  const told = await stream(`/v1/tasks/watch?id=${id}`, { headers: asEvents });
  await mail('no task');
  await cancelTask(as('planner'), id);
  await told.ended;
  expect(dataOf(told).map(({ event }) => event)).toEqual(['cancelled']);
  // What has an EventSource stop.
  expect((await served.get(`/v1/tasks/watch?id=${id}`, { headers: asEvents })).status).toBe(204);
});

test('a root at a glance comes now, and again when it has changed', async () => {
  const seen = await stream('/v1/overview/watch?every=100ms&events=5', { headers: asEvents });
  await seen.until(() => dataOf(seen).length === 1);
  await mail('one');
  const readyIn = () =>
    dataOf(seen)
      .at(-1)
      .mailboxes.find((one: { mailbox: string }) => one.mailbox === 'reviewer').ready;
  await seen.until(() => readyIn() === 1);
  expect(seen.events().some(({ id }) => id !== undefined)).toBe(false);
});

test('it ends when nothing has come for so long, or so many have', async () => {
  const waited = await stream('/v1/watch?waitMs=50');
  await waited.ended;
  expect([waited.status, waited.text()]).toEqual([200, '']);
  const counted = await stream('/v1/watch?count=2&mailbox=reviewer,planner');
  for (const body of ['one', 'two', 'three']) await mail(body);
  await counted.ended;
  expect(counted.lines().map(({ subject }) => subject)).toEqual(['one', 'two']);
});

test('what is warned of by the way is told in its place', async () => {
  await mail('one');
  const log = readdirSync(served.dir, { recursive: true })
    .map(String)
    .find((path) => /reviewer.*events/.test(path) && path.endsWith('.jsonl'));
  appendFileSync(join(served.dir, log ?? ''), '{"spoilt\n');
  const lines = await stream('/v1/watch?since=start');
  const events = await stream('/v1/watch?since=start', { headers: asEvents });
  await lines.until(() => lines.lines().length >= 2);
  await events.until(() => events.events().some(({ event }) => event === 'warning'));
  expect(lines.lines()).toMatchObject([{ warning: expect.stringContaining('cannot be read') }, { subject: 'one' }]);
});

test('a policy that comes holds for who watches already', async () => {
  const all = { allow: { '*': ['*'] } };
  const lead = as('planner');
  await registerAgent(lead, { name: 'ann' });
  const own = await stream('/v1/watch', { as: 'ann', headers: asEvents });
  const other = await stream('/v1/watch?mailbox=reviewer', { as: 'ann', headers: asEvents });
  const lines = await stream('/v1/watch?mailbox=reviewer', { as: 'ann' });
  await mail('before');
  await own.until(() => dataOf(own).length === 1);
  await lines.until(() => lines.lines().length === 1);
  await setPolicy(lead, {
    roles: { own: { allow: { look: ['$self'] } }, all },
    agents: { ann: ['own'], planner: ['all'] },
  });
  await mail('after');
  await mail('hers', 'ann');
  await other.ended;
  await lines.ended;
  expect(other.events().at(-1)).toMatchObject({ event: 'problem' });
  expect(JSON.parse(other.events().at(-1)?.data ?? '')).toMatchObject({ code: 'FORBIDDEN', status: 403 });
  expect(lines.lines()).toMatchObject([{ subject: 'before' }, { error: { code: 'FORBIDDEN' } }]);
  await own.until(() => dataOf(own).length === 2);
  expect(dataOf(own).map(({ subject }) => subject)).toEqual(['before', 'hers']);
  const refused = await served.get('/v1/watch?mailbox=reviewer', { as: 'ann', headers: asEvents });
  expect([refused.status, refused.value.code]).toEqual([403, 'FORBIDDEN']);
});

test('who goes ends what was done for him, also while he reads nothing, and the server that ends ends all', async () => {
  const { journal } = served.root.store;
  let watching = 0;
  const real = journal.watch.bind(journal);
  journal.watch = async (...how) => {
    const wake = await real(...how);
    watching++;
    return { ...wake, close: async () => wake.close().finally(() => watching--) };
  };
  const [waiting, reading, last] = [
    await stream('/v1/watch', { headers: asEvents }),
    await stream('/v1/watch?mailbox=reviewer', { paused: true }),
    await stream('/v1/listen?topic=a.*'),
  ];
  await expect.poll(() => watching).toBe(3);
  for (let i = 0; i < 30; i++) await mail(String(i).repeat(5000).slice(0, 200));
  waiting.destroy();
  reading.destroy();
  await expect.poll(() => watching).toBe(1);
  void served.close();
  await last.ended;
  await expect.poll(() => watching).toBe(0);
});

test('of a HEAD nothing is begun', async () => {
  const { status, headers, text } = await served.ask('HEAD', '/v1/watch');
  expect([status, headers['content-type'], text]).toEqual([200, 'application/jsonl', '']);
  expect((await served.ask('HEAD', '/v1/watch?nonsense=1')).status).toBe(400);
});
