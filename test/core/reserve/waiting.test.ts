import { afterEach, expect, test, vi } from 'vitest';
import { renameAgent } from '../../../src/core/keep/rename-agent.ts';
import { releaseReservations } from '../../../src/core/reserve/held.ts';
import { reserve } from '../../../src/core/reserve/reserve.ts';
import { expectRefusal } from '../rig.ts';
import { soFar, useStillTime } from '../still-time.ts';

const still = useStillTime();
afterEach(() => expect(still.rig.mail.documentListeners.size).toBe(0));

const cwd = '/nowhere';
const two = () => ({ ann: still.rig.as('planner'), bob: still.rig.as('reviewer') });

test('who waits has it as soon as it is released', async () => {
  const { ann, bob } = two();
  await reserve(ann, ['a', 'b'], { cwd });
  const waiting = reserve(bob, ['a', 'b'], { cwd, waitMs: 60_000 });
  expect(await soFar(waiting)).toBe('waiting');
  await releaseReservations(ann, 'a', { cwd });
  expect(await soFar(waiting)).toBe('waiting');
  await releaseReservations(ann, 'b', { cwd });
  expect(await soFar(waiting)).toMatchObject([{ agent: 'reviewer' }, { agent: 'reviewer' }]);
});

test('who waits has it when the time of the other is over, though nobody says so', async () => {
  const { ann, bob } = two();
  await reserve(ann, 'a', { cwd, forMs: 3000 });
  const waiting = reserve(bob, 'a', { cwd, waitMs: Infinity });
  await vi.advanceTimersByTimeAsync(2999);
  expect(await soFar(waiting)).toBe('waiting');
  await vi.advanceTimersByTimeAsync(2);
  expect(await soFar(waiting)).toMatchObject([{ agent: 'reviewer' }]);
});

test('whose time is over is refused as before it', async () => {
  const { ann, bob } = two();
  await reserve(ann, 'a', { cwd });
  const waiting = expectRefusal(reserve(bob, 'a', { cwd, waitMs: 7000 }), 'RESERVED');
  await vi.advanceTimersByTimeAsync(7001);
  await waiting;
  await expectRefusal(reserve(bob, 'a', { cwd, waitMs: Number.NaN }), 'USAGE');
});

test('the signal ends it, and nothing was reserved', async () => {
  const { ann, bob } = two();
  await reserve(ann, 'a', { cwd });
  const stop = new AbortController();
  const waiting = reserve(bob, ['a', 'b'], { cwd, waitMs: 60_000, signal: stop.signal });
  expect(await soFar(waiting)).toBe('waiting');
  stop.abort();
  expect(await waiting).toBeUndefined();
  expect(await reserve(ann, 'b', { cwd })).toMatchObject([{ created: true }]);
});

test('who is called otherwise by then gets nothing under the name of before', async () => {
  const { ann, bob } = two();
  await reserve(ann, 'a', { cwd });
  const waiting = expectRefusal(reserve(bob, 'a', { cwd, waitMs: 60_000 }), 'AGENT_NOT_FOUND');
  await vi.advanceTimersByTimeAsync(0);
  await renameAgent(ann, 'reviewer', 'checker');
  await releaseReservations(ann, 'a', { cwd });
  await vi.advanceTimersByTimeAsync(1);
  await waiting;
});
