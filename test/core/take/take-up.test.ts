import { expect, test } from 'vitest';
import { presenceOf } from '../../../src/core/agents/presence.ts';
import { resolveAgent } from '../../../src/core/agents/agents.ts';
import { takeUp } from '../../../src/core/take/take-up.ts';
import { createCoreRig } from '../rig.ts';

test('who works for long is there, also if he never said so, and what he has said of himself stays', async () => {
  const { root, as, clock } = await createCoreRig();
  const stateOf = async (name: string) => (await presenceOf(root, await resolveAgent(root, name))).state;
  expect(await stateOf('reviewer')).toBe('unseen');
  const own = await takeUp(as('reviewer'), 'reviewer');
  expect(await stateOf('reviewer')).toBe('ready');
  await own.close();
  await root.store.presence.put('reviewer', { status: 'busy', note: 'parsing', since: clock.now() });
  const again = await takeUp(as(undefined), 'reviewer');
  expect(await stateOf('reviewer')).toBe('busy');
  await again.close();
  // Of another's mailbox he says nothing of its owner.
  const others = await takeUp(as('planner'), 'Builder');
  expect([await stateOf('planner'), await stateOf('Builder')]).toEqual(['ready', 'unseen']);
  await others.close();
});
