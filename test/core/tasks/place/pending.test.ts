import { expect, test } from 'vitest';
import type { Session } from '../../../../src/core/root/root.ts';
import { createTask } from '../../../../src/core/tasks/create.ts';
import { changeTask, readTask } from '../../../../src/core/tasks/place/document.ts';
import { tend } from '../../../../src/core/tasks/keeper.ts';
import { cancelTask, doneTask, retryTask } from '../../../../src/core/tasks/moves.ts';
import { nextTask } from '../../../../src/core/tasks/next.ts';
import { ackTask, finishPending } from '../../../../src/core/tasks/place/pending.ts';
import { ack, nack } from '../../../../src/core/take/settle.ts';
import { must } from '../../rig.ts';
import { createTaskRig, killedAt, orKilled, type TaskRig, watched } from '../rig.ts';

interface Diamond extends TaskRig {
  readonly ann: Session;
  readonly first: string;
  readonly left: string;
  readonly right: string;
  readonly last: string;
}

/** Of four tasks the first one is held by ann, two wait for it, and the last one for these two. */
async function createDiamond(): Promise<Diamond> {
  const rig = await createTaskRig();
  const { root } = rig;
  const create = async (title: string, ...dependsOn: string[]): Promise<string> =>
    (await createTask(root, { title, dependsOn })).id;
  const first = await create('first');
  const [left, right] = [await create('left', first), await create('right', first)];
  const last = await create('last', left, right);
  const ann = await rig.comes('ann');
  expect(await nextTask(ann)).toMatchObject({ id: first });
  return { ...rig, ann, first, left, right, last };
}

const mostKills = 60;

/** Kills `act` in front of each of its changes, one after the other; `check` sees what is there when another one has looked. */
async function afterEachKill(
  arrange: () => Promise<Diamond>,
  act: (session: Session, rig: Diamond) => Promise<unknown>,
  check: (rig: Diamond, wasKilled: boolean) => Promise<void>,
): Promise<void> {
  for (let n = 1; n <= mostKills; n++) {
    const rig = await arrange();
    const doomed = killedAt(rig.ann, n);
    await orKilled(act(doomed.session, rig));
    await finishPending(rig.as('bob'));
    try {
      const all = await rig.census();
      expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
      await check(rig, doomed.killed());
    } catch (error) {
      throw new Error(`killed in front of change ${n}: ${(error as Error).message}`, { cause: error });
    }
    if (!doomed.killed()) return expect(n).toBeGreaterThan(1);
  }
  throw new Error('It never came to its end.');
}

test('a process that dies at any change of `task done` leaves nothing waiting for what is done', () =>
  afterEachKill(
    createDiamond,
    (session, { first }) => doneTask(session, first, { result: 'parsed' }),
    async ({ root, stateOf, first, left, right, last }, wasKilled) => {
      const state = await stateOf(first);
      if (!wasKilled) expect(state).toBe('done');
      expect(['active', 'done']).toContain(state);
      const waiting = await Promise.all([left, right].map(stateOf));
      if (state === 'active') expect(waiting).toEqual(['blocked', 'blocked']);
      else for (const one of waiting) expect(['ready', 'assigned']).toContain(one);
      expect(await stateOf(last)).toBe('blocked');
      expect(await root.store.documents.list('pending')).toEqual([]);
    },
  ));

test('a process that dies at any change of the creation of a task leaves it whole, blocked, or not there', () =>
  afterEachKill(
    createDiamond,
    (session, { first, last }) => createTask(session, { title: 'behind all', dependsOn: [first, last] }),
    async (rig) => {
      const { ann, root, first, left, right, last, clock } = rig;
      await doneTask(ann, first);
      for (const id of [left, right, last]) {
        expect((await nextTask(ann))?.id).toBe(id);
        await ack(ann, id);
      }
      clock.advance(61_000);
      await tend(root);
      expect(await root.store.documents.list('pending')).toEqual([]);
      for (const { id } of await rig.census()) expect(await rig.stateOf(id)).not.toBe('blocked');
    },
  ));

test('a process that dies at any change of `task retry` leaves a task that can still be done, and is not done early', async () => {
  const arrange = async (): Promise<Diamond> => {
    const rig = await createDiamond();
    await cancelTask(rig.root, rig.left);
    return rig;
  };
  await afterEachKill(
    async () => {
      const rig = await arrange();
      await nack(rig.ann, rig.first, { delayMs: 0, free: true });
      return rig;
    },
    (session, { left }) => retryTask(session, left),
    async ({ ann, clock, root, stateOf, first, left, right, last }) => {
      if ((await stateOf(left)) === 'cancelled') await retryTask(root, left);
      // It was taken to be blocked again, and comes back with its lease.
      if ((await stateOf(left)) === 'active') clock.advance(16 * 60_000);
      const order: string[] = [];
      for (let task = await nextTask(ann); task; task = await nextTask(ann)) {
        order.push(task.id);
        await ack(ann, task.receipt);
      }
      expect(order.filter((id) => id !== left && id !== right)).toEqual([first, last]);
      expect(order.toSorted()).toEqual([first, left, right, last].toSorted());
      expect([order.indexOf(first), order.indexOf(last)]).toEqual([0, 3]);
    },
  );
});

