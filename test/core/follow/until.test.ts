import { expect, test, vi } from 'vitest';
import { cancel } from '../../../src/core/keep/cancel.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { send } from '../../../src/core/send/send.ts';
import { ack, nack } from '../../../src/core/take/settle.ts';
import { until } from '../../../src/core/follow/until.ts';
import { expectRefusal, must, refusal } from '../rig.ts';
import { soFar, useStillTime } from '../still-time.ts';

const still = useStillTime();
const waitMs = 60_000;

async function sent(to: string | string[] = 'reviewer', more = {}): Promise<string> {
  return (await send(still.rig.root, { to, body: 'x', ...more })).id;
}

const take = async (mailbox = 'reviewer') => must(await readNext(still.rig.as(mailbox), mailbox)).receipt;

test.for(['claimed', 'acked'] as const)('until %s ends as soon as every recipient has', async (step) => {
  const id = await sent(['reviewer', 'Builder']);
  const waiting = until(still.rig.root, id, step, { waitMs });
  for (const mailbox of ['reviewer', 'Builder']) {
    expect(await soFar(waiting)).toBe('waiting');
    const receipt = await take(mailbox);
    if (step === 'acked') {
      expect(await soFar(waiting)).toBe('waiting');
      await ack(still.rig.root, receipt);
    }
  }
  expect(await soFar(waiting)).toEqual([]);
});

test('what has happened before is seen at once', async () => {
  const id = await sent();
  expect(await until(still.rig.root, id, 'claimed')).toEqual(['reviewer']);
  const receipt = await take();
  expect(await until(still.rig.root, id, 'claimed')).toEqual([]);
  expect(await until(still.rig.root, id, 'acked')).toEqual(['reviewer']);
  await ack(still.rig.root, receipt);
  expect(await until(still.rig.root, id, 'acked', { waitMs })).toEqual([]);
});

test('when the time is over, the mailboxes are named where it has not happened', async () => {
  const id = await sent(['reviewer', 'Builder', 'planner']);
  await take('Builder');
  const waiting = until(still.rig.root, id, 'claimed', { waitMs });
  await vi.advanceTimersByTimeAsync(waitMs);
  expect(await waiting).toEqual(['planner', 'reviewer']);
});

test('by receipt, only its own mailbox counts', async () => {
  await sent(['reviewer', 'Builder']);
  const receipt = await take();
  const waiting = until(still.rig.root, receipt, 'acked', { waitMs });
  expect(await soFar(waiting)).toBe('waiting');
  await ack(still.rig.root, receipt);
  expect(await soFar(waiting)).toEqual([]);
});

test('another message does not count', async () => {
  const other = await sent();
  const id = await sent();
  const waiting = until(still.rig.root, id, 'acked', { waitMs });
  const receipt = await take();
  expect(receipt).toContain(other);
  await ack(still.rig.root, receipt);
  expect(await soFar(waiting)).toBe('waiting');
  await ack(still.rig.root, await take());
  expect(await soFar(waiting)).toEqual([]);
});

test.for(['before', 'meanwhile'])('a message that dies %s ends the wait with its reason', async (when) => {
  const id = await sent(['reviewer', 'Builder']);
  const die = async () => nack(still.rig.root, await take(), { dead: true, reason: 'no good' });
  if (when === 'before') await die();
  const waiting = refusal(until(still.rig.root, id, 'acked', { waitMs }));
  if (when === 'meanwhile') {
    await soFar(waiting);
    await die();
  }
  expect(await waiting).toMatchObject({ kind: 'conflict', code: 'DEAD_LETTERED' });
  expect((await waiting).message).toBe(`Message ${id} went to the dead-letter queue of reviewer: no good.`);
});

test('a message that died was claimed all the same, unless its time-to-live ran out', async () => {
  const claimed = await sent();
  await nack(still.rig.root, await take(), { dead: true });
  expect(await until(still.rig.root, claimed, 'claimed')).toEqual([]);
  const id = await sent('reviewer', { ttlMs: 1000 });
  const waiting = refusal(until(still.rig.root, id, 'claimed', { waitMs }));
  await vi.advanceTimersByTimeAsync(10_000);
  expect((await waiting).message).toContain('its time-to-live ran out');
});

test('a message that was cancelled ends the wait', async () => {
  const id = await sent();
  const waiting = refusal(until(still.rig.root, id, 'claimed', { waitMs }));
  await vi.advanceTimersByTimeAsync(0);
  await cancel(still.rig.root, id);
  expect((await waiting).code).toBe('STATE_CHANGED');
  await expectRefusal(until(still.rig.root, id, 'acked'), 'STATE_CHANGED');
});

test('given back and then cancelled is not acked', async () => {
  const id = await sent();
  await nack(still.rig.root, await take(), { delayMs: 1000 });
  await cancel(still.rig.root, id);
  await expectRefusal(until(still.rig.root, id, 'acked'), 'STATE_CHANGED');
});

test('a log line that was never written is made up for by a look every five seconds', async () => {
  const id = await sent();
  const waiting = until(still.rig.root, id, 'claimed', { waitMs });
  await soFar(waiting);
  await take();
  vi.spyOn(still.rig.root.store.journal, 'readEvents').mockResolvedValue({
    events: [],
    cursor: 'm0',
    more: new Set(),
    warnings: [],
  });
  await vi.advanceTimersByTimeAsync(5100);
  expect(await soFar(waiting)).toEqual([]);
});

test('what is not there cannot be waited for', async () => {
  const id = await sent();
  await cancel(still.rig.root, id);
  await expectRefusal(until(still.rig.root, still.rig.root.ids.next(0), 'acked'), 'MESSAGE_NOT_FOUND');
  await expectRefusal(until(still.rig.root, id, 'acked', { mailboxes: ['nobody'] }), 'AGENT_NOT_FOUND');
});

test('the signal ends it', async () => {
  const id = await sent();
  const interrupt = new AbortController();
  const waiting = until(still.rig.root, id, 'acked', { waitMs, signal: interrupt.signal });
  await soFar(waiting);
  interrupt.abort();
  expect(await waiting).toEqual(['reviewer']);
});
