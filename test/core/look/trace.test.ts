import { beforeEach, expect, test } from 'vitest';
import { cancel } from '../../../src/core/keep/cancel.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { reply } from '../../../src/core/send/reply.ts';
import { searchArchive } from '../../../src/core/keep/archive.ts';
import { search } from '../../../src/core/look/search.ts';
import { send } from '../../../src/core/send/send.ts';
import { ack, nack } from '../../../src/core/take/settle.ts';
import { subscribe } from '../../../src/core/topics/subscriptions.ts';
import { thread } from '../../../src/core/look/thread.ts';
import { pruneTopics } from '../../../src/core/topics/topics.ts';
import { trace } from '../../../src/core/look/trace.ts';
import { type CoreRig, createCoreRig, expectRefusal, gather, must } from '../rig.ts';
import type { Draft } from '../../../src/core/send/draft.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const sent = async (draft: Partial<Draft> = {}): Promise<string> =>
  (await send(rig.root, { to: 'reviewer', body: 'x', ...draft })).id;
const take = async (mailbox = 'reviewer') => must(await readNext(rig.as(mailbox), mailbox));

test('a trace tells what happened where, by whom, why, and how long each step took', async () => {
  const id = await sent({ to: ['reviewer', 'Builder'] });
  rig.clock.advance(1000);
  await nack(rig.as('reviewer'), (await take()).receipt, { delayMs: 500, reason: 'red' });
  rig.clock.advance(500);
  const { receipt } = await take();
  rig.clock.advance(4000);
  await reply(rig.as('reviewer'), receipt, { body: 'done' }, { ack: true });
  const traced = await trace(rig.root, id);
  expect(traced.message?.id).toBe(id);
  expect(traced.cut).toEqual([]);
  expect(traced.entries.map(({ mailbox, state }) => `${mailbox} ${state}`)).toEqual([
    'reviewer archived',
    'Builder ready',
  ]);
  const steps = traced.steps.map(({ mailbox, event, by, reason, sinceStartMs, sinceLastMs, heldMs }) => ({
    what: [mailbox, event, by, reason].filter(Boolean).join(' '),
    times: [sinceStartMs, sinceLastMs, heldMs],
  }));
  expect(steps).toEqual([
    { what: 'reviewer delivered planner', times: [0, null, undefined] },
    { what: 'Builder delivered planner', times: [0, null, undefined] },
    { what: 'reviewer claimed reviewer', times: [1000, 1000, undefined] },
    { what: 'reviewer nacked reviewer red', times: [1000, 0, 0] },
    { what: 'reviewer delivered', times: [1500, 500, undefined] },
    { what: 'reviewer claimed reviewer', times: [1500, 0, undefined] },
    { what: 'planner delivered reviewer', times: [5500, null, undefined] },
    { what: 'reviewer acked reviewer', times: [5500, 4000, 4000] },
  ]);
});

test('a trace without its beginning says so', async () => {
  const id = await sent();
  await take();
  rig.mail.log.splice(0, 1);
  expect(await trace(rig.root, id)).toMatchObject({ cut: ['reviewer'], steps: [{ event: 'claimed' }] });
  rig.mail.log.length = 0;
  expect(await trace(rig.root, id)).toMatchObject({ cut: ['reviewer'], steps: [] });
  await expectRefusal(trace(rig.root, rig.root.ids.next(0)), 'MESSAGE_NOT_FOUND');
});

test('a claim whose line was written before the one of the arrival is told behind it', async () => {
  const id = await sent();
  const { receipt } = await take();
  const { log } = rig.mail;
  log.push(...log.splice(0, 1));
  await ack(rig.as('reviewer'), receipt);
  const { steps, cut } = await trace(rig.root, id);
  expect(steps.map(({ event }) => event)).toEqual(['delivered', 'claimed', 'acked']);
  expect(cut).toEqual([]);
});

