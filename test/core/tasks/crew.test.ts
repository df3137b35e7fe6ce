import { expect, test } from 'vitest';
import { registerAgent, retireAgent } from '../../../src/core/agents/agents.ts';
import { heartbeat } from '../../../src/core/agents/heartbeat.ts';
import { pauseAgent } from '../../../src/core/agents/pause.ts';
import { assignTask, explainTask } from '../../../src/core/tasks/assign.ts';
import { createTask } from '../../../src/core/tasks/create.ts';
import { lookAtCrew } from '../../../src/core/tasks/crew.ts';
import { doneTask } from '../../../src/core/tasks/moves.ts';
import { acceptTask, nextTask } from '../../../src/core/tasks/next.ts';
import { refusal } from '../rig.ts';
import { createTaskRig, goneMs, liesWith, watched } from './rig.ts';

test('a task goes to the least loaded of who can do it, is there and has room', async () => {
  const { root, comes } = await createTaskRig();
  await comes('ann', { capabilities: ['ts'], maxTasks: 2 });
  await comes('bob', { capabilities: ['ts'], maxTasks: 4 });
  await comes('cy', { capabilities: ['docs'], maxTasks: 9 });
  const given: (string | undefined)[] = [];
  for (let i = 0; i < 7; i++) given.push((await createTask(root, { title: `${i}`, requires: ['ts'] })).assignee);
  // Of equals the first by name; then by how much of their room is free.
  expect(given).toEqual(['ann', 'bob', 'bob', 'ann', 'bob', 'bob', undefined]);
});

test('of who is loaded the same, the task goes to who is idle for the longest', async () => {
  const { root, clock, comes } = await createTaskRig();
  await comes('bob');
  clock.advance(500);
  await comes('ann');
  expect(await createTask(root, { title: 'work' })).toMatchObject({ assignee: 'bob' });
});

test('who skills say it, by their ids and tags, can do it', async () => {
  const { root, comes } = await createTaskRig();
  await registerAgent(root, {
    name: 'ann',
    card: { skills: [{ id: 'Review', name: 'Reviews', description: 'Reviews.', tags: ['TS'] }] },
  });
  await comes('ann');
  expect(await createTask(root, { title: 'work', requires: ['review', 'ts'] })).toMatchObject({ assignee: 'ann' });
});

test('explain says of each who is chosen, and why the others are passed over', async () => {
  const { root, clock, comes } = await createTaskRig();
  for (const name of ['gone', 'late']) await comes(name);
  clock.advance(goneMs - 3000);
  await heartbeat(root, 'late');
  clock.advance(3000);
  await comes('free');
  await comes('full');
  await comes('paused');
  await comes('old');
  await pauseAgent(root, 'paused');
  await retireAgent(root, 'old');
  const { id } = await createTask(root, { title: 'one', assign: false });
  await assignTask(root, (await createTask(root, { title: 'two', assign: false })).id, 'full');
  const all = await explainTask(root, id);
  expect(all[0]).toMatchObject({ agent: 'free', chosen: true, state: 'ready', tasks: 0, maxTasks: 1, score: 1 });
  const whys = Object.fromEntries(all.slice(1).map(({ agent, why, chosen }) => [agent, chosen ?? why]));
  expect(whys).toEqual({
    gone: 'gone',
    late: 'late',
    full: 'has 1 of 1 tasks',
    paused: 'paused',
    planner: 'never said that it is there',
    reviewer: 'never said that it is there',
    Builder: 'never said that it is there',
  });
  const { id: hard } = await createTask(root, { title: 'hard', requires: ['ts'] });
  for (const { why } of await explainTask(root, hard)) expect(why).toBe('lacks ts');
});

test('what nobody can take says what is missing: room, then who is there, then who can', async () => {
  const { root, comes } = await createTaskRig();
  const missing = async (...requires: string[]): Promise<string | undefined> =>
    (await lookAtCrew(root)).missing(requires);
  expect(await missing('ts')).toBe('somebody who can: ts');
  await registerAgent(root, { name: 'ann', capabilities: ['ts'] });
  await registerAgent(root, { name: 'bob', capabilities: ['docs'] });
  expect(await missing('ts')).toBe('somebody who is there: ann is not started');
  expect(await missing('docs', 'ts')).toBe('one agent who has all of: docs, ts');
  const ann = await comes('ann', { capabilities: ['ts'] });
  expect(await missing('ts')).toBeUndefined();
  const { id } = await createTask(root, { title: 'work', requires: ['ts'] });
  expect(await missing('ts')).toBe('room: ann has enough to do');
  await nextTask(ann);
  await doneTask(ann, id);
  expect(await missing('ts')).toBeUndefined();
  await pauseAgent(root, 'ann');
  expect(await missing('ts')).toBe('somebody who is there: ann is paused');
});

