import { beforeAll, expect, test, vi } from 'vitest';
import { consume } from '../../../src/core/take/consume.ts';
import { readNext } from '../../../src/core/take/read.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { addSchedule } from '../../../src/core/schedules/schedules.ts';
import { send } from '../../../src/core/send/send.ts';
import { watch } from '../../../src/core/follow/watch.ts';
import type { Message } from '../../../src/model/message.ts';
import { gather, must } from '../rig.ts';
import { mailOf, moveTo, nightly } from './nightly.ts';
import { soFar, useStillTime } from '../still-time.ts';

// Time that stands still does not wait for what is loaded when it is needed.
beforeAll(() => import('../../../src/core/schedules/fire-due.ts'));

const still = useStillTime();
const hour = 3_600_000;

const mail = (root?: Session, mailbox?: string): Promise<Message[]> => mailOf(root ?? still.rig.root, mailbox);

const keyEnds = async (): Promise<string[]> =>
  (await mail()).map(({ dedupeKey }) => must(dedupeKey).slice(-24)).toSorted((a, b) => a.localeCompare(b));

test('a waiting reader sends what has come, and gets it', async () => {
  const { root } = still.rig;
  await addSchedule(root, { ...nightly, cron: '1 9 * * *' });
  const reading = readNext(still.rig.as('reviewer'), 'reviewer', { waitMs: hour });
  await vi.advanceTimersByTimeAsync(59_999);
  expect(await soFar(reading)).toBe('waiting');
  await vi.advanceTimersByTimeAsync(200);
  expect(await soFar(reading)).toMatchObject({ message: { subject: 'Nightly' } });
});

test('what was missed is sent by who begins to wait', async () => {
  const { root } = still.rig;
  await addSchedule(root, nightly);
  moveTo('2026-11-25T00:00Z');
  const reading = readNext(root, 'reviewer', { waitMs: 1000 });
  expect(await soFar(reading)).toMatchObject({ message: { subject: 'Nightly' } });
});

test('a watcher sends what has come, also for a mailbox that it does not watch', async () => {
  const { root } = still.rig;
  await addSchedule(root, { ...nightly, cron: '*/10 * * * * *' });
  const events = gather(watch(root, { mailboxes: ['reviewer'], count: 3 }));
  const others = gather(watch(still.rig.as('Builder'), { mailboxes: ['Builder'], waitMs: 30_500 }));
  await vi.advanceTimersByTimeAsync(60_000);
  expect((await events).map(({ at }) => at.slice(11, 19))).toEqual(['09:00:10', '09:00:20', '09:00:30']);
  expect(await others).toEqual([]);
  const alone = gather(watch(still.rig.as('Builder'), { mailboxes: ['Builder'], waitMs: 10_500 }));
  await vi.advanceTimersByTimeAsync(11_000);
  await alone;
  expect(await keyEnds()).toEqual(
    ['09:00:10', '09:00:20', '09:00:30', '09:01:00', '09:01:10'].map((time) => `2026-11-20T${time}.000Z`),
  );
});

test('a watcher goes on when the clock was ahead and is right again', async () => {
  const { root } = still.rig;
  await addSchedule(root, { ...nightly, cron: '*/10 * * * *' });
  const events = gather(watch(root, { mailboxes: ['reviewer'], count: 2, waitMs: hour }));
  await vi.advanceTimersByTimeAsync(60_000);
  vi.setSystemTime(Date.now() + 400 * 24 * hour);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(await mail()).toHaveLength(1);
  vi.setSystemTime(Date.now() - 400 * 24 * hour);
  await vi.advanceTimersByTimeAsync(10 * 60_000);
  expect(await keyEnds()).toEqual(['2026-11-20T09:10:00.000Z', '2027-12-25T09:00:00.000Z']);
  await vi.advanceTimersByTimeAsync(2 * hour);
  await events;
});

