import { beforeEach, expect, test } from 'vitest';
import { peek } from '../../../src/core/look/peek.ts';
import { send } from '../../../src/core/send/send.ts';
import { corruptOnce, type CoreRig, createCoreRig } from '../rig.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const sendTo = async (to: string | string[], body = 'x', delayMs = 0): Promise<string> =>
  (await send(rig.root, { to, body, delayMs })).id;

test('peek shows the next messages in delivery order, and claims nothing', async () => {
  await send(rig.root, { to: 'reviewer', body: 'second' });
  await send(rig.root, { to: 'reviewer', body: 'first', priority: 'urgent' });
  for (let i = 0; i < 2; i++) {
    expect(await peek(rig.root, 'Reviewer', { limit: 5 })).toMatchObject([
      { mailbox: 'reviewer', attempt: 0, message: { body: 'first' } },
      { mailbox: 'reviewer', attempt: 0, message: { body: 'second' } },
    ]);
  }
  expect(await peek(rig.root, 'reviewer')).toHaveLength(1);
  expect(await peek(rig.root, 'reviewer', { limit: 5, filter: { priority: 'normal' } })).toMatchObject([
    { message: { body: 'second' } },
  ]);
  expect(rig.mail.log.map(({ event }) => event)).toEqual(['delivered', 'delivered']);
});

test('peek brings what is due, and leaves out what has expired', async () => {
  await sendTo('reviewer', 'later', 1000);
  await send(rig.root, { to: 'reviewer', body: 'short-lived', ttlMs: 500 });
  rig.clock.advance(1000);
  expect((await peek(rig.root, 'reviewer', { limit: 5 })).map(({ message }) => message.body)).toEqual(['later']);
});

test('peek gives no more text than fits into memory for whoever asks, and says so; one alone it always gives', async () => {
  for (const name of ['a', 'b', 'c']) await sendTo('reviewer', name);
  const { look } = rig.root.store;
  const read = look.read.bind(look);
  let long = 'a'.repeat(30 * 1024 * 1024);
  look.read = async (entry) => {
    const message = await read(entry);
    return message && { ...message, body: long };
  };
  expect(await peek(rig.root, 'reviewer', { limit: 3 })).toHaveLength(2);
  expect(rig.warnings).toEqual(['Only the first 2 are told: with the next they would have more than 64 MiB.']);
  expect(await peek(rig.root, 'reviewer', { limit: 2 })).toHaveLength(2);
  long = 'a'.repeat(65 * 1024 * 1024);
  expect(await peek(rig.root, 'reviewer')).toHaveLength(1);
  expect(rig.warnings).toHaveLength(1);
});

test('peek passes over what cannot be read, and says so', async () => {
  await sendTo('reviewer', 'broken');
  await sendTo('reviewer', 'whole');
  corruptOnce(rig.root);
  expect((await peek(rig.root, 'reviewer', { limit: 5 })).map(({ message }) => message.body)).toEqual(['whole']);
  expect(rig.warnings).toEqual([expect.stringMatching(/in reviewer is passed over.*not JSON/)]);
});

test('peek of nothing is nothing', async () => {
  expect(await peek(rig.root, 'reviewer')).toEqual([]);
});

test('peek does not conclude from one scan', async () => {
  await sendTo('reviewer', 'missed once');
  const { store } = rig.root;
  const { list: whole } = store.look;
  store.look.list = async function* (...where) {
    store.look.list = whole;
    for await (const entry of whole.call(store.look, ...where)) if (entry.id === '') yield entry;
  };
  expect(await peek(rig.root, 'reviewer')).toHaveLength(1);
});
