import { existsSync, mkdirSync, utimesSync } from 'node:fs';
import { hrtime } from 'node:process';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../../../src/model/clock.ts';
import { nodeDisk } from '../../../../src/storage/file/disk/node-disk.ts';
import { scratch } from '../room.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  vi.spyOn(systemClock, 'uptime').mockImplementation(Date.now);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Lets so much time pass, in steps in which the file system is heard. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    vi.advanceTimersByTime(100);
    const until = hrtime.bigint() + 2_000_000n;
    while (hrtime.bigint() < until) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A lock of so long from now; and whether it was taken over. */
function lockOf(fromNowMs: number) {
  const path = `${scratch()}/config`;
  const date = (at: number): void => utimesSync(`${path}.lock`, at / 1000, at / 1000);
  mkdirSync(`${path}.lock`);
  date(Date.now() + fromNowMs);
  let taken = false;
  const done = nodeDisk().withLock(path, async () => void (taken = true));
  return { path, date, done, isTaken: () => taken };
}

test('a lock that is dated in the future is taken over when nobody has refreshed it for ten seconds', async () => {
  const { path, done, isTaken } = lockOf(3_600_000);
  await pass(9000);
  expect(isTaken()).toBe(false);
  await pass(4000);
  expect(isTaken()).toBe(true);
  await done;
  expect(existsSync(`${path}.lock`)).toBe(false);
});

test('a lock whose holder refreshes it is his, whatever it is dated', async () => {
  const { date, done, isTaken } = lockOf(3_600_000);
  for (let n = 0; n < 6; n++) {
    await pass(5000);
    date(Date.now() + 3_600_000);
  }
  expect(isTaken()).toBe(false);
  date(Date.now() - 20_000);
  await pass(2000);
  expect(isTaken()).toBe(true);
  await done;
});
