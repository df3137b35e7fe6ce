import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

test('nack gives back with a delay and a reason', async () => {
  const id = await rig.sent();
  const receipt = await rig.claimed();
  const { json } = await rig.dreamos(['nack', receipt, '--delay', '5m', '--reason', 'build is red', '--json']);
  expect(json).toEqual([{ id, mailbox: 'reviewer', state: 'delayed', receipt }]);
  expect(await rig.root.store.look.find(id)).toMatchObject([{ dueAt: Date.parse('2026-11-20T09:05:00.000Z') }]);
});

test('nack --dead goes to the dead-letter queue', async () => {
  const id = await rig.sent();
  expect((await rig.dreamos(`nack ${await rig.claimed()} --dead`)).out).toBe(`${id} dead\n`);
});
