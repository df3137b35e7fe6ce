import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

test('renew tells the new end of the lease', async () => {
  const id = await rig.sent();
  const receipt = await rig.claimed();
  const { json } = await rig.dreamos(`renew ${receipt} --lease 30m --json`);
  expect(json).toMatchObject([{ id, mailbox: 'reviewer', state: 'inflight', leaseUntil: '2026-11-20T09:30:00.000Z' }]);
  expect((await rig.dreamos(`renew ${receipt} --lease 13h`)).code).toBe(2);
});
