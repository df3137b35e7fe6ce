import { expect, test } from 'vitest';
import { createTaskChore } from '../../../src/core/tasks/chore.ts';
import { beatBy } from '../../../src/model/clock.ts';
import { createTaskRig } from './rig.ts';

test('while a look runs nobody beside it asks all the time whether it is done, however near the next beat is', async () => {
  const { root, clock } = await createTaskRig();
  clock.advance(beatBy(root.clock, clock.uptime() + 5000) - clock.uptime() - 1);
  let go = (): void => undefined;
  const isLet = new Promise<void>((resolve) => (go = resolve));
  const { documents } = root.store;
  const listAgents: typeof documents.listAgents = async (first) => {
    await isLet;
    return documents.listAgents(first);
  };
  const store = { ...root.store, documents: { ...documents, listAgents } };
  const chore = createTaskChore({ ...root, store });
  const looking = chore.look();
  expect(chore.restMs()).toBeGreaterThanOrEqual(50);
  clock.advance(60_000);
  expect(await chore.look()).toBe(0);
  expect(chore.restMs()).toBeGreaterThanOrEqual(50);
  go();
  await looking;
  expect(chore.restMs()).toBeGreaterThan(1000);
});
