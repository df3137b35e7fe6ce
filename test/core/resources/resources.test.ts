import { beforeEach, expect, test } from 'vitest';
import { registerAgent } from '../../../src/core/agents/agents.ts';
import { showResources } from '../../../src/core/resources/resources.ts';
import { send, sendAll } from '../../../src/core/send/send.ts';
import { ack } from '../../../src/core/take/settle.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { messageOf } from '../../storage/contract/rig.ts';
import { changeAgentIn } from '../../storage/contract/ways.ts';
import { type CoreRig, createCoreRig, expectRefusal, must } from '../rig.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

test('of an agent without limits it is what its mailbox holds, and that it may have one task', async () => {
  await send(rig.root, { to: 'reviewer', body: 'x' });
  const [one, ...more] = await showResources(rig.root, 'REVIEWER');
  expect(more).toEqual([]);
  expect(one).toEqual({
    agent: 'reviewer',
    tasks: { limit: 1, used: 0 },
    sends: { limit: null, used: null },
    messages: { limit: null, used: 1 },
    bytes: { limit: null, used: (await rig.root.store.look.load('reviewer')).bytes },
  });
});

test('of limits it is what is used of them, and when the next message may go', async () => {
  await registerAgent(rig.root, { name: 'planner', settings: { sendRate: 2, maxMessages: 5, maxBytes: 9000 } });
  await send(rig.root, { to: 'planner', from: 'reviewer', body: 'x' });
  await send(rig.root, { to: 'reviewer', body: 'x' });
  const [half] = await showResources(rig.root, 'planner');
  expect(half).toMatchObject({ sends: { limit: 2, used: 1 }, messages: { limit: 5, used: 1 }, bytes: { limit: 9000 } });
  expect(half?.sends).not.toHaveProperty('nextAt');
  expect(half).not.toHaveProperty('refused');
  await sendAll(rig.root, [
    { to: 'reviewer', body: 'x' },
    { to: 'reviewer', body: 'y' },
  ]);
  const [full] = await showResources(rig.root, 'planner');
  expect(full).toMatchObject({
    sends: { limit: 2, used: 2, nextAt: '2026-11-20T09:00:30.000Z' },
    refused: { count: 1, lastAt: '2026-11-20T09:00:00.000Z', code: 'LIMITED' },
  });
  rig.clock.advance(30_000);
  expect((await showResources(rig.root, 'planner'))[0]?.sends).toEqual({ limit: 2, used: 1 });
});

test('a task counts from its assignment until it is done, and other mail never', async () => {
  await changeAgentIn(rig.root.store, 'reviewer', (card) => ({ ...must(card), maxTasks: 3 }));
  const task = messageOf(rig.root.ids, rig.clock.now(), { to: ['reviewer'], task: {} });
  const later = messageOf(rig.root.ids, rig.clock.now(), { to: ['reviewer'], task: {} });
  await rig.root.store.mail.send(
    [
      { message: task, mailboxes: ['reviewer'] },
      { message: later, mailboxes: ['reviewer'], dueAt: rig.clock.now() + 1000 },
    ],
    { durability: 'full' },
  );
  await send(rig.root, { to: 'reviewer', body: 'x' });
  const tasks = async () => (await showResources(rig.root, 'reviewer'))[0]?.tasks;
  expect(await tasks()).toEqual({ limit: 3, used: 2 });
  const { receipt } = must(await readNext(rig.root, 'reviewer', { filter: { task: true } }));
  expect(await tasks()).toEqual({ limit: 3, used: 2 });
  await ack(rig.root, receipt);
  expect(await tasks()).toEqual({ limit: 3, used: 1 });
});

test('without a name it is of every agent, and of no mailbox of tasks', async () => {
  await changeAgentIn(rig.root.store, 'task-pool', () => ({ name: 'task-pool', createdAt: '', kind: 'queue' }));
  expect((await showResources(rig.root)).map(({ agent }) => agent)).toEqual(['Builder', 'planner', 'reviewer']);
  await expectRefusal(showResources(rig.root, 'nobody'), 'AGENT_NOT_FOUND');
});
