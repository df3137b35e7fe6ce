import { expect, test, vi } from 'vitest';
import { peek } from '../../../src/core/look/peek.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { send } from '../../../src/core/send/send.ts';
import { createWaiter, waitFor } from '../../../src/core/wait/wait.ts';
import { soFar, useStillTime } from '../still-time.ts';
import type { Delivery } from '../../../src/storage/port/mail.ts';

const still = useStillTime();

test('without a time there is one attempt, and no watcher', async () => {
  const attempt = vi.fn<() => Promise<undefined>>(async () => undefined);
  expect(await waitFor(still.rig.root, 'reviewer', attempt, {})).toBeUndefined();
  expect(attempt).toHaveBeenCalledTimes(1);
});

test('what is there at once is taken without a watcher', async () => {
  const watching = vi.spyOn(still.rig.root.store.journal, 'watch');
  expect(await waitFor(still.rig.root, 'reviewer', async () => 7, { waitMs: 1000 })).toBe(7);
  expect(watching).not.toHaveBeenCalled();
});

test('a message that another process sends wakes a waiting reader at once', async () => {
  const reading = readNext(still.rig.root, 'reviewer', { waitMs: 60_000 });
  expect(await soFar(reading)).toBe('waiting');
  const { id } = await send(still.rig.as('Builder'), { to: 'reviewer', body: 'x' });
  expect(await soFar(reading)).toMatchObject({ message: { id } });
});

test('a message that comes between the last look and the rest is not slept through', async () => {
  const { store } = still.rig.root;
  const claim = store.mail.claim.bind(store);
  let looks = 0;
  vi.spyOn(store.mail, 'claim').mockImplementation(async (...args) => {
    const delivery = await claim(...args);
    // The worst moment: the look has found nothing, and the rest has not begun.
    if (++looks === 2) await send(still.rig.as('Builder'), { to: 'reviewer', body: 'just now' });
    return delivery;
  });
  const reading = readNext(still.rig.root, 'reviewer', { waitMs: 60_000 });
  expect(await soFar(reading)).toMatchObject({ message: { body: 'just now' } });
});

test('a delayed message wakes a waiting reader when it is due, although nobody else is awake', async () => {
  await send(still.rig.root, { to: 'reviewer', body: 'later', delayMs: 2000 });
  const reading = readNext(still.rig.root, 'reviewer', { waitMs: 60_000 });
  await vi.advanceTimersByTimeAsync(1999);
  expect(await soFar(reading)).toBe('waiting');
  await vi.advanceTimersByTimeAsync(2);
  expect(await soFar(reading)).toMatchObject({ message: { body: 'later' } });
});

test('an expired lease wakes a waiting reader', async () => {
  await send(still.rig.root, { to: 'reviewer', body: 'x' });
  await readNext(still.rig.root, 'reviewer', { leaseMs: 1500 });
  const reading = readNext(still.rig.root, 'reviewer', { waitMs: 60_000 });
  await vi.advanceTimersByTimeAsync(1502);
  expect(await soFar(reading)).toMatchObject({ attempt: 2 });
});

test('a delay that begins while somebody waits is kept, too', async () => {
  const reading = readNext(still.rig.root, 'reviewer', { waitMs: 60_000 });
  await vi.advanceTimersByTimeAsync(3000);
  await send(still.rig.as('Builder'), { to: 'reviewer', body: 'later', delayMs: 1000 });
  await vi.advanceTimersByTimeAsync(1002);
  expect(await soFar(reading)).toMatchObject({ message: { body: 'later' } });
});

test('a message whose hint was lost is found within 5 seconds', async () => {
  vi.spyOn(still.rig.root.store.journal, 'watch').mockResolvedValue({ close: async () => undefined });
  const reading = readNext(still.rig.root, 'reviewer', { waitMs: 60_000 });
  await soFar(reading);
  await send(still.rig.as('Builder'), { to: 'reviewer', body: 'x' });
  await vi.advanceTimersByTimeAsync(4999);
  expect(await soFar(reading)).toBe('waiting');
  await vi.advanceTimersByTimeAsync(1);
  expect(await soFar(reading)).toMatchObject({ message: { body: 'x' } });
});

test('a wait ends with its time', async () => {
  const reading = readNext(still.rig.root, 'reviewer', { waitMs: 12_345 });
  await vi.advanceTimersByTimeAsync(12_344);
  expect(await soFar(reading)).toBe('waiting');
  await vi.advanceTimersByTimeAsync(1);
  expect(await soFar(reading)).toBeUndefined();
});

test('a wait ends with its signal', async () => {
  const controller = new AbortController();
  const reading = readNext(still.rig.root, 'reviewer', { waitMs: 60_000, signal: controller.signal });
  expect(await soFar(reading)).toBe('waiting');
  controller.abort();
  expect(await soFar(reading)).toBeUndefined();
});

test('an aborted signal claims nothing', async () => {
  await send(still.rig.root, { to: 'reviewer', body: 'x' });
  expect(await readNext(still.rig.root, 'reviewer', { waitMs: 1000, signal: AbortSignal.abort() })).toBeUndefined();
  expect((await still.rig.root.store.look.counts('reviewer')).ready).toBe(1);
});

