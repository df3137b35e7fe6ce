import { afterEach, expect, test, vi } from 'vitest';
import { takeUp } from '../../../src/core/take/take-up.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { createCoreRig } from '../rig.ts';

afterEach(() => void vi.useRealTimers());

test('that nobody can be looked after is said once, and again when it was over', async () => {
  vi.useFakeTimers();
  const { root, warnings } = await createCoreRig();
  let fails = true;
  const consumer = await root.store.mail.takeUp('reviewer');
  root.store.mail.takeUp = async () => ({
    ...consumer,
    seesGone: async () => {
      if (fails) throw new DreamosError('disk', 'DISK_FAILED', 'It cannot be read.');
      return false;
    },
  });
  const { close } = await takeUp(root, 'reviewer');
  await vi.advanceTimersByTimeAsync(3000);
  expect(warnings).toEqual([
    'What a dead consumer of reviewer held comes back only when its lease ends: It cannot be read.',
  ]);
  fails = false;
  await vi.advanceTimersByTimeAsync(1000);
  fails = true;
  await vi.advanceTimersByTimeAsync(3000);
  expect(warnings).toHaveLength(2);
  await close();
});
