import { beforeEach, expect, test } from 'vitest';
import { registerAgent, retireAgent } from '../../../src/core/agents/agents.ts';
import { cancel } from '../../../src/core/keep/cancel.ts';
import { doctor } from '../../../src/core/keep/doctor.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { reply } from '../../../src/core/send/reply.ts';
import { ack } from '../../../src/core/take/settle.ts';
import { show } from '../../../src/core/look/show.ts';
import { loadSubscriptions, subscribe, unsubscribe } from '../../../src/core/topics/subscriptions.ts';
import { listTopics, pruneTopic, pruneTopics, showTopic } from '../../../src/core/topics/topics.ts';
import { type CoreBench, createCoreBench, expectRefusal, gather, must, refusal } from '../rig.ts';

let bench: CoreBench;
beforeEach(async () => {
  bench = await createCoreBench();
});

const day = 86_400_000;
const green = { body: 'green' };

test('a publish reaches each subscriber once, whatever many patterns match, and the log', async () => {
  await subscribe(bench.as('reviewer'), ['build.*', 'BUILD.>', 'deploy.done']);
  await subscribe(bench.as('Builder'), 'test.>');
  const sent = await publish(bench.root, 'Build.Done', { ...green, subject: 'CI', tags: ['x'] });
  expect(sent).toMatchObject({ topic: 'build.done', mailboxes: ['reviewer'], subscribers: 1, durability: 'full' });
  const delivery = must(await readNext(bench.as('reviewer'), 'reviewer'));
  expect(delivery.message).toMatchObject({ id: sent.id, to: [], topic: 'build.done', from: 'planner', subject: 'CI' });
  expect(await readNext(bench.root, 'reviewer')).toBeUndefined();
  expect(await readNext(bench.root, 'Builder')).toBeUndefined();
  expect((await reply(bench.as('reviewer'), delivery.receipt, { body: 'thanks' })).to).toEqual(['planner']);
});

test('without a subscriber it is in the log alone, and a later subscriber does not get it', async () => {
  const { id, ...sent } = await publish(bench.root, 'build.done', green);
  expect(sent).toMatchObject({ mailboxes: [], subscribers: 0 });
  await subscribe(bench.as('reviewer'), '>');
  expect(await readNext(bench.root, 'reviewer')).toBeUndefined();
  const shown = await show(bench.root, id);
  expect(shown.entries).toMatchObject([{ mailbox: '#build.done', state: 'archived' }]);
});

test('one full subscriber keeps it from everybody and from the log, unless there is room in time', async () => {
  await subscribe(bench.as('reviewer'), 'build.*');
  await subscribe(bench.as('Builder'), 'build.*');
  await registerAgent(bench.root, { name: 'reviewer', settings: { maxMessages: 1 } });
  await publish(bench.root, 'build.done', green);
  await expectRefusal(publish(bench.root, 'build.done', green), 'MAILBOX_FULL');
  expect((await bench.root.store.counts('Builder')).ready).toBe(1);
  expect((await bench.root.store.counts('#build.done')).archived).toBe(1);
  const waiting = publish(bench.root, 'build.done', green, { waitMs: 60_000 });
  await ack(bench.root, must(await readNext(bench.root, 'reviewer')).receipt);
  expect((await waiting).mailboxes).toEqual(['reviewer', 'Builder']);
});

test('who publishes and is subscribed gets it, too', async () => {
  await subscribe(bench.root, 'build.done');
  expect((await publish(bench.root, 'build.done', green)).mailboxes).toEqual(['planner']);
});

test('who has retired is left out, and is back when registered again', async () => {
  await subscribe(bench.as('reviewer'), 'build.done');
  await retireAgent(bench.root, 'reviewer');
  expect((await publish(bench.root, 'build.done', green)).subscribers).toBe(0);
  await expectRefusal(subscribe(bench.as('reviewer'), 'x'), 'AGENT_RETIRED');
  expect((await listTopics(bench.root))[0]?.subscribers).toEqual([]);
  await registerAgent(bench.root, { name: 'reviewer' });
  expect((await publish(bench.root, 'build.done', green)).mailboxes).toEqual(['reviewer']);
  expect(await loadSubscriptions(bench.root)).toEqual(new Map([['reviewer', ['build.done']]]));
});

