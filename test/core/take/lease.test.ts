import { beforeEach, test } from 'vitest';
import { readNext } from '../../../src/core/take/read.ts';
import { type CoreRig, createCoreRig, expectRefusal } from '../rig.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

test('a lease that is too short to be of use is refused', async () => {
  await expectRefusal(readNext(rig.root, 'reviewer', { leaseMs: 50 }), 'USAGE');
});
