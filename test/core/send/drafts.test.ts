import { beforeEach, expect, test } from 'vitest';
import { readNext } from '../../../src/core/take/read.ts';
import { addSchedule, listSchedules } from '../../../src/core/schedules/schedules.ts';
import { reply } from '../../../src/core/send/reply.ts';
import { request } from '../../../src/core/send/request.ts';
import { preview, send, sendAll } from '../../../src/core/send/send.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { settleAs } from '../../../src/core/work/settle-as.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { type CoreRig, createCoreRig, must, refusal } from '../rig.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const misspelt = { to: 'reviewer', body: 'x', prioritty: 'high' } as { to: string; body: string };
const { to: _, ...misspeltBody } = misspelt;
const daily = { name: 'daily', cron: '0 3 * * *' };

test.for<[string, () => Promise<unknown>]>([
  ['send', () => send(rig.root, misspelt)],
  ['preview', () => preview(rig.root, misspelt)],
  ['request', () => request(rig.root, misspelt)],
  ['publish', () => publish(rig.root, 'build.done', misspeltBody)],
  ['schedule', () => addSchedule(rig.root, { ...daily, message: misspelt })],
])('%s refuses a field that nobody knows, and names the nearest', async ([, act]) => {
  expect(await refusal(act())).toMatchObject({
    kind: 'invalid',
    code: 'MESSAGE_INVALID',
    message: '"prioritty" is not a field of a message.',
    hint: 'Did you mean "priority"?',
  });
  expect((await rig.root.store.look.counts('reviewer')).ready).toBe(0);
  expect(await rig.root.store.look.listTopics()).toEqual([]);
  expect(await listSchedules(rig.root)).toEqual([]);
});

test('of many drafts one with an unknown field stops no other', async () => {
  const results = await sendAll(rig.root, [{ to: 'reviewer', body: '1' }, misspelt, { to: 'reviewer', body: '3' }]);
  expect(results.map((result) => result instanceof DreamosError)).toEqual([false, true, false]);
});

test('a reply with an unknown field is refused, and finishes nothing', async () => {
  await send(rig.root, { to: 'reviewer', body: 'question' });
  const { receipt } = must(await readNext(rig.root, 'reviewer'));
  expect(await refusal(reply(rig.root, receipt, misspeltBody, { ack: true }))).toMatchObject({
    hint: 'Did you mean "priority"?',
  });
  expect((await rig.root.store.look.counts('reviewer')).inflight).toBe(1);
});

test('an outcome whose reply has an unknown field is a failed attempt, and says why', async () => {
  await send(rig.root, { to: 'reviewer', body: 'question' });
  const job = must(await readNext(rig.root, 'reviewer'));
  const rests = { next: () => Promise.resolve(0) } as never;
  const settled = await settleAs(rig.root, job.receipt, job, { outcome: 'ack', reply: misspeltBody }, rests);
  expect(settled).toMatchObject({ result: 'failed', reason: expect.stringContaining('"prioritty"') as string });
});

test('a time-to-live, a delay and a time may be texts', async () => {
  await send(rig.root, { to: 'reviewer', body: 'x', ttl: '5m' });
  const { message } = must(await readNext(rig.root, 'reviewer'));
  expect(Date.parse(must(message.expiresAt)) - Date.parse(message.createdAt)).toBe(300_000);
  expect((await send(rig.root, { to: 'reviewer', body: 'x', delay: '1h' })).state).toBe('delayed');
  expect((await send(rig.root, { to: 'reviewer', body: 'x', at: '2026-11-20T10:00' })).state).toBe('delayed');
  expect(await refusal(send(rig.root, { to: 'reviewer', body: 'x', at: '2026-11-20T08:00' }))).toMatchObject({
    message: expect.stringContaining('is over') as string,
  });
});

test('a schedule keeps a time-to-live in milliseconds, however it was said', async () => {
  const { message } = await addSchedule(rig.root, { ...daily, message: { to: 'reviewer', body: 'x', ttl: '5m' } });
  expect(message).toEqual({ to: ['reviewer'], body: 'x', ttlMs: 300_000 });
});
