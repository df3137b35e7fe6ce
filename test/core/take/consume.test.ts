import { expect, test, vi } from 'vitest';
import { consume, type Job } from '../../../src/core/take/consume.ts';
import { send } from '../../../src/core/send/send.ts';
import { soFar, useStillTime } from '../still-time.ts';

const still = useStillTime();

test('a consumer gets each message as it comes, settles it, and ends with its signal', async () => {
  const controller = new AbortController();
  const seen: string[] = [];
  const consuming = (async () => {
    for await (const job of consume(still.rig.as('reviewer'), 'reviewer', { signal: controller.signal })) {
      seen.push(`${job.message.body} ${job.attempt}`);
      if (job.message.body === 'ack') await job.ack();
      else if (job.attempt === 1) await job.nack({ delayMs: 1000, reason: 'not yet' });
      else expect((await job.renew(60_000)).leaseUntil).toBe(Date.now() + 60_000);
    }
    return 'ended' as const;
  })();
  expect(await soFar(consuming)).toBe('waiting');
  expect(still.rig.mail.listeners.size).toBe(1);
  for (const body of ['ack', 'nack']) await send(still.rig.root, { to: 'reviewer', body });
  await vi.advanceTimersByTimeAsync(10);
  expect(seen).toEqual(['ack 1', 'nack 1']);
  await vi.advanceTimersByTimeAsync(1001);
  expect(seen).toEqual(['ack 1', 'nack 1', 'nack 2']);
  controller.abort();
  expect(await soFar(consuming)).toBe('ended');
  // Left unsettled: it keeps its lease.
  expect(await still.rig.root.store.look.counts('reviewer')).toMatchObject({ archived: 1, inflight: 1 });
});

test('a consumer with a time ends when nothing came for so long', async () => {
  const jobs: Job[] = [];
  const consuming = (async () => {
    for await (const job of consume(still.rig.root, 'reviewer', { waitMs: 1000 })) jobs.push(job);
  })();
  await vi.advanceTimersByTimeAsync(900);
  await send(still.rig.root, { to: 'reviewer', body: 'x' });
  await vi.advanceTimersByTimeAsync(999);
  expect(await soFar(consuming)).toBe('waiting');
  await vi.advanceTimersByTimeAsync(1);
  expect(await soFar(consuming)).toBeUndefined();
  expect(jobs).toHaveLength(1);
});

test('a consumer that is left lets its watcher go', async () => {
  await send(still.rig.root, { to: 'reviewer', body: 'x' });
  for await (const job of consume(still.rig.root, 'reviewer')) {
    await job.ack();
    break;
  }
  expect(still.rig.mail.listeners.size).toBe(0);
});
