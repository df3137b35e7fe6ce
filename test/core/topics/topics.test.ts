import { beforeEach, expect, test } from 'vitest';
import { publish } from '../../../src/core/topics/publish.ts';
import { subscribe } from '../../../src/core/topics/subscriptions.ts';
import { listTopics, pruneTopic, pruneTopics, showTopic } from '../../../src/core/topics/topics.ts';
import { type CoreRig, createCoreRig, expectRefusal, refusal } from '../rig.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const day = 86_400_000;
const green = { body: 'green' };

test('topics are listed with their messages, the last publish and who is subscribed', async () => {
  await subscribe(rig.as('reviewer'), ['b.*', 'b.>']);
  await publish(rig.root, 'b.c', green);
  rig.clock.advance(1000);
  const at = new Date(rig.clock.now()).toISOString();
  await publish(rig.root, 'b.c', { body: 'second' });
  await publish(rig.root, 'a', green);
  const b = { topic: 'b.c', messages: 2, lastPublishedAt: at };
  const subscribers = [{ agent: 'reviewer', patterns: ['b.*', 'b.>'] }];
  expect(await listTopics(rig.root)).toEqual([
    { topic: 'a', messages: 1, lastPublishedAt: at, subscribers: [] },
    { ...b, subscribers },
  ]);
  const shown = await showTopic(rig.root, 'B.C', { limit: 1 });
  expect(shown).toMatchObject({ ...b, subscribers, recent: [{ body: 'second' }] });
  const error = await refusal(showTopic(rig.root, 'b.d'));
  expect(error).toMatchObject({ kind: 'not-found', code: 'TOPIC_NOT_FOUND' });
  expect(error.hint).toContain('"b.c"');
});

test('pruning keeps what is younger than asked, or than the setting', async () => {
  for (const topic of ['b.c', 'b.d', 'a']) await publish(rig.root, topic, green);
  rig.clock.advance(3 * day);
  await publish(rig.root, 'b.c', green);
  expect(await pruneTopics(rig.root, 'b.*')).toMatchObject([{ topic: 'b.c', messages: 0 }, { messages: 0 }]);
  const dry = await pruneTopics(rig.root, ['b.*', 'b.c'], { olderThanMs: 2 * day, dryRun: true });
  expect(dry.map(({ topic, messages }) => `${topic} ${messages}`)).toEqual(['b.c 1', 'b.d 1']);
  await expectRefusal(pruneTopics(rig.root, ['b.*', 'none'], { olderThanMs: 0 }), 'TOPIC_NOT_FOUND');
  expect(await pruneTopics(rig.root, 'b.*', { olderThanMs: 2 * day })).toEqual(dry);
  const counts = async () => (await listTopics(rig.root)).map(({ topic, messages }) => `${topic} ${messages}`);
  expect(await counts()).toEqual(['a 1', 'b.c 1', 'b.d 0']);
  rig.clock.advance(5 * day);
  expect(await pruneTopic(rig.root, 'a')).toMatchObject({ topic: 'a', messages: 1 });
});