test('a task that comes to wait for another one while that is being acked is released', async () => {
  for (let at = 1; at <= 8; at++) {
    const rig = await createTaskRig();
    const ann = await rig.comes('ann');
    const first = await createTask(rig.root, { title: 'first' });
    await nextTask(ann);
    let late: string | undefined;
    const create = async (): Promise<void> => {
      late = (await createTask(rig.root, { title: 'late', dependsOn: [first.id] })).id;
    };
    await doneTask(
      watched(ann, (call) => (call === at ? create() : undefined)),
      first.id,
    );
    if (late !== undefined) expect(await rig.stateOf(late), `created in front of change ${at}`).not.toBe('blocked');
    else expect(at).toBeGreaterThan(1);
  }
});

test('a task that is acked at any moment of the creation of one that waits for it releases that', async () => {
  for (let at = 1; at <= 12; at++) {
    const rig = await createTaskRig();
    const ann = await rig.comes('ann');
    const first = await createTask(rig.root, { title: 'first' });
    await nextTask(ann);
    const creator = watched(rig.root, (call) =>
      call === at ? doneTask(ann, first.id).then(() => undefined) : undefined,
    );
    const { id } = await createTask(creator, { title: 'late', dependsOn: [first.id] });
    if ((await rig.stateOf(first.id)) === 'done')
      expect(await rig.stateOf(id), `acked in front of change ${at}`).not.toBe('blocked');
    else expect(await rig.stateOf(id)).toBe('blocked');
  }
});

test('who died between his two looks at who waits leaves a task that the next who tends makes ready', async () => {
  const { ann, as, root, stateOf, first, left } = await createDiamond();
  // As one did who had seen that nobody waits, and died behind the rename.
  const { receipt } = must((await root.store.look.find(first))[0]);
  await root.store.mail.ack(must(receipt), { by: 'ann' });
  expect(await finishPending(as('bob'))).toEqual([]);
  expect(await stateOf(left)).toBe('blocked');
  expect(await tend(as('bob'))).toBeGreaterThan(0);
  expect(await stateOf(left)).not.toBe('blocked');
  expect(ann.acting).toBe('ann');
});

test('who is killed at the change of ending a task ends it for the next one, once', async () => {
  const { ann, as, root, first, left } = await createDiamond();
  const { receipt } = must((await root.store.look.find(first))[0]);
  // The note is the first change, the ack the second.
  await orKilled(ackTask(killedAt(ann, 2).session, must(receipt), 'ann', { score: 0.5, note: 'meagre' }));
  const [one, two] = await Promise.all([finishPending(as('bob')), finishPending(as('cy'))]);
  expect([...one, ...two].filter(({ id }) => id === left)).toHaveLength(1);
  await expect(ack(ann, must(receipt))).rejects.toMatchObject({ code: 'ALREADY_SETTLED' });
  expect((await root.store.journal.history(first)).at(-1)).toMatchObject({
    event: 'acked',
    score: 0.5,
    note: 'meagre',
  });
});

test('what was to end a claim that is lost since ends nothing', async () => {
  const { ann, as, clock, root, stateOf, first, left } = await createDiamond();
  const { receipt } = must((await root.store.look.find(first))[0]);
  await orKilled(ackTask(killedAt(ann, 2).session, must(receipt), 'ann'));
  clock.advance(16 * 60_000);
  expect(await nextTask(ann)).toMatchObject({ id: first, attempt: 2 });
  expect(await finishPending(as('bob'))).toEqual([]);
  expect([await stateOf(first), await stateOf(left)]).toEqual(['active', 'blocked']);
  expect(await root.store.documents.list('pending')).toEqual([]);
});

test('a late claim that writes over what is pending of the one who ends the task loses nothing that waits', async () => {
  const { ann, as, clock, root, stateOf, first, left } = await createDiamond();
  const { receipt: late } = must((await root.store.look.find(first))[0]);
  clock.advance(16 * 60_000);
  const { receipt } = must(await nextTask(ann));
  await orKilled(ackTask(killedAt(ann, 3).session, receipt, 'ann'));
  const pending = must(await root.store.documents.get(`pending/${first}`));
  await root.store.documents.put(`pending/${first}`, { ends: { receipt: late, by: 'ann' } }, pending.version);
  await finishPending(as('bob'));
  expect([await stateOf(first), await stateOf(left)]).toEqual(['done', 'ready']);
});

test.for([
  ['a text', 'x'],
  ['nothing', null],
  ['a list', []],
  ['no receipt', { ends: {} }],
  ['no mailbox', { begins: { id: 'x' } }],
  ['no receipt of ours', { ends: { receipt: 'x' } }],
])('a pending document that says %s is told of, and holds up none of the others', async ([, spoilt]) => {
  const { ann, as, root, stateOf, warnings, first, left, right } = await createDiamond();
  const { receipt } = must((await root.store.look.find(first))[0]);
  await orKilled(ackTask(killedAt(ann, 3).session, must(receipt), 'ann'));
  await root.store.documents.put(`pending/${right}`, spoilt, undefined);
  const bob = as('bob');
  await tend(bob);
  await tend(bob);
  expect(await stateOf(left)).not.toBe('blocked');
  expect(warnings.filter((text) => text.includes(right))).toHaveLength(1);
});

test('a document of a task that somebody has spoilt says nothing, and what waits is found all the same', async () => {
  for (const spoilt of ['x', null, [], { dependents: 'all' }, { dependents: [1, { id: 7 }] }]) {
    const { ann, as, root, stateOf, first, left } = await createDiamond();
    const { version } = must(await root.store.documents.get(`tasks/${first}`));
    await root.store.documents.put(`tasks/${first}`, spoilt, version);
    expect((await readTask(root, first)).id).toBe(first);
    await doneTask(ann, first, { result: 'parsed' });
    await tend(as('bob'));
    expect(await stateOf(left)).not.toBe('blocked');
    await changeTask(root, first, (document) => document);
  }
});
