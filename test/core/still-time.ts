import { afterEach, beforeAll, beforeEach, expect, vi } from 'vitest';
import { listen } from '../../src/core/follow/listen.ts';
import { watch } from '../../src/core/follow/watch.ts';
import { createRigOn } from './rig.ts';
import { recordTimers } from './timers.ts';

/**
 * Time stands still unless a test moves it, for the clock and the timers alike. After each test, whoever waited has gone
 * home: no watcher and no timer is left.
 */
export function useStillTime(): { rig: Awaited<ReturnType<typeof createRigOn>> } {
  const still = {} as ReturnType<typeof useStillTime>;
  let timers: ReturnType<typeof recordTimers>;
  // What is loaded when it is first asked for takes its time, which no timer here moves.
  beforeAll(async () => {
    const { root } = await createRigOn({ now: () => Date.now(), uptime: () => performance.now() });
    for await (const _ of watch(root, { waitMs: 1 })) throw new Error('Nothing happens.');
    for await (const _ of listen(root, 'topic', { waitMs: 1 })) throw new Error('Nothing happens.');
  });
  beforeEach(async () => {
    vi.useFakeTimers({ now: Date.parse('2026-11-20T09:00:00.000Z') });
    timers = recordTimers();
    // Both stand still with the timers; the system's own clock takes the second one from elsewhere.
    still.rig = await createRigOn({ now: () => Date.now(), uptime: () => performance.now() });
  });
  afterEach(() => {
    timers.end();
    // Before what may fail: all that is tried behind it in this process would stand still, too.
    vi.useRealTimers();
    expect(still.rig.mail.listeners.size).toBe(0);
    expect(timers.left()).toEqual([]);
  });
  return still;
}

/** What a promise has come to so far, without moving time. */
export async function soFar<T>(promise: Promise<T>): Promise<T | 'waiting'> {
  await vi.advanceTimersByTimeAsync(0);
  return Promise.race([promise, Promise.resolve('waiting' as const)]);
}
