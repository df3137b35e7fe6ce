import { expect, test } from 'vitest';
import { createRig } from '../rig.ts';

test.for([
  ['dashboard', '"dashboard" needs to know as which agent the page acts.', 'dreamos dashboard --as planner'],
  ['token create', '"token create" needs to know as which agent its holder acts.', 'dreamos token create planner'],
  ['token revoke', `"token revoke" needs to know which agent's tokens are meant.`, 'dreamos token revoke planner'],
  ['read', '"read" needs to know whose mailbox is meant.', 'dreamos read planner'],
] as const)('%s says what has to be known', async ([line, said, next]) => {
  const rig = await createRig();
  const { code, err } = await rig.dreamos(line);
  expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(said) as string });
  expect(err).toContain(next);
});
