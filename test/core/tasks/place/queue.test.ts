import { expect, test } from 'vitest';
import { registerAgent, retireAgent } from '../../../../src/core/agents/agents.ts';
import { pauseAgent, resumeAgent } from '../../../../src/core/agents/pause.ts';
import { deleteAgent } from '../../../../src/core/keep/delete-agent.ts';
import { renameAgent } from '../../../../src/core/keep/rename-agent.ts';
import { createTask } from '../../../../src/core/tasks/create.ts';
import { tend } from '../../../../src/core/tasks/keeper.ts';
import { retryTask } from '../../../../src/core/tasks/moves.ts';
import { nextTask } from '../../../../src/core/tasks/next.ts';
import { listQueues } from '../../../../src/core/tasks/place/queue.ts';
import { send } from '../../../../src/core/send/send.ts';
import { nack } from '../../../../src/core/take/settle.ts';
import { readNext } from '../../../../src/core/take/read.ts';
import { gather, refusal } from '../../rig.ts';
import { createTaskRig } from '../rig.ts';

test('tasks that ask for the same wait in the same queue, in whatever order they say it', async () => {
  const { root } = await createTaskRig();
  const one = await createTask(root, { title: 'one', requires: ['ts', 'docs', 'ts'] });
  const two = await createTask(root, { title: 'two', requires: ['docs', 'ts'] });
  expect([one.mailbox, two.mailbox]).toEqual(['task-pool.docs.ts', 'task-pool.docs.ts']);
  expect(await listQueues(root)).toEqual([{ name: 'task-pool.docs.ts', requires: ['docs', 'ts'], isPaused: false }]);
});

test('a set of capabilities too long for a name has a queue of its own, and is given only to who can all of it', async () => {
  const { root, comes } = await createTaskRig();
  const many = Array.from({ length: 200 }, (_, i) => `capability-number-${i}`).sort();
  await comes('ann', { capabilities: many.slice(1) });
  const task = await createTask(root, { title: 'all of it', requires: many });
  expect(task.mailbox).toMatch(/^task-pool\.x-[0-9a-f]{8}$/);
  expect(task.missing).toBe('somebody who can: capability-number-0');
  const all = await comes('all', { capabilities: many });
  expect(await nextTask(all)).toMatchObject({ id: task.id });
});

test('a capability that is named like the queue of others gets none of their tasks', async () => {
  const { root, comes } = await createTaskRig();
  const many = Array.from({ length: 20 }, (_, i) => `capability-${i}`).sort();
  const { mailbox } = await createTask(root, { title: 'all of it', requires: many });
  const capability = mailbox.slice('task-pool.'.length);
  const other = await createTask(root, { title: 'another', requires: [capability] });
  expect(other.mailbox).not.toBe(mailbox);
  const ann = await comes('ann', { capabilities: [capability] });
  expect(await nextTask(ann)).toMatchObject({ id: other.id });
  await expect(nextTask(ann)).rejects.toMatchObject({ code: 'LIMITED' });
});

test('no agent is called like a queue, and no queue becomes an agent or is called otherwise', async () => {
  const { root, comes } = await createTaskRig();
  await createTask(root, { title: 'work' });
  await comes('ann');
  for (const name of ['task-pool.ts', 'Task-Pool.x'])
    expect(await refusal(registerAgent(root, { name }))).toMatchObject({ code: 'NAME_INVALID' });
  expect(await refusal(renameAgent(root, 'ann', 'task-pool.ann'))).toMatchObject({ code: 'NAME_INVALID' });
  expect(await refusal(renameAgent(root, 'task-pool', 'later'))).toMatchObject({ code: 'USAGE' });
  expect(await refusal(registerAgent(root, { name: 'task-pool', kind: 'core' }))).toMatchObject({ code: 'USAGE' });
  const { card } = await registerAgent(root, { name: 'task-pool', settings: { lease: '1h' } });
  expect(card).toMatchObject({ kind: 'queue', settings: { lease: '1h' } });
});

test('from a paused queue nothing is given or taken until it is resumed', async () => {
  const { root, comes, stateOf } = await createTaskRig();
  const { id } = await createTask(root, { title: 'work' });
  await pauseAgent(root, 'task-pool');
  const ann = await comes('ann');
  expect(await tend(root)).toBe(0);
  expect(await nextTask(ann)).toBeUndefined();
  const later = await createTask(root, { title: 'later' });
  expect([await stateOf(id), later.state]).toEqual(['ready', 'ready']);
  await resumeAgent(root, 'task-pool');
  expect(await nextTask(ann)).toMatchObject({ id });
});

test('a deleted queue is made anew with the next task, and what was called off with it can be retried', async () => {
  const { root, comes, stateOf } = await createTaskRig();
  const { id } = await createTask(root, { title: 'work', requires: ['ts'] });
  await deleteAgent(root, 'task-pool.ts', { archive: true });
  expect(await stateOf(id)).toBe('cancelled');
  expect(await listQueues(root)).toEqual([]);
  expect(await retryTask(root, id)).toMatchObject({ state: 'ready', mailbox: 'task-pool.ts' });
  const ann = await comes('ann', { capabilities: ['ts'] });
  expect(await nextTask(ann)).toMatchObject({ id });
});

test('a retired queue takes no new tasks, and what is in it is done', async () => {
  const { root, comes } = await createTaskRig();
  const { id } = await createTask(root, { title: 'work' });
  await retireAgent(root, 'task-pool');
  expect(await refusal(createTask(root, { title: 'more' }))).toMatchObject({ code: 'AGENT_RETIRED' });
  expect(await nextTask(await comes('ann'))).toMatchObject({ id });
});

test('mail to everybody goes to no queue, and mail that was sent to one is no task', async () => {
  const { root, comes } = await createTaskRig();
  await createTask(root, { title: 'work', assign: false });
  const ann = await comes('ann');
  await send(root, { to: '@all', body: 'hello' });
  expect(await gather(root.store.look.list('task-pool', 'ready'))).toMatchObject([{ task: true }]);
  await send(root, { to: 'task-pool', body: 'hello', priority: 'urgent' });
  await tend(root);
  expect(await nextTask(ann)).toMatchObject({ title: 'work' });
});

test('a task that somebody has read from the queue itself comes back with its lease, and goes to who can do it', async () => {
  const { root, clock, comes, as, stateOf } = await createTaskRig();
  const { id } = await createTask(root, { title: 'work' });
  expect((await readNext(as('planner'), 'task-pool'))?.message.id).toBe(id);
  expect(await stateOf(id)).toBe('active');
  clock.advance(16 * 60_000);
  const ann = await comes('ann');
  expect(await nextTask(ann)).toMatchObject({ id, attempt: 2 });
});

test('a task that was given back to the queue rests there, and is taken when it has rested', async () => {
  const { root, clock, comes, stateOf } = await createTaskRig();
  const { id } = await createTask(root, { title: 'work' });
  const delivery = await readNext(root, 'task-pool');
  await nack(root, delivery?.receipt ?? '', { delayMs: 60_000 });
  expect(await stateOf(id)).toBe('ready');
  expect(await nextTask(await comes('ann'))).toBeUndefined();
  clock.advance(60_001);
  expect(await nextTask(await comes('ann'))).toMatchObject({ id });
});
