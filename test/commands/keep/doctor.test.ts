import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

test('doctor on a sound root finds nothing wrong', async () => {
  expect(await rig.dreamos('doctor')).toMatchObject({ code: 0, err: 'Nothing is wrong.\n' });
});

test('doctor says in its last line that there are warnings', async () => {
  await rig.dreamos('send reviewer hello --as planner');
  rig.time.nowMs += 2 * 3_600_000;
  expect(await rig.dreamos('doctor')).toMatchObject({ code: 0, err: 'Nothing is wrong, but there is 1 warning.\n' });
});