test('two who wait send each occurrence once', async () => {
  const { root } = still.rig;
  await addSchedule(root, { ...nightly, cron: '* * * * * *' });
  const watchers = [root, still.rig.as('Builder')].map((one) =>
    gather(watch(one, { mailboxes: ['reviewer'], count: 30 })),
  );
  await vi.advanceTimersByTimeAsync(31_000);
  for (const events of watchers) expect(await events).toHaveLength(30);
  const keys = await keyEnds();
  expect(new Set(keys).size).toBe(keys.length);
  expect(keys.length).toBeGreaterThanOrEqual(30);
});

test('a schedule that is added while somebody waits is noticed', async () => {
  const { root } = still.rig;
  const reading = readNext(root, 'reviewer', { waitMs: hour });
  await vi.advanceTimersByTimeAsync(1000);
  await addSchedule(still.rig.as('planner'), { ...nightly, cron: '* * * * *' });
  await vi.advanceTimersByTimeAsync(59_500);
  expect(await soFar(reading)).toMatchObject({ message: { subject: 'Nightly' } });
});

test('a consumer that never finds its mailbox empty sends what has come, too', async () => {
  const { root } = still.rig;
  await addSchedule(root, { ...nightly, cron: '* * * * *', message: { to: 'Builder', body: 'x' } });
  const { claim } = root.store.mail;
  let n = 0;
  vi.spyOn(root.store.mail, 'claim').mockImplementation(async (mailbox, options) => {
    const none = await claim(mailbox, options);
    if (none) throw new Error('nobody sends here');
    return { receipt: `r${n++}`, mailbox, attempt: 1, leaseUntil: 0, message: {} as Message };
  });
  for await (const _ of consume(root, 'reviewer')) {
    await vi.advanceTimersByTimeAsync(10_000);
    if (n === 10) break;
  }
  expect(await mail(root, 'Builder')).toHaveLength(1);
});

/** So many schedules whose mail to the Builder is due, and a disk on which each send takes 20 ms. */
async function manyDue(count: number): Promise<Session> {
  const { root } = still.rig;
  for (let n = 0; n < count; n++)
    await addSchedule(root, { ...nightly, name: `s${n}`, message: { to: 'Builder', body: String(n) } });
  moveTo('2026-11-25T00:00Z');
  const slow = still.rig.as('reviewer');
  const deliver = slow.store.mail.send.bind(slow.store.mail);
  slow.store.mail.send = async (...args) => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return deliver(...args);
  };
  return slow;
}

test('mail that comes while dozens of schedules are due waits for a few of them, not for all', async () => {
  const slow = await manyDue(60);
  const reading = readNext(slow, 'reviewer', { waitMs: 60_000 });
  await vi.advanceTimersByTimeAsync(500);
  await send(still.rig.as('planner'), { to: 'reviewer', body: 'hello' });
  await vi.advanceTimersByTimeAsync(150);
  expect(await soFar(reading)).toMatchObject({ message: { body: 'hello' } });
});

test('a wait ends on time although dozens of schedules are due, and the next ones send the rest', async () => {
  const slow = await manyDue(60);
  const reading = readNext(slow, 'reviewer', { waitMs: 300 });
  await vi.advanceTimersByTimeAsync(450);
  expect(await soFar(reading)).toBeUndefined();
  const all = readNext(slow, 'reviewer', { waitMs: 30_000 });
  await vi.advanceTimersByTimeAsync(30_000);
  expect(await all).toBeUndefined();
  expect(await mail(slow, 'Builder')).toHaveLength(60);
});

test('where there is no schedule, who waits looks for one four times a minute, and who does not wait never', async () => {
  const { root } = still.rig;
  const gets = vi.spyOn(root.store.documents, 'get');
  const looks = (): number => gets.mock.calls.filter(([name]) => name === 'schedules').length;
  await readNext(root, 'reviewer');
  expect(looks()).toBe(0);
  const reading = readNext(root, 'reviewer', { waitMs: 60_000 });
  await vi.advanceTimersByTimeAsync(60_000);
  await reading;
  expect(looks()).toBeLessThanOrEqual(5);
  expect(looks()).toBeGreaterThanOrEqual(4);
});
