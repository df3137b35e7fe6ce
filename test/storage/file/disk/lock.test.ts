import fs, { existsSync, mkdirSync, renameSync, rmdirSync, utimesSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { hrtime } from 'node:process';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../../../../src/model/clock.ts';
import { nodeDisk } from '../../../../src/storage/file/disk/node-disk.ts';
import { scratch } from '../../../scratch.ts';

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

/** Puts another's fresh lock in the place of one, as after a pause. */
function takeOver(path: string): void {
  renameSync(`${path}.lock`, `${path}.lost`);
  mkdirSync(`${path}.lock`);
  utimesSync(`${path}.lock`, Date.now() / 1000, Date.now() / 1000);
}

test('who has lost his lock meanwhile leaves it to whoever has it', async () => {
  const path = `${scratch()}/config`;
  await nodeDisk().withLock(path, async ({ isHeld }) => {
    expect(isHeld()).toBe(true);
    takeOver(path);
    expect(isHeld()).toBe(false);
  });
  expect(existsSync(`${path}.lock`)).toBe(true);
});

test('who takes his lost lock anew in the same process keeps it when the lost one ends', async () => {
  const path = `${scratch()}/config`;
  const { promise, resolve: end } = withResolvers();
  const { promise: has, resolve: took } = withResolvers();
  const lost = nodeDisk().withLock(path, () => {
    took();
    return promise;
  });
  await has;
  renameSync(`${path}.lock`, `${path}.lost`);
  await nodeDisk().withLock(path, async ({ isHeld }) => {
    end();
    await lost;
    await pass(30_000);
    expect(isHeld()).toBe(true);
  });
  expect(existsSync(`${path}.lock`)).toBe(false);
});

test('a lock that was not refreshed for ten seconds is not called held', async () => {
  const path = `${scratch()}/config`;
  await nodeDisk().withLock(path, async ({ isHeld }) => {
    vi.setSystemTime(Date.now() + 11_000);
    expect(isHeld()).toBe(false);
  });
  expect(existsSync(`${path}.lock`)).toBe(false);
});

test.for([
  ['in the future', 3_600_000],
  ['long ago', -20_000],
] as const)(
  'of two that find a lock of %s dead the later one does not take that of the earlier one',
  async ([, fromNowMs]) => {
    const { path, done, isTaken } = lockOf(fromNowMs);
    let isAnothers = false;
    for (const call of ['renameSync', 'rmdirSync'] as const) {
      const real = fs[call] as (path: unknown, ...more: unknown[]) => void;
      vi.spyOn(fs, call).mockImplementation((from: unknown, ...more: unknown[]) => {
        if (from === `${path}.lock` && !isAnothers) {
          isAnothers = true;
          takeOver(path);
        }
        real(from, ...more);
      });
    }
    syncBuiltinESMExports();
    onTestFinished(() => {
      vi.restoreAllMocks();
      syncBuiltinESMExports();
    });
    for (let passed = 0; passed < 130 && !isAnothers; passed++) await pass(100);
    await pass(2000);
    expect([isAnothers, isTaken(), existsSync(`${path}.lock`)]).toEqual([true, false, true]);
    rmdirSync(`${path}.lock`);
    await pass(1000);
    await done;
  },
);

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}
