import { expect, test } from 'vitest';
import { createTask, inOrder } from '../../../src/core/tasks/create.ts';
import { changeTask } from '../../../src/core/tasks/place/document.ts';
import { tend } from '../../../src/core/tasks/keeper.ts';
import { listTasks, showTask } from '../../../src/core/tasks/list.ts';
import { cancelTask, doneTask, failTask, reportProgress, retryTask } from '../../../src/core/tasks/moves.ts';
import { acceptTask, nextTask } from '../../../src/core/tasks/next.ts';
import { assignTask } from '../../../src/core/tasks/assign.ts';
import { isLegal, type TaskMove, taskMoveNames, type TaskState, taskStates } from '../../../src/model/state.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { ack, nack, renew } from '../../../src/core/take/settle.ts';
import { gather, must, refusal } from '../rig.ts';
import { createTaskRig, killedAt, orKilled, type TaskRig, watched } from './rig.ts';
import type { Session } from '../../../src/core/root/root.ts';

/** A task in each state, as ann had it. */
const ways: Readonly<Record<TaskState, (rig: TaskRig, ann: Session) => Promise<string>>> = {
  blocked: async ({ root }) => {
    const { id } = await createTask(root, { title: 'before', requires: ['nobody'] });
    return (await createTask(root, { title: 'blocked', dependsOn: [id] })).id;
  },
  ready: async ({ root }) => (await createTask(root, { title: 'ready', assign: false })).id,
  assigned: async ({ root }) => (await createTask(root, { title: 'assigned' })).id,
  active: async ({ root }, ann) => {
    await createTask(root, { title: 'active' });
    return must(await nextTask(ann)).id;
  },
  done: async (rig, ann) => (await doneTask(ann, await ways.active(rig, ann))).id,
  failed: async (rig, ann) => (await failTask(ann, await ways.active(rig, ann))).id,
  cancelled: async (rig) => (await cancelTask(rig.root, await ways.assigned(rig, rig.root))).id,
};

const moves: Readonly<Record<TaskMove, (root: Session, ann: Session, id: string) => Promise<unknown>>> = {
  assign: (root, _, id) => assignTask(root, id, 'ann'),
  accept: (_, ann, id) => acceptTask(ann, id),
  progress: (_, ann, id) => reportProgress(ann, id, { percent: 10 }),
  done: (_, ann, id) => doneTask(ann, id),
  fail: (_, ann, id) => failTask(ann, id),
  cancel: (root, _, id) => cancelTask(root, id),
  retry: (root, _, id) => retryTask(root, id),
};

const leadsTo: Readonly<Record<TaskMove, readonly TaskState[]>> = {
  assign: ['assigned'],
  accept: ['active'],
  progress: ['active'],
  done: ['done'],
  fail: ['failed'],
  cancel: ['cancelled'],
  // It is given at once to who is there.
  retry: ['assigned', 'ready', 'blocked'],
};

test.for(taskStates.flatMap((from) => taskMoveNames.map((move) => [move, from] as const)))(
  '%s of a task that is %s leads where the table says, or is refused and changes nothing',
  async ([move, from]) => {
    const rig = await createTaskRig();
    const ann = await rig.comes('ann');
    const id = await ways[from](rig, ann);
    expect(await rig.stateOf(id)).toBe(from);
    if (isLegal(move, from)) {
      await moves[move](rig.root, ann, id);
      expect(leadsTo[move]).toContain(await rig.stateOf(id));
    } else {
      const { code, kind, hint } = await refusal(moves[move](rig.root, ann, id));
      expect({ code, kind }).toEqual({ code: 'TASK_STATE', kind: 'conflict' });
      expect(hint).toMatch(/dreamos task/);
      expect(await rig.stateOf(id)).toBe(from);
    }
  },
);

test('another one cannot end a task, nor leave a result of its own with it', async () => {
  const { root, as, comes } = await createTaskRig();
  const ann = await comes('ann');
  const { id } = await createTask(root, { title: 'work' });
  await nextTask(ann);
  const refused = await refusal(doneTask(as('reviewer'), id, { result: 'mine' }));
  expect(refused).toMatchObject({ code: 'TASK_NOT_FOR_YOU' });
  expect(await doneTask(ann, id)).not.toHaveProperty('result');
});

