import { beforeEach, expect, test } from 'vitest';
import { registerAgent, retireAgent } from '../../../src/core/agents/agents.ts';
import { cancel } from '../../../src/core/keep/cancel.ts';
import { doctor } from '../../../src/core/keep/doctor.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { reply } from '../../../src/core/send/reply.ts';
import { purgeDead } from '../../../src/core/keep/dlq.ts';
import { ack, nack } from '../../../src/core/take/settle.ts';
import { show } from '../../../src/core/look/show.ts';
import { loadSubscriptions, subscribe } from '../../../src/core/topics/subscriptions.ts';
import { listTopics, showTopic } from '../../../src/core/topics/topics.ts';
import { type CoreRig, createCoreRig, expectRefusal, gather, must, refusal } from '../rig.ts';
import { changeIn, documentIn } from '../../storage/contract/ways.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const green = { body: 'green' };

test('a publish reaches each subscriber once, whatever many patterns match, and the log', async () => {
  await subscribe(rig.as('reviewer'), ['build.*', 'BUILD.>', 'deploy.done']);
  await subscribe(rig.as('Builder'), 'test.>');
  const sent = await publish(rig.root, 'Build.Done', { ...green, subject: 'CI', tags: ['x'] });
  expect(sent).toMatchObject({ topic: 'build.done', mailboxes: ['reviewer'], subscribers: 1, durability: 'full' });
  const delivery = must(await readNext(rig.as('reviewer'), 'reviewer'));
  expect(delivery.message).toMatchObject({ id: sent.id, to: [], topic: 'build.done', from: 'planner', subject: 'CI' });
  expect(await readNext(rig.root, 'reviewer')).toBeUndefined();
  expect(await readNext(rig.root, 'Builder')).toBeUndefined();
  expect((await reply(rig.as('reviewer'), delivery.receipt, { body: 'thanks' })).to).toEqual(['planner']);
});

test('without a subscriber it is in the log alone, and a later subscriber does not get it', async () => {
  const { id, ...sent } = await publish(rig.root, 'build.done', green);
  expect(sent).toMatchObject({ mailboxes: [], subscribers: 0 });
  await subscribe(rig.as('reviewer'), '>');
  expect(await readNext(rig.root, 'reviewer')).toBeUndefined();
  const shown = await show(rig.root, id);
  expect(shown.entries).toMatchObject([{ mailbox: '#build.done', state: 'archived' }]);
});

test('one full subscriber keeps it from everybody and from the log, unless there is room in time', async () => {
  await subscribe(rig.as('reviewer'), 'build.*');
  await subscribe(rig.as('Builder'), 'build.*');
  await registerAgent(rig.root, { name: 'reviewer', settings: { maxMessages: 1 } });
  await publish(rig.root, 'build.done', green);
  await expectRefusal(publish(rig.root, 'build.done', green), 'MAILBOX_FULL');
  expect((await rig.root.store.look.counts('Builder')).ready).toBe(1);
  expect((await rig.root.store.look.counts('#build.done')).archived).toBe(1);
  const waiting = publish(rig.root, 'build.done', green, { waitMs: 60_000 });
  await ack(rig.root, must(await readNext(rig.root, 'reviewer')).receipt);
  expect((await waiting).mailboxes).toEqual(['reviewer', 'Builder']);
});

test('who publishes and is subscribed gets it, too', async () => {
  await subscribe(rig.root, 'build.done');
  expect((await publish(rig.root, 'build.done', green)).mailboxes).toEqual(['planner']);
});

test('who has retired is left out, and is back when registered again', async () => {
  await subscribe(rig.as('reviewer'), 'build.done');
  await retireAgent(rig.root, 'reviewer');
  expect((await publish(rig.root, 'build.done', green)).subscribers).toBe(0);
  await expectRefusal(subscribe(rig.as('reviewer'), 'x'), 'AGENT_RETIRED');
  expect((await listTopics(rig.root))[0]?.subscribers).toEqual([]);
  await registerAgent(rig.root, { name: 'reviewer' });
  expect((await publish(rig.root, 'build.done', green)).mailboxes).toEqual(['reviewer']);
  expect(await loadSubscriptions(rig.root)).toEqual(new Map([['reviewer', ['build.done']]]));
});

test('a subscriber that is no agent any more is told of, and the others get it', async () => {
  await subscribe(rig.as('reviewer'), '>');
  await subscribe(rig.as('Builder'), '>');
  rig.mail.agents.delete('builder');
  expect((await publish(rig.root, 'x', green)).mailboxes).toEqual(['reviewer']);
  expect(rig.warnings.join()).toContain('Builder is subscribed to x, but there is no such agent');
});

