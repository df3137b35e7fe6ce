import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createBell } from '../../../src/core/wait/bell.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a rest ends when its time is over', async () => {
  const rest = createBell().rest(1000);
  await vi.advanceTimersByTimeAsync(1000);
  expect(await rest).toBe(false);
});

test('a ring ends a rest, and leaves no timer behind', async () => {
  const bell = createBell();
  const rest = bell.rest(1000);
  bell.ring();
  expect(await rest).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

test('a ring between two rests ends the next one at once, and only that one', async () => {
  const bell = createBell();
  bell.ring();
  bell.ring();
  expect(await bell.rest(1000)).toBe(true);
  const second = bell.rest(1000);
  await vi.advanceTimersByTimeAsync(1000);
  expect(await second).toBe(false);
});

test('the signal ends a rest, before it and in it, and leaves no timer behind', async () => {
  const bell = createBell();
  const controller = new AbortController();
  const rest = bell.rest(1000, controller.signal);
  controller.abort();
  expect(await rest).toBe(false);
  expect(await bell.rest(1000, controller.signal)).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
});

test('a rest without an end lasts until somebody rings', async () => {
  const bell = createBell();
  const rest = bell.rest(Infinity);
  await vi.advanceTimersByTimeAsync(86_400_000);
  expect(vi.getTimerCount()).toBe(1);
  bell.ring();
  expect(await rest).toBe(true);
});