test('a cancellation whose line was written before the one of the arrival is told behind it', async () => {
  const id = await sent();
  await cancel(rig.as('planner'), id);
  const { log } = rig.mail;
  log.push(...log.splice(0, 1));
  expect(await trace(rig.root, id)).toMatchObject({
    cut: [],
    steps: [{ event: 'delivered' }, { event: 'cancelled' }],
  });
});

test('a later arrival stays where it is, though the first one is lost or the clock has stepped back', async () => {
  const id = await sent();
  rig.clock.advance(1000);
  await nack(rig.as('reviewer'), (await take()).receipt, { delayMs: 500, free: true });
  rig.clock.advance(500);
  await nack(rig.as('reviewer'), (await take()).receipt, { delayMs: 500 });
  rig.clock.advance(500);
  await take();
  const { log } = rig.mail;
  const told = ['delivered', 'claimed', 'nacked', 'delivered', 'claimed', 'nacked', 'delivered', 'claimed'];
  const inOrder = async () => (await trace(rig.root, id)).steps.map(({ event }) => event);
  expect(await inOrder()).toEqual(told);
  const stepped = log.map((event, i) => (i === 6 ? { ...event, at: log[0]?.at ?? '' } : event));
  log.splice(0, log.length, ...stepped);
  expect(await inOrder()).toEqual(told);
  log.splice(0, 1);
  expect(await inOrder()).toEqual(told.slice(1));
  expect((await trace(rig.root, id)).cut).toEqual(['reviewer']);
});

test('the start is the earliest time, also of a line that was written late', async () => {
  const id = await sent({ to: ['reviewer', 'Builder'] });
  const { log } = rig.mail;
  const [first] = log;
  if (first) log[0] = { ...first, at: new Date(rig.clock.now() + 10).toISOString() };
  expect((await trace(rig.root, id)).steps.map(({ sinceStartMs }) => sinceStartMs)).toEqual([10, 0]);
});

test('an answer that moved from an inbox to the mailbox is told once', async () => {
  const id = await sent();
  await rig.root.store.openInbox('planner', id, rig.clock.now() + 1000);
  await reply(rig.as('reviewer'), (await take()).receipt, { body: 'late' });
  await rig.root.store.closeInbox('planner', id);
  expect((await trace(rig.root, id)).steps.filter((step) => step.replyTo === id)).toHaveLength(1);
});

test('a thread has each of its messages once, the oldest first, with where it is', async () => {
  const first = await sent({ to: ['reviewer', 'Builder'], body: 'one' });
  await sent({ body: 'another matter' });
  rig.clock.advance(1000);
  const { receipt } = await take();
  const second = await reply(rig.as('reviewer'), receipt, { body: 'two' }, { ack: true });
  rig.clock.advance(1000);
  const third = await reply(rig.root, (await take('planner')).receipt, { body: 'three' });
  for (const id of [first, second.id, third.id]) {
    const messages = await thread(rig.root, id);
    expect(
      messages.map(({ message, entries }) => [message.body, ...entries.map((e) => `${e.mailbox} ${e.state}`)]),
    ).toEqual([
      ['one', 'Builder ready', 'reviewer archived'],
      ['two', 'planner inflight'],
      ['three', 'reviewer ready'],
    ]);
  }
});

test('a thread goes by any name, and one that nobody knows is not found', async () => {
  await sent({ thread: 'release', body: 'a' });
  await cancel(rig.root, await sent({ thread: 'release', body: 'b', to: 'Builder' }));
  expect((await thread(rig.root, 'release')).map(({ message }) => message.body)).toEqual(['a', 'b']);
  await expectRefusal(thread(rig.root, 'relaese'), 'MESSAGE_NOT_FOUND');
});