test('who gives at the same moment never gives more than there is room for', async () => {
  const { root, as, census, comes } = await createTaskRig();
  await comes('ann', { maxTasks: 2 });
  const all: string[] = [];
  for (let i = 0; i < 6; i++) all.push((await createTask(root, { title: `${i}`, assign: false })).id);
  const results = await Promise.allSettled([
    ...all.map((id) => assignTask(as('planner'), id)),
    ...all.map((id) => assignTask(as('reviewer'), id, 'ann')),
    ...[1, 2, 3].map(() => nextTask(as('ann'))),
    ...all.map((id) => acceptTask(as('ann'), id)),
  ]);
  for (const one of results)
    if (one.status === 'rejected')
      expect((one.reason as { code: string }).code).toMatch(/^(LIMITED|STATE_CHANGED|TASK_STATE)$/);
  expect(liesWith(await census(), 'ann')).toHaveLength(2);
});

test('of two who ask for the next task at once each gets another one, or one gets none', async () => {
  const { root, as, comes } = await createTaskRig();
  for (const name of ['ann', 'bob']) await comes(name);
  const first = await createTask(root, { title: 'only one', assign: false });
  const got = await Promise.all(['ann', 'bob', 'ann', 'bob'].map((name) => nextTask(as(name))));
  expect(got.flatMap((one) => one?.id ?? [])).toEqual([first.id]);
});

test('who has lost the lock to another one gives nothing, because he has counted what was true before', async () => {
  const { root, census, comes } = await createTaskRig();
  await comes('ann');
  const { id } = await createTask(root, { title: 'work', assign: false });
  const { documents } = root.store;
  const paused: typeof documents.withLock = (name, work) =>
    documents.withLock(name, () => work({ isHeld: () => false }));
  const late = { ...root, store: { ...root.store, documents: { ...documents, withLock: paused } } };
  expect(await refusal(assignTask(late, id, 'ann'))).toMatchObject({ code: 'STATE_CHANGED' });
  expect(liesWith(await census(), 'ann')).toEqual([]);
});

test('a task that is assigned anew stays with who has it, if nobody is better', async () => {
  const { root, comes } = await createTaskRig();
  await comes('ann', { maxTasks: 5 });
  const { id } = await createTask(root, { title: 'work' });
  expect(await assignTask(root, id)).toMatchObject({ state: 'assigned', assignee: 'ann' });
  await comes('bob');
  expect(await assignTask(root, id)).toMatchObject({ state: 'assigned', assignee: 'bob' });
});

test('who is retired gets no new task, and ends what he has', async () => {
  const { root, comes } = await createTaskRig();
  const ann = await comes('ann');
  const mine = await createTask(root, { title: 'mine' });
  const { id } = await createTask(root, { title: 'later' });
  await retireAgent(root, 'ann');
  expect(await nextTask(ann)).toMatchObject({ id: mine.id });
  await doneTask(ann, mine.id);
  expect(await nextTask(ann)).toBeUndefined();
  expect(await refusal(acceptTask(ann, id))).toMatchObject({ code: 'AGENT_RETIRED' });
  expect(await refusal(assignTask(root, id, 'ann'))).toMatchObject({ code: 'AGENT_RETIRED' });
});

test('a task that moves while it is taken is taken by nobody twice', async () => {
  for (let at = 1; at <= 3; at++) {
    const { root, as, census, comes } = await createTaskRig();
    const ann = await comes('ann');
    await comes('bob');
    const { id } = await createTask(root, { title: 'work', assign: false });
    const taker = watched(ann, async (call) => {
      if (call === at) await assignTask(as('planner'), id, 'bob').catch(() => undefined);
    });
    const taken = await nextTask(taker);
    const [{ mailbox } = { mailbox: '' }, ...more] = await census();
    expect(more).toEqual([]);
    expect(mailbox).toBe(taken ? 'ann' : 'bob');
  }
});
