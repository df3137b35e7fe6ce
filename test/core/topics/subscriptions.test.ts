import { beforeEach, expect, test } from 'vitest';
import { registerAgent } from '../../../src/core/agents/agents.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { loadSubscriptions, subscribe, unsubscribe } from '../../../src/core/topics/subscriptions.ts';
import { type CoreRig, createCoreRig, expectRefusal } from '../rig.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const green = { body: 'green' };

test('subscribing says what changed, and can be repeated', async () => {
  const root = rig.as('REVIEWER');
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
  const root = rig.as('reviewer');
  expect(await subscribe(root, ['a.>.b', 'build.*'])).toMatchObject([{ code: 'TOPIC_INVALID' }, { changed: true }]);
  const [unknown, done] = await unsubscribe(root, ['buidl.*', 'build.*']);
  expect(unknown).toMatchObject({ kind: 'not-found', code: 'SUBSCRIPTION_NOT_FOUND', hint: 'Did you mean "build.*"?' });
  expect(done).toMatchObject({ changed: true });
  expect(await loadSubscriptions(root)).toEqual(new Map());
  await expectRefusal(subscribe(rig.as(undefined), 'x'), 'USAGE');
  await expectRefusal(subscribe(rig.as('nobody'), 'x'), 'AGENT_NOT_FOUND');
});

test('an agent may be called like something that every object has', async () => {
  await registerAgent(rig.root, { name: 'constructor' });
  await subscribe(rig.as('constructor'), 'x');
  expect((await publish(rig.root, 'x', green)).mailboxes).toEqual(['constructor']);
  expect(await unsubscribe(rig.as('constructor'), 'x')).toMatchObject([{ changed: true }]);
});