test('a wait whose look fails ends with the failure and lets its watcher go', async () => {
  let looks = 0;
  const attempt = async (): Promise<undefined> => {
    if (++looks === 2) throw new Error('disk');
    return undefined;
  };
  await expect(waitFor(still.rig.root, 'reviewer', attempt, { waitMs: 1000 })).rejects.toThrow('disk');
});

test('a waiter does not spin on what stays due', async () => {
  const { store } = still.rig.root;
  const recover = vi
    .spyOn(store.mail, 'recover')
    .mockImplementation(async () => ({ moved: 0, nextAt: Date.now() - 1000 }));
  const reading = readNext(still.rig.root, 'reviewer', { waitMs: 1000 });
  await vi.advanceTimersByTimeAsync(1000);
  expect(await reading).toBeUndefined();
  expect(recover.mock.calls.length).toBeLessThan(25);
});

test('a burst of hints for others means few looks, and its end is on time', async () => {
  const look = vi.fn<() => Promise<undefined>>(async () => {
    await new Promise((resolve) => setTimeout(resolve, 1));
  });
  const waiting = waitFor(still.rig.root, 'reviewer', look, { waitMs: 500 });
  for (let i = 0; i < 400; i++) {
    for (const ring of still.rig.mail.listeners) ring('reviewer');
    await vi.advanceTimersByTimeAsync(1);
  }
  expect(look.mock.calls.length).toBeLessThan(30);
  await vi.advanceTimersByTimeAsync(102);
  expect(await soFar(waiting)).toBeUndefined();
});

test('what falls due is looked for once for all who wait at a mailbox, not once for each', async () => {
  const { root } = still.rig;
  const recover = root.store.mail.recover.bind(root.store.mail);
  const looks = vi.spyOn(root.store.mail, 'recover').mockImplementation(async (...args) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return recover(...args);
  });
  const waiting = Array.from({ length: 100 }, () => waitFor(root, 'reviewer', async () => undefined, { waitMs: 2500 }));
  await vi.advanceTimersByTimeAsync(1000);
  looks.mockClear();
  await send(still.rig.as('Builder'), { to: 'reviewer', body: 'x' });
  await vi.advanceTimersByTimeAsync(1000);
  expect(looks.mock.calls.length).toBeGreaterThan(0);
  expect(looks.mock.calls.length).toBeLessThan(10);
  await vi.advanceTimersByTimeAsync(1000);
  await Promise.all(waiting);
});

test('pushes that are not to be had are said once', async () => {
  const wake = { degraded: 'no watches left', close: async () => undefined };
  vi.spyOn(still.rig.root.store.journal, 'watch').mockResolvedValue(wake);
  const waiter = createWaiter(still.rig.root, 'reviewer');
  for (let i = 0; i < 2; i++) {
    const waiting = waiter.next(async () => undefined, { waitMs: 10 });
    await vi.advanceTimersByTimeAsync(10);
    await waiting;
  }
  await waiter.close();
  expect(still.rig.warnings).toEqual([expect.stringContaining('no watches left')]);
});

test('a doorbell: peek waits, and claims nothing', async () => {
  const peeking = peek(still.rig.root, 'reviewer', { waitMs: 60_000 });
  expect(await soFar(peeking)).toBe('waiting');
  await send(still.rig.as('Builder'), { to: 'reviewer', body: 'ding' });
  expect(await soFar(peeking)).toMatchObject([{ mailbox: 'reviewer', attempt: 0, message: { body: 'ding' } }]);
  expect((await still.rig.root.store.look.counts('reviewer')).ready).toBe(1);
});

test('of two readers that wait, one gets the message and the other goes on waiting', async () => {
  const controller = new AbortController();
  const readers = [still.rig.as('reviewer'), still.rig.as('reviewer')].map((root) =>
    readNext(root, 'reviewer', { waitMs: 60_000, signal: controller.signal }),
  );
  await vi.advanceTimersByTimeAsync(10);
  await send(still.rig.root, { to: 'reviewer', body: 'x' });
  await vi.advanceTimersByTimeAsync(10);
  const states = await Promise.all(readers.map((reader) => soFar<Delivery | undefined>(reader)));
  expect(states.filter((state) => state === 'waiting')).toHaveLength(1);
  controller.abort();
  expect((await Promise.all(readers)).filter(Boolean)).toHaveLength(1);
});

test('a wait in a root that was removed ends with the failure, and one that is back by the next look does not', async () => {
  let there = true;
  const reading = waitFor(
    { ...still.rig.root, store: { ...still.rig.root.store, isThere: async () => there } },
    'reviewer',
    async () => undefined,
    { waitMs: 60_000 },
  ).catch((error: unknown) => error);
  await soFar(reading);
  there = false;
  await vi.advanceTimersByTimeAsync(4000);
  there = true;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await soFar(reading)).toBe('waiting');
  there = false;
  await vi.advanceTimersByTimeAsync(5000);
  expect(await soFar(reading)).toMatchObject({
    kind: 'not-found',
    code: 'ROOT_NOT_FOUND',
    hint: expect.stringContaining('dreamos init --root') as string,
  });
});
