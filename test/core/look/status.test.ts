import { beforeEach, expect, test } from 'vitest';
import { readNext } from '../../../src/core/take/read.ts';
import { send } from '../../../src/core/send/send.ts';
import { status } from '../../../src/core/look/status.ts';
import { type CoreRig, createCoreRig, expectRefusal } from '../rig.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const sendTo = async (to: string | string[], body = 'x', delayMs = 0): Promise<string> =>
  (await send(rig.root, { to, body, delayMs })).id;

test('status tells how much is where, after bringing what is due', async () => {
  const start = rig.clock.now();
  await sendTo('reviewer');
  await readNext(rig.root, 'reviewer', { leaseMs: 1000 });
  await sendTo('reviewer', 'later', 1000);
  rig.clock.advance(2000);
  expect(await status(rig.root, ['REVIEWER'])).toEqual([
    {
      mailbox: 'reviewer',
      ready: 2,
      inflight: 0,
      delayed: 0,
      dead: 0,
      archived: 0,
      corrupt: 0,
      oldestReadyAgeMs: 2000,
      lastReadAt: new Date(start).toISOString(),
    },
  ]);
});

test('status without names is of all agents, the empty ones too', async () => {
  const all = await status(rig.root);
  expect(all.map(({ mailbox }) => mailbox)).toEqual(['Builder', 'planner', 'reviewer']);
  expect(all[0]).toMatchObject({ oldestReadyAgeMs: null, lastReadAt: null });
  await expectRefusal(status(rig.root, ['nobody']), 'AGENT_NOT_FOUND');
});
