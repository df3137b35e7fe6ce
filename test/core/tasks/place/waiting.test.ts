import { expect, test } from 'vitest';
import type { Session } from '../../../../src/core/root/root.ts';
import { createTask } from '../../../../src/core/tasks/create.ts';
import { tend } from '../../../../src/core/tasks/keeper.ts';
import { listTasks } from '../../../../src/core/tasks/list.ts';
import { createTasks } from '../../../../src/core/tasks/many/batch.ts';
import { doneTask } from '../../../../src/core/tasks/moves.ts';
import { nextTask } from '../../../../src/core/tasks/next.ts';
import { gather, must } from '../../rig.ts';
import { createTaskRig } from '../rig.ts';

/** How often something is searched for in every mailbox, and how often in one. */
function countingSearches(session: Session): { session: Session; searches: { everywhere: number; inOne: number } } {
  const searches = { everywhere: 0, inOne: 0 };
  const { look } = session.store;
  const find: typeof look.find = (id, mailbox) => {
    searches[mailbox === undefined ? 'everywhere' : 'inOne']++;
    return look.find(id, mailbox);
  };
  return { session: { ...session, store: { ...session.store, look: { ...look, find } } }, searches };
}

const many = 40;

/** So many wait for the first and the second of two tasks. */
async function createFan() {
  const rig = await createTaskRig();
  const ann = await rig.comes('ann', { maxTasks: 2 });
  const first = await createTask(rig.root, { title: 'first' });
  const second = await createTask(rig.root, { title: 'second' });
  const waiting = await createTasks(
    rig.root,
    Array.from({ length: many }, (_, i) => ({ title: `${i}`, dependsOn: [first.id, second.id] })),
  );
  for (let i = 0; i < 2; i++) must(await nextTask(ann));
  return { ...rig, ann, first, second, waiting };
}

test('whoever looks after tasks searches for none of those that many wait for, and finds who was forgotten', async () => {
  const { root, ann, first, second, waiting, stateOf } = await createFan();
  const { session, searches } = countingSearches(root);
  await tend(session);
  expect(searches).toEqual({ everywhere: 0, inOne: 0 });
  // As two did who died behind the rename.
  for (const { id } of [first, second])
    await root.store.mail.ack(must(must((await root.store.look.find(id, 'ann'))[0]).receipt), { by: 'ann' });
  for (let round = 0; round < many; round++) await tend(root);
  for (const { id } of waiting) expect(await stateOf(id)).not.toBe('blocked');
  expect(ann.acting).toBe('ann');
});

test('a list of many that wait searches for none of what they wait for, and says it of each', async () => {
  const { root, first, second } = await createFan();
  const { session, searches } = countingSearches(root);
  const listed = await gather(listTasks(session, { states: ['blocked'] }));
  expect(listed).toHaveLength(many);
  for (const { waitsFor } of listed) expect(waitsFor).toEqual([first.id, second.id]);
  expect(searches).toEqual({ everywhere: 0, inOne: 0 });
});

test('the end of a task that many wait for costs one look at them, and releases them when the last is done', async () => {
  const { ann, first, second, waiting, stateOf } = await createFan();
  const { session, searches } = countingSearches(ann);
  await doneTask(session, first.id);
  expect(searches.everywhere + searches.inOne).toBeLessThan(many);
  for (const { id } of waiting) expect(await stateOf(id)).toBe('blocked');
  await doneTask(session, second.id);
  for (const { id } of waiting) expect(await stateOf(id)).not.toBe('blocked');
});

test('what depends on a task that was done before it was made is taken without a search for that', async () => {
  for (const inBatch of [false, true]) {
    const { root, comes } = await createTaskRig();
    const early = await createTask(root, { title: 'early', requires: ['late'] });
    const bob = await comes('bob', { capabilities: ['late'] });
    must(await nextTask(bob));
    await doneTask(bob, early.id);
    const draft = { title: 'after', requires: ['late'], dependsOn: [early.id], assign: false };
    const id = inBatch ? must((await createTasks(root, [draft]))[0]).id : (await createTask(root, draft)).id;
    const { session, searches } = countingSearches(bob);
    expect(await nextTask(session)).toMatchObject({ id });
    expect(searches.everywhere).toBe(0);
  }
});
