import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

test('doctor on a sound root finds nothing wrong', async () => {
  expect((await rig.dreamos('doctor')).code).toBe(0);
});