test('a subscriber that is no agent any more is told of, and the others get it', async () => {
  await subscribe(bench.as('reviewer'), '>');
  await subscribe(bench.as('Builder'), '>');
  bench.mail.agents.delete('builder');
  expect((await publish(bench.root, 'x', green)).mailboxes).toEqual(['reviewer']);
  expect(bench.warnings.join()).toContain('Builder is subscribed to x, but there is no such agent');
});

test('what send refuses, publish refuses, and nothing is sent', async () => {
  await subscribe(bench.as('reviewer'), 'x');
  await expectRefusal(publish(bench.root, 'x y', green), 'TOPIC_INVALID');
  await expectRefusal(publish(bench.root, 'x.*', green), 'TOPIC_INVALID');
  await expectRefusal(publish(bench.root, 'x', { body: '' }), 'BODY_EMPTY');
  await expectRefusal(publish(bench.as(undefined), 'x', green), 'USAGE');
  await expectRefusal(publish(bench.root, 'y', { body: 'x'.repeat(1_100_000) }), 'MESSAGE_TOO_LARGE');
  await registerAgent(bench.root, { name: 'reviewer', settings: { maxMessageBytes: 1024 } });
  const error = await refusal(publish(bench.root, 'x', { body: 'x'.repeat(2000) }));
  expect(error.message).toContain('reviewer takes at most 1024');
  expect(await listTopics(bench.root)).toEqual([]);
});

test('a repeat under a dedupe key is the first publish, with its subscribers', async () => {
  await subscribe(bench.as('reviewer'), 'x');
  const first = await publish(bench.root, 'x', { ...green, dedupeKey: 'k' });
  await subscribe(bench.as('Builder'), 'x');
  expect(await publish(bench.root, 'x', { ...green, dedupeKey: 'k' })).toEqual({ ...first, duplicate: true });
  await expectRefusal(publish(bench.root, 'y', { ...green, dedupeKey: 'k' }), 'DEDUPE_MISMATCH');
  expect((await showTopic(bench.root, 'x')).messages).toBe(1);
});

test('subscriptions that cannot be understood stop a publish, and doctor says so', async () => {
  await bench.root.store.saveDocument('subscriptions', () => ({ reviewer: 'build.*' }));
  const error = await refusal(publish(bench.root, 'x', green));
  expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
  expect(error.message).toContain('subscriptions.json');
  await expectRefusal(subscribe(bench.as('reviewer'), 'x'), 'CONFIG_INVALID');
  expect(await bench.root.store.loadDocument('subscriptions')).toEqual({ reviewer: 'build.*' });
  expect(await listed(doctor(bench.root))).toContain('subscriptions problem');
});

test('a list that was mended by hand sends nothing twice, and doctor says what reaches nobody', async () => {
  await bench.root.store.saveDocument('subscriptions', () => ({
    ...{ reviewer: ['build.*'], REVIEWER: ['build.>', 'Build.Done'], gone: ['x'] },
  }));
  expect(await publish(bench.root, 'build.done', green)).toMatchObject({ mailboxes: ['reviewer'], subscribers: 1 });
  expect(await listed(doctor(bench.root))).toEqual(['subscriptions problem', 'subscriptions warning']);
});

test('subscribing says what changed, and can be repeated', async () => {
  const root = bench.as('REVIEWER');
  const result = (pattern: string, subscribed: boolean, changed: boolean) => ({
    ...{ agent: 'reviewer', pattern, subscribed, changed },
  });
  expect(await subscribe(root, ['Build.*', 'x'])).toEqual([result('build.*', true, true), result('x', true, true)]);
  expect(await subscribe(root, ['build.*', 'y', 'y'])).toEqual([
    result('build.*', true, false),
    result('y', true, true),
    result('y', true, false),
  ]);
  expect(await unsubscribe(root, 'X')).toEqual([result('x', false, true)]);
  expect(await loadSubscriptions(root)).toEqual(new Map([['reviewer', ['build.*', 'y']]]));
});

test('of several patterns a bad or unknown one does not keep the others', async () => {
  const root = bench.as('reviewer');
  expect(await subscribe(root, ['a.>.b', 'build.*'])).toMatchObject([{ code: 'TOPIC_INVALID' }, { changed: true }]);
  const [unknown, done] = await unsubscribe(root, ['buidl.*', 'build.*']);
  expect(unknown).toMatchObject({ kind: 'not-found', code: 'SUBSCRIPTION_NOT_FOUND', hint: 'Did you mean "build.*"?' });
  expect(done).toMatchObject({ changed: true });
  expect(await loadSubscriptions(root)).toEqual(new Map());
  await expectRefusal(subscribe(bench.as(undefined), 'x'), 'USAGE');
  await expectRefusal(subscribe(bench.as('nobody'), 'x'), 'AGENT_NOT_FOUND');
});

