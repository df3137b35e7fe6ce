import { beforeEach, expect, test } from 'vitest';
import { registerAgent } from '../../../../src/core/agents/agents.ts';
import { heartbeat } from '../../../../src/core/agents/heartbeat.ts';
import type { Session } from '../../../../src/core/root/root.ts';
import { createTask } from '../../../../src/core/tasks/create.ts';
import { listTasks } from '../../../../src/core/tasks/list.ts';
import { type BatchTask, createTasks } from '../../../../src/core/tasks/many/batch.ts';
import { doneTask } from '../../../../src/core/tasks/moves.ts';
import { nextTask } from '../../../../src/core/tasks/next.ts';
import { tend } from '../../../../src/core/tasks/keeper.ts';
import type { ErrorCode } from '../../../../src/model/errors.ts';
import type { TaskState } from '../../../../src/model/state.ts';
import { type CoreRig, createCoreRig, expectRefusal, gather } from '../../rig.ts';

let rig: CoreRig;
let root: Session;

beforeEach(async () => {
  rig = await createCoreRig();
  root = rig.root;
});

async function worker(name: string, maxTasks = 1, capabilities: string[] = []): Promise<void> {
  await registerAgent(root, { name, maxTasks, capabilities });
  await heartbeat(root, name, { status: 'idle' });
}

async function titles(states?: TaskState[]): Promise<string[]> {
  return (await gather(listTasks(root, states ? { states } : {}))).map(({ title }) => title).sort();
}

/** Does all that one agent can do, in the order in which it comes. */
async function workOff(name: string): Promise<string[]> {
  const done: string[] = [];
  for (;;) {
    const task = await nextTask(rig.as(name));
    if (!task) return done;
    done.push(task.title);
    await doneTask(rig.as(name), task.id);
  }
}

const diamond: BatchTask[] = [
  { key: 'join', title: 'join', dependsOn: ['left', 'right'], parent: 'all' },
  { key: 'left', title: 'left', dependsOn: ['fork'], parent: 'all' },
  { key: 'right', title: 'right', dependsOn: ['fork'], parent: 'all' },
  { key: 'fork', title: 'fork', parent: 'all' },
  { key: 'all', title: 'all', dependsOn: ['join'] },
];

test('tasks of a batch name each other by keys, before them and behind, and are done in an order that fits', async () => {
  await worker('ann');
  const made = await createTasks(root, diamond);
  const idOf = new Map(made.map(({ key, id }) => [key, id]));
  expect(made.map(({ key, state, assignee, waitsFor }) => ({ key, state, assignee, waitsFor }))).toEqual([
    { key: 'join', state: 'blocked', waitsFor: [idOf.get('left'), idOf.get('right')] },
    { key: 'left', state: 'blocked', waitsFor: [idOf.get('fork')] },
    { key: 'right', state: 'blocked', waitsFor: [idOf.get('fork')] },
    { key: 'fork', state: 'assigned', assignee: 'ann' },
    { key: 'all', state: 'blocked', waitsFor: [idOf.get('join')] },
  ]);
  for await (const { title, parent } of listTasks(root))
    expect(parent).toBe(title === 'all' ? undefined : idOf.get('all'));
  const [first, ...rest] = await workOff('ann');
  expect([first, ...rest.slice(0, 2).sort(), ...rest.slice(2)]).toEqual(['fork', 'left', 'right', 'join', 'all']);
  expect(await root.store.documents.list('pending')).toEqual([]);
  expect(rig.warnings).toEqual([]);
});

