import { expect, test } from 'vitest';
import { registerAgent } from '../../../src/core/agents/agents.ts';
import { createTell } from '../../../src/core/bridge/tell.ts';
import { setPolicy } from '../../../src/core/policy/policy.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { createCoreRig } from '../rig.ts';

test('a policy shows who listens from afar what he may see, and refuses what he may see nothing of', async () => {
  const { root } = await createCoreRig();
  await registerAgent(root, { name: 'ann', at: 'host-a' });
  for (const topic of ['build.done', 'test.done']) await publish(root, topic, { body: topic });
  const roles = { all: { allow: { subscribe: ['#test.>'], admin: ['*'] } } };
  await setPolicy(root, { roles, everyone: ['all'] });
  const tell = createTell(root);
  const ask = (pattern: string) => tell.ask({ as: 'ann', patterns: [pattern], since: 'start', most: 10 }, 'host-a');
  expect(await ask('build.done')).toMatchObject({ is: 'refused', code: 'FORBIDDEN' });
  expect(await ask('>')).toMatchObject({ is: 'heard', messages: [expect.stringContaining('test.done')] });
});
