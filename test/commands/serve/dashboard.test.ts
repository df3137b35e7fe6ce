import { expect, test } from 'vitest';
import { createRig } from '../rig.ts';

test.for(['99999', '65536', '0', 'x'])('%s is no port of a dashboard', async (port) => {
  const rig = await createRig();
  const { code, err } = await rig.dreamos(`dashboard --port ${port} --as planner`);
  expect({ code, err }).toEqual({
    code: 2,
    err: expect.stringMatching(/"\w+" cannot be --port\.\n.*a whole number from 1 to 65535/s) as string,
  });
});