test('the most urgent of a batch goes to who has room, and of the others it is said what is missing', async () => {
  await worker('ann', 1, ['ts']);
  const made = await createTasks(root, [
    { title: 'low', priority: 'low' },
    { title: 'urgent', priority: 'urgent', requires: ['ts'] },
    { title: 'gpu', requires: ['gpu'] },
    { title: 'kept', assign: false, priority: 'urgent' },
  ]);
  expect(made).toMatchObject([
    { title: 'low', state: 'ready', missing: 'room: ann has enough to do' },
    { title: 'urgent', state: 'assigned', assignee: 'ann' },
    { title: 'gpu', state: 'ready', mailbox: 'task-pool.gpu', missing: 'somebody who can: gpu' },
    { title: 'kept', state: 'ready' },
  ]);
  expect(made[3]).not.toHaveProperty('missing');
});

test('a task of a batch may wait for one that is there, and does not when that is done', async () => {
  const there = await createTask(root, { title: 'there' });
  const [after] = await createTasks(root, [{ title: 'after', dependsOn: [there.id.slice(-6)], parent: there.id }]);
  expect(after).toMatchObject({ state: 'blocked', waitsFor: [there.id] });
  await worker('ann', 2);
  expect(await workOff('ann')).toEqual(['there', 'after']);
  expect(await createTasks(root, [{ title: 'late', dependsOn: [there.id] }])).toMatchObject([
    { title: 'late', state: 'assigned' },
  ]);
});

test.for<[string, BatchTask[], ErrorCode, RegExp]>([
  ['has no title', [{ title: 'a' }, { title: ' ' }], 'MESSAGE_INVALID', /^Task 2: A task needs a title/],
  ['has an odd field', [{ title: 'a', titel: 'b' } as never], 'MESSAGE_INVALID', /^Task 1: "titel" is not a field/],
  ['is no object', [{ title: 'a' }, 7 as never], 'MESSAGE_INVALID', /^Task 2: This is no task/],
  ['asks for no capability', [{ title: 'a', requires: ['A B'] }], 'MESSAGE_INVALID', /^Task 1: "A B" is no capability/],
  ['has an odd priority', [{ title: 'a', priority: 'x' as never }], 'MESSAGE_INVALID', /^Task 1: "priority" has to be/],
  [
    'has the key of another',
    [
      { title: 'a', key: 'k' },
      { title: 'b', key: 'k' },
    ],
    'MESSAGE_INVALID',
    /^Task 2: Task 1/,
  ],
  ['waits for what is not there', [{ title: 'a', dependsOn: ['nowhere'] }], 'MESSAGE_NOT_FOUND', /^Task 1: /],
  [
    'has too long a title',
    [{ title: 'a' }, { title: 'b'.repeat(201) }],
    'MESSAGE_INVALID',
    /^Task 2: The title has 201 characters/,
  ],
  [
    'waits for itself',
    [
      { title: 'a', key: 'a', dependsOn: ['c'] },
      { title: 'b', key: 'b', dependsOn: ['a'] },
      { title: 'c', key: 'c', dependsOn: ['b'] },
    ],
    'TASK_CYCLE',
    /wait for each other: a -> c -> b -> a/,
  ],
  [
    'is a part of itself',
    [
      { title: 'a', key: 'a', parent: 'b' },
      { title: 'b', key: 'b', parent: 'a' },
    ],
    'TASK_CYCLE',
    /parts of each other: a -> b -> a/,
  ],
])('nothing of a batch is made if a task %s', async ([, batch, code, message]) => {
  await expectRefusal(createTasks(root, batch), code);
  await expect(createTasks(root, batch)).rejects.toThrow(message);
  expect(await titles()).toEqual([]);
  expect(await root.store.documents.listAgents('task-pool')).toEqual([]);
});

test('a batch under a dedupe key is made once', async () => {
  const first = await createTasks(root, diamond, { dedupeKey: 'd' });
  const again = await createTasks(root, diamond.toReversed(), { dedupeKey: 'd' });
  expect(again.map(({ id, duplicate }) => ({ id, duplicate }))).toEqual(
    first.toReversed().map(({ id }) => ({ id, duplicate: true })),
  );
  expect((await titles()).length).toBe(5);
  await createTasks(root, diamond, { dedupeKey: 'e' });
  expect((await titles()).length).toBe(10);
});

