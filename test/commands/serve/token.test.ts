import { expect, test } from 'vitest';
import { listTokens } from '../../../src/core/tokens/tokens.ts';
import { closedPipe, createRig } from '../rig.ts';

test('a token that could not be written out lets nobody in', async () => {
  const rig = await createRig();
  const { code, err } = await rig.dreamos('token create planner', { stdout: closedPipe() });
  expect({ code, err }).toEqual({
    code: 7,
    err: expect.stringContaining('The token of planner could not be written out, so it was ended.') as string,
  });
  expect(await listTokens(rig.root)).toEqual([]);
});
