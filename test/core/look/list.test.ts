import { beforeEach, expect, test } from 'vitest';
import { cancel } from '../../../src/core/keep/cancel.ts';
import { doctor } from '../../../src/core/keep/doctor.ts';
import { list } from '../../../src/core/look/list.ts';
import { peek } from '../../../src/core/look/peek.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { send } from '../../../src/core/send/send.ts';
import { ack } from '../../../src/core/take/settle.ts';
import { show } from '../../../src/core/look/show.ts';
import { status } from '../../../src/core/look/status.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { type CoreRig, createCoreRig, expectRefusal, gather, must, refusal } from '../rig.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const sendTo = async (to: string | string[], body = 'x', delayMs = 0): Promise<string> =>
  (await send(rig.root, { to, body, delayMs })).id;

/** The next message that is read cannot be. */
const corruptOnce = (): void => {
  const { store } = rig.root;
  const read = store.read.bind(store);
  store.read = async () => {
    store.read = read;
    throw new DreamosError('invalid', 'CORRUPT', 'This message cannot be read: it is not JSON.');
  };
};

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

test('peek passes over what cannot be read, and says so', async () => {
  await sendTo('reviewer', 'broken');
  await sendTo('reviewer', 'whole');
  corruptOnce();
  expect((await peek(rig.root, 'reviewer', { limit: 5 })).map(({ message }) => message.body)).toEqual(['whole']);
  expect(rig.warnings).toEqual([expect.stringMatching(/in reviewer is passed over.*not JSON/)]);
});

test('peek of nothing is nothing', async () => {
  expect(await peek(rig.root, 'reviewer')).toEqual([]);
});

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
  corruptOnce();
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
  const find = store.find.bind(store);
  let looks = 0;
  store.find = async (...args) => (++looks < 3 ? [] : find(...args));
  expect((await show(rig.root, id)).message.id).toBe(id);
});

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
  const change = store.cancel.bind(store);
  store.cancel = async (...args) => {
    await readNext(rig.as('reviewer'), 'reviewer');
    return change(...args);
  };
  expect((await refusal(cancel(rig.root, id))).message).toMatch(/inflight in reviewer/);
});

test('cancel of nothing is not found', async () => {
  await expectRefusal(cancel(rig.root, '01JD0000000000000000000000'), 'MESSAGE_NOT_FOUND');
});

test('peek does not conclude from one scan', async () => {
  await sendTo('reviewer', 'missed once');
  const { store } = rig.root;
  const { list: whole } = store;
  store.list = async function* (...where) {
    store.list = whole;
    for await (const entry of whole.call(store, ...where)) if (entry.id === '') yield entry;
  };
  expect(await peek(rig.root, 'reviewer')).toHaveLength(1);
});

test('a list ends with its signal, also when its filter lets nothing through', async () => {
  for (const body of ['a', 'b', 'c']) await sendTo('reviewer', body);
  const interrupt = new AbortController();
  const { store } = rig.root;
  const read = store.read.bind(store);
  let reads = 0;
  store.read = (entry) => {
    reads++;
    interrupt.abort();
    return read(entry);
  };
  const options = { filter: { type: 'none' }, signal: interrupt.signal };
  expect(await gather(list(rig.root, 'reviewer', options))).toEqual([]);
  expect(reads).toBe(1);
});

test('a lease that is too short to be of use is refused', async () => {
  await expectRefusal(readNext(rig.root, 'reviewer', { leaseMs: 50 }), 'USAGE');
});

test('doctor ends with its signal, before it looks at the mail', async () => {
  await rig.root.store.quarantine('reviewer', Buffer.from('x'), { name: 'x', why: 'unreadable' });
  expect(await gather(doctor(rig.root))).toMatchObject([{ rule: 'corrupt-kept' }]);
  expect(await gather(doctor(rig.root, { signal: AbortSignal.abort() }))).toEqual([]);
});