test.for(['needle', 'NEEDLE'])('a search finds %s in every part and state of a message', async (text) => {
  const wanted = [
    await sent({ subject: 'A Needle' }),
    await sent({ tags: ['needle'], delayMs: 1000 }),
    await sent({ data: { why: ['needle'] }, to: 'Builder' }),
    await sent({ body: 'two\nneedles', priority: 'urgent' }),
    await sent({ body: 'needle', priority: 'high' }),
    await sent({ subject: 'needle', to: 'planner', type: 'task' }),
  ];
  await sent({ body: 'hay' });
  await ack(rig.root, (await take()).receipt);
  await nack(rig.root, (await take()).receipt, { dead: true });
  await take('planner');
  const found = await gather(search(rig.root, text));
  expect(found.map(({ id }) => id).sort()).toEqual([...wanted].sort());
  expect(new Set(found.map(({ state }) => state))).toEqual(
    new Set(['ready', 'delayed', 'inflight', 'archived', 'dead']),
  );
  expect(await gather(search(rig.root, text, { mailbox: 'builder' }))).toMatchObject([{ id: wanted[2] }]);
  expect(await gather(search(rig.root, text, { states: ['dead', 'archived'] }))).toHaveLength(2);
  expect(await gather(search(rig.root, text, { limit: 3 }))).toHaveLength(3);
  expect(await gather(search(rig.root, text, { filter: { type: 'task' } }))).toMatchObject([{ id: wanted[5] }]);
  expect(await gather(search(rig.root, 'planner', { mailbox: 'reviewer' }))).toHaveLength(5);
  expect(await gather(search(rig.root, must(wanted[0]).toLowerCase()))).toHaveLength(1);
});

test('a long search tells how far it is, and ends at the signal', async () => {
  for (let i = 0; i < 600; i++) await sent({ body: `b${i}` });
  const told: number[] = [];
  await gather(search(rig.root, 'nothing', { onProgress: (looked) => told.push(looked) }));
  expect(told).toEqual([256, 512]);
  const stop = new AbortController();
  const found = search(rig.root, 'b', { signal: stop.signal });
  await found.next();
  stop.abort();
  expect(await found.next()).toMatchObject({ done: true });
});

test('what was published is traced, found and part of its thread, also with nobody subscribed', async () => {
  const { id: lone } = await publish(rig.root, 'build.done', { body: 'red' });
  await subscribe(rig.as('reviewer'), 'build.*');
  const { id } = await publish(rig.root, 'build.done', { body: 'green', replyTo: lone, thread: lone });
  await ack(rig.root, (await take()).receipt);
  const traced = await trace(rig.root, id);
  expect(traced.cut).toEqual([]);
  expect(traced.entries.map(({ mailbox, state }) => `${mailbox} ${state}`)).toEqual([
    'reviewer archived',
    '#build.done archived',
  ]);
  expect(traced.steps.map(({ mailbox, event }) => `${mailbox} ${event}`).sort()).toEqual([
    '#build.done published',
    'reviewer acked',
    'reviewer claimed',
    'reviewer delivered',
  ]);
  const alone = await trace(rig.root, lone);
  expect(alone).toMatchObject({ cut: [], message: { id: lone }, entries: [{ mailbox: '#build.done' }] });
  expect(alone.steps.map((step) => `${step.mailbox} ${step.id}`)).toContain(`#build.done ${id}`);

  for (const known of [lone, id]) {
    const messages = await thread(rig.root, known);
    expect(messages.map(({ message, entries }) => [message.body, ...entries.map((e) => e.mailbox)])).toEqual([
      ['red', '#build.done'],
      ['green', 'reviewer', '#build.done'],
    ]);
  }
  const places = async (options: object): Promise<string[]> =>
    (await gather(search(rig.root, 'green', options))).map(({ mailbox }) => mailbox);
  expect(await places({})).toEqual(['reviewer', '#build.done']);
  expect(await places({ mailbox: 'reviewer' })).toEqual(['reviewer']);
  expect(await places({ states: ['ready', 'dead'] })).toEqual([]);
  // It cannot be restored out of a topic's log.
  expect(await gather(searchArchive(rig.root, undefined, 'green'))).toMatchObject([{ mailbox: 'reviewer' }]);

  rig.clock.advance(10);
  await pruneTopics(rig.root, '>', { olderThanMs: 1 });
  expect(await trace(rig.root, lone)).toMatchObject({ message: null, entries: [] });
});
