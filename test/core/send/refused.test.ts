import { beforeEach, expect, test } from 'vitest';
import { registerAgent, retireAgent } from '../../../src/core/agents/agents.ts';
import { renameAgent } from '../../../src/core/keep/rename-agent.ts';
import { status } from '../../../src/core/look/status.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { subscribe } from '../../../src/core/topics/subscriptions.ts';
import { preview, send, sendAll } from '../../../src/core/send/send.ts';
import { type CoreRig, createCoreRig, expectRefusal } from '../rig.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const refused = async (name = 'reviewer') => (await status(rig.root, [name]))[0]?.refused;
const limit = (settings: object) => registerAgent(rig.root, { name: 'reviewer', settings });

test('a full mailbox counts each send that it refuses, once, of send, sendAll and publish', async () => {
  await limit({ maxMessages: 1 });
  await send(rig.root, { to: 'reviewer', body: 'x' });
  expect(await refused()).toBeUndefined();
  await expectRefusal(send(rig.root, { to: 'reviewer', body: 'x' }), 'MAILBOX_FULL');
  expect(await refused()).toMatchObject({ count: 1, code: 'MAILBOX_FULL' });
  rig.clock.advance(2000);
  await sendAll(rig.root, [
    { to: 'reviewer', body: '1' },
    { to: 'Builder', body: '2' },
    { to: 'reviewer', body: '3' },
  ]);
  await subscribe({ ...rig.root, acting: 'reviewer' }, 'news');
  await expectRefusal(publish(rig.root, 'news', { body: 'x' }), 'MAILBOX_FULL');
  const told = await refused();
  expect(told).toMatchObject({ count: 4, lastAt: new Date(rig.clock.now()).toISOString() });
  expect(told?.reason).toContain('reviewer is full');
  expect(await refused('Builder')).toBeUndefined();
});

test('what is too large, or goes to who has retired or to a former name, is counted by that mailbox', async () => {
  await limit({ maxMessageBytes: 1024 });
  await expectRefusal(send(rig.root, { to: 'reviewer', body: 'x'.repeat(1025) }), 'MESSAGE_TOO_LARGE');
  expect(await refused()).toMatchObject({ count: 1, code: 'MESSAGE_TOO_LARGE' });
  await retireAgent(rig.root, 'reviewer');
  await expectRefusal(send(rig.root, { to: 'reviewer', body: 'x' }), 'AGENT_RETIRED');
  expect(await refused()).toMatchObject({ count: 2, code: 'AGENT_RETIRED' });
  await renameAgent(rig.root, 'Builder', 'Mason');
  await expectRefusal(send(rig.root, { to: 'Builder', body: 'x' }), 'AGENT_NOT_FOUND');
  expect(await refused('Mason')).toMatchObject({ count: 1, code: 'AGENT_NOT_FOUND' });
});

test('a look at who would get it, and a draft that no mailbox would take, count nowhere', async () => {
  await retireAgent(rig.root, 'reviewer');
  await expectRefusal(preview(rig.root, { to: 'reviewer', body: 'x' }), 'AGENT_RETIRED');
  await expectRefusal(send(rig.root, { to: 'Builder', body: '' }), 'BODY_EMPTY');
  await expectRefusal(send(rig.root, { to: 'nobody', body: 'x' }), 'AGENT_NOT_FOUND');
  for (const { refused: count } of await status(rig.root)) expect(count).toBeUndefined();
});
