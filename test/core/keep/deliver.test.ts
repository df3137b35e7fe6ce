import { beforeEach, expect, test } from 'vitest';
import { deliver } from '../../../src/core/keep/deliver.ts';
import { trace } from '../../../src/core/look/trace.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { nack } from '../../../src/core/take/settle.ts';
import { send } from '../../../src/core/send/send.ts';
import { type CoreRig, createCoreRig, expectRefusal, refusal } from '../rig.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const hourMs = 3_600_000;
const delayed = async (to: string | string[] = 'reviewer', more = {}): Promise<string> =>
  (await send(rig.root, { to, body: 'later', delayMs: hourMs, ...more })).id;

test('a delayed message is delivered now, in each mailbox where it is delayed', async () => {
  const id = await delayed(['reviewer', 'Builder']);
  expect(await deliver(rig.root, id)).toMatchObject([
    { id, mailbox: 'Builder', state: 'ready' },
    { id, mailbox: 'reviewer', state: 'ready' },
  ]);
  expect((await readNext(rig.root, 'reviewer'))?.message.id).toBe(id);
  const { steps } = await trace(rig.root, id);
  expect(steps.filter(({ event }) => event === 'delivered')).toMatchObject([{ by: 'planner' }, { by: 'planner' }]);
});

test('a message that rests after a nack is delivered now, with its attempts', async () => {
  const { id } = await send(rig.root, { to: 'reviewer', body: 'x' });
  await nack(rig.root, (await readNext(rig.root, 'reviewer'))?.receipt ?? '', { delayMs: hourMs });
  await deliver(rig.root, id);
  expect(await readNext(rig.root, 'reviewer')).toMatchObject({ attempt: 2, message: { id } });
});

test('a delayed message is delivered at another time, and not before', async () => {
  const id = await delayed();
  const at = rig.clock.now() + 2 * hourMs;
  expect(await deliver(rig.root, id, { at })).toMatchObject([{ state: 'delayed', dueAt: at }]);
  rig.clock.advance(2 * hourMs - 1);
  expect(await readNext(rig.root, 'reviewer')).toBeUndefined();
  rig.clock.advance(1);
  expect((await readNext(rig.root, 'reviewer'))?.message.id).toBe(id);
});

test('what is delayed nowhere is refused, with where it is', async () => {
  const { id } = await send(rig.root, { to: 'reviewer', body: 'x' });
  expect(await refusal(deliver(rig.root, id))).toMatchObject({
    kind: 'conflict',
    code: 'STATE_CHANGED',
    message: `Message ${id} is neither delayed nor resting: it is ready in reviewer.`,
    hint: `dreamos show ${id}`,
  });
  await expectRefusal(deliver(rig.root, '01JD0000000000000000000000'), 'MESSAGE_NOT_FOUND');
});

test('what has fallen due by itself is ready, and is not put off', async () => {
  const id = await delayed();
  rig.clock.advance(hourMs);
  await expectRefusal(deliver(rig.root, id, { at: rig.clock.now() + hourMs }), 'STATE_CHANGED');
});

test('a time that is over, too far, or behind its time-to-live is refused, and changes nothing', async () => {
  const id = await delayed(['reviewer', 'Builder'], { ttlMs: 3 * hourMs });
  const now = rig.clock.now();
  for (const at of [now, now - 1, -Infinity, now + 3 * hourMs, now + 4000 * 24 * hourMs, Infinity]) {
    const error = await refusal(deliver(rig.root, id, { at }));
    expect(error).toMatchObject({ code: 'USAGE' });
    expect(error.hint).toBeTruthy();
  }
  expect(rig.mail.log.filter(({ event }) => event !== 'scheduled')).toEqual([]);
  expect((await deliver(rig.root, id, { at: now + 3 * hourMs - 1 })).length).toBe(2);
});

test('the answer that a request waits for is refused in words that say so', async () => {
  const request = (await send(rig.root, { to: 'reviewer', body: '?' })).id;
  await rig.root.store.mail.openInbox('planner', request, rig.clock.now() + hourMs);
  const { id } = await send(rig.as('reviewer'), { to: 'planner', body: '!', replyTo: request });
  expect((await refusal(deliver(rig.root, id))).message).toMatch(/the answer that a request waits for/);
});