test('the result of a claim that was lost counts for nothing', async () => {
  const { root, clock, as, comes } = await createTaskRig();
  const ann = await comes('ann');
  const { id } = await createTask(root, { title: 'work' });
  await nextTask(ann);
  // Between his look and his ack the lease ends, and another process of his takes it.
  const late = watched(ann, async (call) => {
    if (call !== 1) return;
    clock.advance(16 * 60_000);
    await nextTask(as('ann'));
  });
  expect(await refusal(doneTask(late, id, { result: 'of the first' }))).toMatchObject({ code: 'LEASE_LOST' });
  expect(await doneTask(ann, id)).not.toHaveProperty('result');
});

test('a result that a retry leaves behind counts for nothing, though the next claim has its number again', async () => {
  const { root, comes } = await createTaskRig();
  const ann = await comes('ann');
  const { id } = await createTask(root, { title: 'work' });
  await nextTask(ann);
  await orKilled(doneTask(killedAt(ann, 2).session, id, { result: 'of the first' }));
  await failTask(ann, id);
  await retryTask(root, id);
  expect(await nextTask(ann)).toMatchObject({ id, attempt: 1 });
  expect(await doneTask(ann, id)).not.toHaveProperty('result');
});

test('a task is ended by the plain words of mail as by its own, and what waits follows', async () => {
  const { root, comes, stateOf } = await createTaskRig();
  const ann = await comes('ann');
  const { id } = await createTask(root, { title: 'work' });
  const after = await createTask(root, { title: 'after', dependsOn: [id] });
  const delivery = must(await readNext(ann, 'ann'));
  expect(delivery.message.id).toBe(id);
  await renew(ann, id, 60_000);
  await nack(ann, id, { delayMs: 0 });
  expect(await stateOf(id)).toBe('assigned');
  await ack(ann, must(await readNext(ann, 'ann')).receipt);
  expect([await stateOf(id), await stateOf(after.id)]).toEqual(['done', 'assigned']);
});

test('what waits for a failed task that was purged goes on waiting, and says for what', async () => {
  const { root, comes, stateOf } = await createTaskRig();
  const ann = await comes('ann');
  const { id } = await createTask(root, { title: 'work' });
  const after = await createTask(root, { title: 'after', dependsOn: [id] });
  await nextTask(ann);
  await failTask(ann, id, 'cannot');
  await root.store.mail.purge(must((await root.store.look.find(id))[0]), {});
  await tend(root);
  expect(await stateOf(after.id)).toBe('blocked');
  expect(await showTask(root, after.id)).toMatchObject({ waitsFor: [id] });
});

test('what waits for a done task that is pruned from the archive with others still waits for those alone', async () => {
  const { root, clock, comes, stateOf } = await createTaskRig();
  const ann = await comes('ann', { maxTasks: 2 });
  const [one, two] = [await createTask(root, { title: 'one' }), await createTask(root, { title: 'two' })];
  const after = await createTask(root, { title: 'after', dependsOn: [one.id, two.id] });
  await nextTask(ann);
  await doneTask(ann, one.id);
  clock.advance(2 * 86_400_000);
  await gather(must(root.store.upkeep).pruneArchive('ann', { fromDay: '9999-01-01', dryRun: false }));
  expect(await root.store.look.find(one.id)).toEqual([]);
  await tend(root);
  expect(await stateOf(after.id)).toBe('blocked');
  await nextTask(ann);
  await doneTask(ann, two.id);
  expect(await stateOf(after.id)).not.toBe('blocked');
});

test('a task that was restored by hand though it waits for others is blocked again before anybody gets it', async () => {
  const { root, comes, stateOf } = await createTaskRig();
  const first = await createTask(root, { title: 'first', requires: ['nobody'] });
  const after = await createTask(root, { title: 'after', dependsOn: [first.id] });
  await cancelTask(root, after.id);
  const { mail, look } = root.store;
  await mail.restore(must((await look.find(after.id))[0]), {});
  expect(await stateOf(after.id)).toBe('ready');
  expect(await nextTask(await comes('ann'))).toBeUndefined();
  expect(await stateOf(after.id)).toBe('blocked');
});

