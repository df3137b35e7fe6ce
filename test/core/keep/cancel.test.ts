import { beforeEach, expect, test } from 'vitest';
import { cancel } from '../../../src/core/keep/cancel.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { send } from '../../../src/core/send/send.ts';
import { type CoreRig, createCoreRig, expectRefusal, refusal } from '../rig.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const sendTo = async (to: string | string[], body = 'x', delayMs = 0): Promise<string> =>
  (await send(rig.root, { to, body, delayMs })).id;

test('cancel takes a message back from whoever has not claimed it', async () => {
  const id = await sendTo(['reviewer', 'Builder', 'planner']);
  await readNext(rig.root, 'Builder');
  expect((await cancel(rig.root, id)).map(({ mailbox }) => mailbox).sort()).toEqual(['planner', 'reviewer']);
  expect(await readNext(rig.root, 'reviewer')).toBeUndefined();
  expect(rig.mail.log.filter(({ event }) => event === 'cancelled')).toMatchObject([
    { by: 'planner' },
    { by: 'planner' },
  ]);
  const error = await refusal(cancel(rig.root, id));
  expect(error).toMatchObject({ kind: 'conflict', code: 'STATE_CHANGED' });
  expect(error.message).toMatch(/inflight in Builder/);
});

test('cancel takes a delayed message back', async () => {
  const id = await sendTo('reviewer', 'later', 1000);
  expect(await cancel(rig.root, id)).toHaveLength(1);
  rig.clock.advance(1000);
  expect(await readNext(rig.root, 'reviewer')).toBeUndefined();
});

test('cancel of what was claimed at the same moment says so', async () => {
  const id = await sendTo('reviewer');
  const { store } = rig.root;
  const change = store.mail.cancel.bind(store);
  store.mail.cancel = async (...args) => {
    await readNext(rig.as('reviewer'), 'reviewer');
    return change(...args);
  };
  expect((await refusal(cancel(rig.root, id))).message).toMatch(/inflight in reviewer/);
});

test('cancel of nothing is not found', async () => {
  await expectRefusal(cancel(rig.root, '01JD0000000000000000000000'), 'MESSAGE_NOT_FOUND');
});
