import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

test('peek shows the same and claims nothing', async () => {
  const id = await rig.sent();
  for (let i = 0; i < 2; i++) {
    const { json } = await rig.dreamos('peek reviewer --json');
    expect(json).toEqual([{ mailbox: 'reviewer', attempt: 0, message: expect.objectContaining({ id }) }]);
  }
  expect((await rig.dreamos('peek reviewer')).out).toContain('\n```\nhello\n```\n');
  expect(await rig.root.store.look.find(id)).toMatchObject([{ state: 'ready', attempt: 0 }]);
});

test('peek --wait is a doorbell', async () => {
  const peeking = rig.dreamos('peek reviewer --wait 1h --json');
  setImmediate(() => void rig.sent());
  expect((await peeking).json).toHaveLength(1);
  expect((await rig.dreamos('peek planner --wait 20ms')).code).toBe(3);
});
