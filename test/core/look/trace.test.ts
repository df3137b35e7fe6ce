import { beforeEach, expect, test } from 'vitest';
import { cancel } from '../../../src/core/keep/cancel.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { reply } from '../../../src/core/send/reply.ts';
import { send } from '../../../src/core/send/send.ts';
import { ack, nack } from '../../../src/core/take/settle.ts';
import { trace } from '../../../src/core/look/trace.ts';
import { type CoreRig, createCoreRig, expectRefusal, must } from '../rig.ts';
import type { Draft } from '../../../src/model/draft.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const sent = async (draft: Partial<Draft> = {}): Promise<string> =>
  (await send(rig.root, { to: 'reviewer', body: 'x', ...draft })).id;
const take = async (mailbox = 'reviewer') => must(await readNext(rig.as(mailbox), mailbox));

test('a trace tells what happened where, by whom, why, and how long each step took', async () => {
  const id = await sent({ to: ['reviewer', 'Builder'] });
  rig.clock.advance(1000);
  await nack(rig.as('reviewer'), (await take()).receipt, { delayMs: 500, reason: 'red' });
  rig.clock.advance(500);
  const { receipt } = await take();
  rig.clock.advance(4000);
  await reply(rig.as('reviewer'), receipt, { body: 'done' }, { ack: true });
  const traced = await trace(rig.root, id);
  expect(traced.message?.id).toBe(id);
  expect(traced.cut).toEqual([]);
  expect(traced.entries.map(({ mailbox, state }) => `${mailbox} ${state}`)).toEqual([
    'Builder ready',
    'reviewer archived',
  ]);
  const steps = traced.steps.map(({ mailbox, event, by, reason, sinceStartMs, sinceLastMs, heldMs }) => ({
    what: [mailbox, event, by, reason].filter(Boolean).join(' '),
    times: [sinceStartMs, sinceLastMs, heldMs],
  }));
  expect(steps).toEqual([
    { what: 'reviewer delivered planner', times: [0, null, undefined] },
    { what: 'Builder delivered planner', times: [0, null, undefined] },
    { what: 'reviewer claimed reviewer', times: [1000, 1000, undefined] },
    { what: 'reviewer nacked reviewer red', times: [1000, 0, 0] },
    { what: 'reviewer delivered', times: [1500, 500, undefined] },
    { what: 'reviewer claimed reviewer', times: [1500, 0, undefined] },
    { what: 'planner delivered reviewer', times: [5500, null, undefined] },
    { what: 'reviewer acked reviewer', times: [5500, 4000, 4000] },
  ]);
});

test('a trace without its beginning says so', async () => {
  const id = await sent();
  await take();
  rig.mail.log.splice(0, 1);
  expect(await trace(rig.root, id)).toMatchObject({ cut: ['reviewer'], steps: [{ event: 'claimed' }] });
  rig.mail.log.length = 0;
  expect(await trace(rig.root, id)).toMatchObject({ cut: ['reviewer'], steps: [] });
  await expectRefusal(trace(rig.root, rig.root.ids.next(0)), 'MESSAGE_NOT_FOUND');
  await expectRefusal(trace(rig.root, 'zz'), 'MESSAGE_NOT_FOUND');
});

test('a claim whose line was written before the one of the arrival is told behind it', async () => {
  const id = await sent();
  const { receipt } = await take();
  const { log } = rig.mail;
  log.push(...log.splice(0, 1));
  await ack(rig.as('reviewer'), receipt);
  const { steps, cut } = await trace(rig.root, id);
  expect(steps.map(({ event }) => event)).toEqual(['delivered', 'claimed', 'acked']);
  expect(cut).toEqual([]);
});

test('a cancellation whose line was written before the one of the arrival is told behind it', async () => {
  const id = await sent();
  await cancel(rig.as('planner'), id);
  const { log } = rig.mail;
  log.push(...log.splice(0, 1));
  expect(await trace(rig.root, id)).toMatchObject({
    cut: [],
    steps: [{ event: 'delivered' }, { event: 'cancelled' }],
  });
});

test('a later arrival stays where it is, though the first one is lost or the clock has stepped back', async () => {
  const id = await sent();
  rig.clock.advance(1000);
  await nack(rig.as('reviewer'), (await take()).receipt, { delayMs: 500, free: true });
  rig.clock.advance(500);
  await nack(rig.as('reviewer'), (await take()).receipt, { delayMs: 500 });
  rig.clock.advance(500);
  await take();
  const { log } = rig.mail;
  const told = ['delivered', 'claimed', 'nacked', 'delivered', 'claimed', 'nacked', 'delivered', 'claimed'];
  const inOrder = async () => (await trace(rig.root, id)).steps.map(({ event }) => event);
  expect(await inOrder()).toEqual(told);
  const stepped = log.map((event, i) => (i === 6 ? { ...event, at: log[0]?.at ?? '' } : event));
  log.splice(0, log.length, ...stepped);
  expect(await inOrder()).toEqual(told);
  log.splice(0, 1);
  expect(await inOrder()).toEqual(told.slice(1));
  expect((await trace(rig.root, id)).cut).toEqual(['reviewer']);
});

test('the start is the earliest time, also of a line that was written late', async () => {
  const id = await sent({ to: ['reviewer', 'Builder'] });
  const { log } = rig.mail;
  const [first] = log;
  if (first) log[0] = { ...first, at: new Date(rig.clock.now() + 10).toISOString() };
  expect((await trace(rig.root, id)).steps.map(({ sinceStartMs }) => sinceStartMs)).toEqual([10, 0]);
});

test('an answer that moved from an inbox to the mailbox is told once', async () => {
  const id = await sent();
  await rig.root.store.mail.openInbox('planner', id, rig.clock.now() + 1000);
  await reply(rig.as('reviewer'), (await take()).receipt, { body: 'late' });
  await rig.root.store.mail.closeInbox('planner', id);
  expect((await trace(rig.root, id)).steps.filter((step) => step.replyTo === id)).toHaveLength(1);
});
