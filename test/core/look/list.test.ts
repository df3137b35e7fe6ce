import { beforeEach, expect, test } from 'vitest';
import { list } from '../../../src/core/look/list.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { send } from '../../../src/core/send/send.ts';
import { ack } from '../../../src/core/take/settle.ts';
import { corruptOnce, type CoreRig, createCoreRig, gather, must } from '../rig.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const sendTo = async (to: string | string[], body = 'x', delayMs = 0): Promise<string> =>
  (await send(rig.root, { to, body, delayMs })).id;

test('list shows ready, delayed and inflight, each with its times', async () => {
  await sendTo('reviewer', 'held');
  await readNext(rig.root, 'reviewer');
  await sendTo('reviewer', 'ready');
  await sendTo('reviewer', 'later', 60_000);
  const listed = await gather(list(rig.as('reviewer'), 'reviewer'));
  expect(listed).toMatchObject([
    { state: 'ready', mailbox: 'reviewer', priority: 'normal', attempt: 0, message: { body: 'ready' } },
    { state: 'delayed', dueAt: '2026-11-20T09:01:00.000Z', message: { body: 'later' } },
    { state: 'inflight', attempt: 1, leaseUntil: '2026-11-20T09:15:00.000Z', message: { body: 'held' } },
  ]);
  expect(listed.map(({ receipt }) => receipt !== undefined)).toEqual([false, false, true]);
});

test('the receipt of a listing is good to settle with, and shown to nobody else', async () => {
  await sendTo('reviewer');
  await readNext(rig.root, 'reviewer');
  for (const acting of [undefined, 'planner']) {
    expect(must((await gather(list(rig.as(acting), 'reviewer')))[0]).receipt).toBeUndefined();
  }
  const [held] = await gather(list(rig.as('REVIEWER'), 'reviewer'));
  expect((await ack(rig.root, must(held?.receipt))).state).toBe('archived');
});

test('list keeps to the states, the filter and the limit', async () => {
  for (const body of ['a', 'b', 'c']) await sendTo('reviewer', body);
  await ack(rig.root, must(await readNext(rig.root, 'reviewer')).receipt);
  const bodies = async (options: Parameters<typeof list>[2]): Promise<unknown[]> =>
    (await gather(list(rig.root, 'reviewer', options))).map(({ message }) => message?.body);
  expect(await bodies({ states: ['archived'] })).toEqual(['a']);
  expect(await bodies({ limit: 1 })).toEqual(['b']);
  expect(await bodies({ limit: 0 })).toEqual([]);
  expect(await bodies({ filter: { from: 'Builder' } })).toEqual([]);
});

test('list shows that a message cannot be read, and goes on', async () => {
  await sendTo('reviewer', 'broken');
  await sendTo('reviewer', 'whole');
  corruptOnce(rig.root);
  expect((await gather(list(rig.root, 'reviewer'))).map(({ message }) => message?.body ?? null)).toEqual([
    null,
    'whole',
  ]);
  expect(rig.warnings).toHaveLength(1);
});

test('a message that moves while it is listed is listed once, where it is now', async () => {
  await sendTo('reviewer');
  await sendTo('reviewer', 'second');
  const listing = list(rig.root, 'reviewer');
  const first = await listing.next();
  // The second one is claimed between the scan and its reading.
  await readNext(rig.root, 'reviewer');
  await readNext(rig.root, 'reviewer');
  const rest = await gather(listing);
  expect([first.value, ...rest].map((listed) => `${listed?.message?.body} ${listed?.state}`)).toEqual([
    'x ready',
    'second inflight',
  ]);
});

test('a list ends with its signal, also when its filter lets nothing through', async () => {
  for (const body of ['a', 'b', 'c']) await sendTo('reviewer', body);
  const interrupt = new AbortController();
  const { store } = rig.root;
  const read = store.look.read.bind(store);
  let reads = 0;
  store.look.read = (entry) => {
    reads++;
    interrupt.abort();
    return read(entry);
  };
  const options = { filter: { type: 'none' }, signal: interrupt.signal };
  expect(await gather(list(rig.root, 'reviewer', options))).toEqual([]);
  expect(reads).toBe(1);
});