test('an agent may be called like something that every object has', async () => {
  await registerAgent(bench.root, { name: 'constructor' });
  await subscribe(bench.as('constructor'), 'x');
  expect((await publish(bench.root, 'x', green)).mailboxes).toEqual(['constructor']);
  expect(await unsubscribe(bench.as('constructor'), 'x')).toMatchObject([{ changed: true }]);
});

test('show finds a published message with its subscribers and in its topic', async () => {
  await subscribe(bench.as('reviewer'), 'x');
  const { id } = await publish(bench.root, 'x', green);
  expect((await show(bench.root, id)).entries.map(({ mailbox }) => mailbox)).toEqual(['reviewer', '#x']);
  expect((await show(bench.root, id, { mailbox: 'reviewer' })).entries.map(({ mailbox }) => mailbox)).toEqual([
    'reviewer',
  ]);
  await expectRefusal(show(bench.root, id, { mailbox: 'Builder' }), 'MESSAGE_NOT_FOUND');
});

test('a cancelled publish is taken back from the subscribers, and stays in the log', async () => {
  await subscribe(bench.as('reviewer'), 'x');
  const { id } = await publish(bench.root, 'x', green);
  expect((await cancel(bench.root, id)).map(({ mailbox }) => mailbox)).toEqual(['reviewer']);
  expect((await showTopic(bench.root, 'x')).messages).toBe(1);
});

test('topics are listed with their messages, the last publish and who is subscribed', async () => {
  await subscribe(bench.as('reviewer'), ['b.*', 'b.>']);
  await publish(bench.root, 'b.c', green);
  bench.clock.advance(1000);
  const at = new Date(bench.clock.now()).toISOString();
  await publish(bench.root, 'b.c', { body: 'second' });
  await publish(bench.root, 'a', green);
  const b = { topic: 'b.c', messages: 2, lastPublishedAt: at };
  const subscribers = [{ agent: 'reviewer', patterns: ['b.*', 'b.>'] }];
  expect(await listTopics(bench.root)).toEqual([
    { topic: 'a', messages: 1, lastPublishedAt: at, subscribers: [] },
    { ...b, subscribers },
  ]);
  const shown = await showTopic(bench.root, 'B.C', { limit: 1 });
  expect(shown).toMatchObject({ ...b, subscribers, recent: [{ body: 'second' }] });
  const error = await refusal(showTopic(bench.root, 'b.d'));
  expect(error).toMatchObject({ kind: 'not-found', code: 'TOPIC_NOT_FOUND' });
  expect(error.hint).toContain('"b.c"');
});

test('pruning keeps what is younger than asked, or than the setting', async () => {
  for (const topic of ['b.c', 'b.d', 'a']) await publish(bench.root, topic, green);
  bench.clock.advance(3 * day);
  await publish(bench.root, 'b.c', green);
  expect(await pruneTopics(bench.root, 'b.*')).toMatchObject([{ topic: 'b.c', messages: 0 }, { messages: 0 }]);
  const dry = await pruneTopics(bench.root, ['b.*', 'b.c'], { olderThanMs: 2 * day, dryRun: true });
  expect(dry.map(({ topic, messages }) => `${topic} ${messages}`)).toEqual(['b.c 1', 'b.d 1']);
  await expectRefusal(pruneTopics(bench.root, ['b.*', 'none'], { olderThanMs: 0 }), 'TOPIC_NOT_FOUND');
  expect(await pruneTopics(bench.root, 'b.*', { olderThanMs: 2 * day })).toEqual(dry);
  const counts = async () => (await listTopics(bench.root)).map(({ topic, messages }) => `${topic} ${messages}`);
  expect(await counts()).toEqual(['a 1', 'b.c 1', 'b.d 0']);
  bench.clock.advance(5 * day);
  expect(await pruneTopic(bench.root, 'a')).toMatchObject({ topic: 'a', messages: 1 });
});

async function listed(findings: ReturnType<typeof doctor>): Promise<string[]> {
  return (await gather(findings)).map(({ rule, level }) => `${rule} ${level}`);
}
