import { beforeEach, expect, test } from 'vitest';
import { readNext } from '../../../src/core/take/read.ts';
import { send } from '../../../src/core/send/send.ts';
import { ack } from '../../../src/core/take/settle.ts';
import { show } from '../../../src/core/look/show.ts';
import { type CoreRig, createCoreRig, expectRefusal, must } from '../rig.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const sendTo = async (to: string | string[], body = 'x', delayMs = 0): Promise<string> =>
  (await send(rig.root, { to, body, delayMs })).id;

test('show finds a message wherever it is', async () => {
  const id = await sendTo(['reviewer', 'Builder'], 'whole');
  await ack(rig.root, must(await readNext(rig.root, 'Builder')).receipt);
  const { message, entries } = await show(rig.root, id);
  expect(message.body).toBe('whole');
  expect(entries.map(({ mailbox, state }) => `${mailbox} ${state}`).sort()).toEqual([
    'Builder archived',
    'reviewer ready',
  ]);
  expect((await show(rig.root, id, { mailbox: 'builder' })).entries).toHaveLength(1);
  await expectRefusal(show(rig.root, id, { mailbox: 'planner' }), 'MESSAGE_NOT_FOUND');
  await expectRefusal(show(rig.root, '01JD0000000000000000000000'), 'MESSAGE_NOT_FOUND');
});

test('show looks again for what one look misses', async () => {
  const id = await sendTo('reviewer');
  const { store } = rig.root;
  const find = store.look.find.bind(store);
  let looks = 0;
  store.look.find = async (...args) => (++looks < 3 ? [] : find(...args));
  expect((await show(rig.root, id)).message.id).toBe(id);
});