test('what send refuses, publish refuses, and nothing is sent', async () => {
  await subscribe(rig.as('reviewer'), 'x');
  await expectRefusal(publish(rig.root, 'x y', green), 'TOPIC_INVALID');
  await expectRefusal(publish(rig.root, 'x.*', green), 'TOPIC_INVALID');
  await expectRefusal(publish(rig.root, 'x', { body: '' }), 'BODY_EMPTY');
  await expectRefusal(publish(rig.as(undefined), 'x', green), 'USAGE');
  await expectRefusal(publish(rig.root, 'y', { body: 'x'.repeat(1_100_000) }), 'MESSAGE_TOO_LARGE');
  await registerAgent(rig.root, { name: 'reviewer', settings: { maxMessageBytes: 1024 } });
  const error = await refusal(publish(rig.root, 'x', { body: 'x'.repeat(2000) }));
  expect(error.message).toContain('reviewer takes at most 1024');
  expect(await listTopics(rig.root)).toEqual([]);
});

test('a repeat under a dedupe key is the first publish, with its subscribers', async () => {
  await subscribe(rig.as('reviewer'), 'x');
  const first = await publish(rig.root, 'x', { ...green, dedupeKey: 'k' });
  await subscribe(rig.as('Builder'), 'x');
  const states = [{ mailbox: 'reviewer', state: 'ready' }];
  expect(await publish(rig.root, 'x', { ...green, dedupeKey: 'k' })).toEqual({ ...first, duplicate: true, states });
  await expectRefusal(publish(rig.root, 'y', { ...green, dedupeKey: 'k' }), 'DEDUPE_MISMATCH');
  const long = { body: 'x'.repeat(1025), dedupeKey: 'long' };
  await publish(rig.root, 'x', long);
  await registerAgent(rig.root, { name: 'Builder', settings: { maxMessageBytes: 1024 } });
  rig.clock.advance(1000);
  expect(await publish(rig.root, 'x', long)).toMatchObject({ mailboxes: ['Builder', 'reviewer'], duplicate: true });
  await expectRefusal(publish(rig.root, 'x', { ...long, dedupeKey: 'other' }), 'MESSAGE_TOO_LARGE');
  expect((await showTopic(rig.root, 'x')).messages).toBe(2);
});

test('its subscribers are those of the first also when one of them has purged it', async () => {
  await subscribe(rig.as('reviewer'), 'x');
  await subscribe(rig.as('Builder'), 'x');
  const { id } = await publish(rig.root, 'x', { ...green, dedupeKey: 'k' });
  await nack(rig.root, must(await readNext(rig.root, 'reviewer')).receipt, { dead: true });
  await purgeDead(rig.root, 'reviewer', [id]);
  expect(await publish(rig.root, 'x', { ...green, dedupeKey: 'k' })).toMatchObject({
    mailboxes: ['Builder', 'reviewer'],
    states: [
      { mailbox: 'Builder', state: 'ready' },
      { mailbox: 'reviewer', state: 'gone' },
    ],
  });
});

test('subscriptions that cannot be understood stop a publish, and doctor says so', async () => {
  await changeIn(rig.root.store, 'subscriptions', () => ({ reviewer: 'build.*' }));
  const error = await refusal(publish(rig.root, 'x', green));
  expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
  expect(error.message).toContain('subscriptions.json');
  await expectRefusal(subscribe(rig.as('reviewer'), 'x'), 'CONFIG_INVALID');
  expect(await documentIn(rig.root.store, 'subscriptions')).toEqual({ reviewer: 'build.*' });
  expect(await listed(doctor(rig.root))).toContain('subscriptions problem');
});

test('a list that was mended by hand sends nothing twice, and doctor says what reaches nobody', async () => {
  await changeIn(rig.root.store, 'subscriptions', () => ({
    ...{ reviewer: ['build.*'], REVIEWER: ['build.>', 'Build.Done'], gone: ['x'] },
  }));
  expect(await publish(rig.root, 'build.done', green)).toMatchObject({ mailboxes: ['reviewer'], subscribers: 1 });
  expect(await listed(doctor(rig.root))).toEqual(['subscriptions problem', 'subscriptions warning']);
});

test('show finds a published message with its subscribers and in its topic', async () => {
  await subscribe(rig.as('reviewer'), 'x');
  const { id } = await publish(rig.root, 'x', green);
  expect((await show(rig.root, id)).entries.map(({ mailbox }) => mailbox)).toEqual(['reviewer', '#x']);
  expect((await show(rig.root, id, { mailbox: 'reviewer' })).entries.map(({ mailbox }) => mailbox)).toEqual([
    'reviewer',
  ]);
  await expectRefusal(show(rig.root, id, { mailbox: 'Builder' }), 'MESSAGE_NOT_FOUND');
});

test('a cancelled publish is taken back from the subscribers, and stays in the log', async () => {
  await subscribe(rig.as('reviewer'), 'x');
  const { id } = await publish(rig.root, 'x', green);
  expect((await cancel(rig.root, id)).map(({ mailbox }) => mailbox)).toEqual(['reviewer']);
  expect((await showTopic(rig.root, 'x')).messages).toBe(1);
});

async function listed(findings: ReturnType<typeof doctor>): Promise<string[]> {
  return (await gather(findings)).map(({ rule, level }) => `${rule} ${level}`);
}
