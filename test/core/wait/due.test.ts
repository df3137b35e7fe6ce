import { expect, test } from 'vitest';
import { bringAllDue } from '../../../src/core/wait/due.ts';
import { createCoreRig } from '../rig.ts';

test('a look that leaves some of what is due to the next one says so, once, until all is moved', async () => {
  const { root, warnings } = await createCoreRig();
  const { recover } = root.store.mail;
  root.store.mail.recover = async () => ({ moved: 100, left: 14_000 });
  for (let looks = 0; looks < 2; looks++) await bringAllDue(root, { name: 'planner' });
  expect(warnings).toEqual([expect.stringMatching(/^Of what is due in planner 10000 were moved.*14000 .*next look/)]);
  root.store.mail.recover = recover;
  await bringAllDue(root, { name: 'planner' });
  root.store.mail.recover = async () => ({ moved: 1 });
  await bringAllDue(root, { name: 'planner' });
  expect(warnings).toHaveLength(2);
  expect(warnings[1]).toMatch(/100 were moved.*next look/);
});