test('a task that was restored by hand though it waits for others is not accepted, nor given to anybody', async () => {
  for (const move of [assignTask, acceptTask] as const) {
    const { root, comes, stateOf } = await createTaskRig();
    const ann = await comes('ann');
    const first = await createTask(root, { title: 'first', requires: ['nobody'] });
    const after = await createTask(root, { title: 'after', dependsOn: [first.id] });
    await cancelTask(root, after.id);
    const { mail, look } = root.store;
    await mail.restore(must((await look.find(after.id))[0]), {});
    const moved = move === assignTask ? assignTask(root, after.id, 'ann') : acceptTask(ann, after.id);
    expect(await refusal(moved)).toMatchObject({
      code: 'TASK_STATE',
      message: expect.stringContaining('is blocked') as string,
    });
    expect(await stateOf(after.id)).toBe('blocked');
  }
});

test('progress outside of 0 to 100 is refused, and a lost claim reports none', async () => {
  const { root, clock, as, comes } = await createTaskRig();
  const ann = await comes('ann');
  const { id } = await createTask(root, { title: 'work' });
  await nextTask(ann);
  for (const percent of [-1, 101, Number.NaN])
    expect(await refusal(reportProgress(ann, id, { percent }))).toMatchObject({ code: 'USAGE' });
  const late = watched(ann, async (call) => {
    if (call !== 1) return;
    clock.advance(16 * 60_000);
    await nextTask(as('ann'));
  });
  expect(await refusal(reportProgress(late, id, { percent: 90 }))).toMatchObject({ code: 'LEASE_LOST' });
  expect(await showTask(root, id)).not.toHaveProperty('progress');
});

test('documents that somebody has edited keep no task out of a list', async () => {
  const { root } = await createTaskRig();
  const { id } = await createTask(root, { title: 'work' });
  await changeTask(root, id, () => ({ id, progress: 'half', result: 7, dependents: 3 }) as never);
  expect(await gather(listTasks(root))).toMatchObject([{ id, state: 'ready' }]);
});

test('a clock that is set back or ahead blocks nothing for good and unblocks nothing', async () => {
  const { root, clock, comes, stateOf } = await createTaskRig();
  const ann = await comes('ann');
  const { id } = await createTask(root, { title: 'work' });
  const after = await createTask(root, { title: 'after', dependsOn: [id] });
  for (const days of [-400, 800]) {
    clock.advance(days * 86_400_000);
    await tend(root);
    expect(await stateOf(after.id)).toBe('blocked');
  }
  await comes('ann');
  expect(await nextTask(ann)).toMatchObject({ id });
  clock.advance(-3_600_000);
  await doneTask(ann, id);
  expect(await stateOf(after.id)).not.toBe('blocked');
});

test('tasks are made behind what they depend on, whatever the order they are said in', () => {
  const edges = new Map([
    ['d', ['b', 'c']],
    ['b', ['a']],
    ['c', ['a', 'elsewhere']],
    ['a', []],
  ]);
  expect(inOrder(edges)).toEqual(['a', 'b', 'c', 'd']);
});

test('a cycle is refused with its path, and one task that waits for itself, too', async () => {
  const refused = (edges: [string, string[]][]): Promise<unknown> =>
    refusal(Promise.resolve().then(() => inOrder(new Map(edges))));
  const three: [string, string[]][] = [
    ['x', ['a']],
    ['a', ['b']],
    ['b', ['c']],
    ['c', ['a']],
  ];
  expect(await refused(three)).toMatchObject({
    code: 'TASK_CYCLE',
    message: expect.stringContaining('a -> b -> c -> a'),
  });
  expect(await refused([['a', ['a']]])).toMatchObject({ message: expect.stringContaining('a -> a') });
});

test('a chain of 100,000 tasks has an order', () => {
  const edges = new Map(Array.from({ length: 100_000 }, (_, i) => [`${i}`, i < 99_999 ? [`${i + 1}`] : []]));
  const order = inOrder(edges);
  expect([order.length, order[0], order.at(-1)]).toEqual([100_000, '99999', '0']);
});
