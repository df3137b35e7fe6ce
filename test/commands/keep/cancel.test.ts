import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

test('cancel takes back what nobody has claimed', async () => {
  const id = await rig.sent();
  expect((await rig.dreamos(`cancel ${id} --json`)).json).toMatchObject([
    { id, mailbox: 'reviewer', state: 'archived' },
  ]);
  const held = await rig.sent();
  await rig.claimed();
  expect((await rig.dreamos(`cancel ${held}`)).code).toBe(5);
});