test('a line with a dedupe key of its own is made once in any batch, also when it is done', async () => {
  await worker('ann');
  const [first] = await createTasks(root, [{ title: 'once', dedupeKey: 'k' }]);
  await workOff('ann');
  const again = await createTasks(root, [{ title: 'new' }, { title: 'once', dedupeKey: 'k' }]);
  expect(again).toMatchObject([{ title: 'new' }, { id: first?.id, state: 'done', duplicate: true }]);
  expect(await createTasks(rig.as('reviewer'), [{ title: 'once', dedupeKey: 'k' }])).not.toMatchObject([
    { duplicate: true },
  ]);
});

test('what was made of a batch before its maker died is completed by making it again', async () => {
  const send = root.store.mail.send.bind(root.store.mail);
  // Dies behind its first send: of two that can be made at once the first one.
  root.store.mail.send = async (outgoing, how) => {
    root.store.mail.send = send;
    await send(outgoing.slice(0, 1), how);
    throw new Error('killed');
  };
  const batch: BatchTask[] = [
    { key: 'part', title: 'part', parent: 'whole' },
    { key: 'whole', title: 'whole', dependsOn: ['part'] },
    { key: 'last', title: 'last', dependsOn: ['whole'] },
  ];
  await expect(createTasks(root, batch, { dedupeKey: 'd' })).rejects.toThrow('killed');
  expect(await titles()).toEqual(['part']);
  rig.clock.advance(5000);
  const again = await createTasks(root, batch, { dedupeKey: 'd' });
  expect(again.map(({ duplicate }) => duplicate)).toEqual([true, undefined, undefined]);
  const [part] = await gather(listTasks(root, { states: ['ready'] }));
  expect(part).toMatchObject({ title: 'part', parent: again[1]?.id });
  await worker('ann');
  expect(await workOff('ann')).toEqual(['part', 'whole', 'last']);
});

test('what is done while a batch is being sent keeps nobody waiting, also if its maker dies then', async () => {
  await worker('ann');
  const there = await createTask(root, { title: 'there' });
  const send = root.store.mail.send.bind(root.store.mail);
  root.store.mail.send = async (outgoing, how) => {
    root.store.mail.send = send;
    expect(await workOff('ann')).toEqual(['there']);
    await send(outgoing, how);
    throw new Error('killed');
  };
  await expect(createTasks(root, [{ title: 'a', dependsOn: [there.id] }])).rejects.toThrow('killed');
  expect(await titles(['blocked'])).toEqual(['a']);
  expect(await tend(rig.as('reviewer'))).toBeGreaterThan(0);
  expect(await titles(['assigned'])).toEqual(['a']);
  expect(await root.store.documents.list('pending')).toEqual([]);
});

test('what is done while a batch is being sent is noticed behind it', async () => {
  await worker('ann');
  const there = await createTask(root, { title: 'there' });
  const send = root.store.mail.send.bind(root.store.mail);
  root.store.mail.send = async (outgoing, how) => {
    root.store.mail.send = send;
    await workOff('ann');
    return send(outgoing, how);
  };
  expect(await createTasks(root, [{ title: 'a', dependsOn: [there.id] }])).toMatchObject([{ state: 'assigned' }]);
});

test('a dry run says what would come of it, and makes nothing', async () => {
  expect(
    await createTasks(
      root,
      diamond.slice(1, 4).map(({ key, title, dependsOn }) => ({ key, title, dependsOn }) as BatchTask),
      { dryRun: true },
    ),
  ).toMatchObject([
    { key: 'left', state: 'blocked' },
    { key: 'right', state: 'blocked' },
    { key: 'fork', state: 'ready', mailbox: 'task-pool' },
  ]);
  expect(await titles()).toEqual([]);
  expect(await root.store.documents.listAgents('task-pool')).toEqual([]);
});
