import { expect, test, vi } from 'vitest';
import { keepSeen } from '../../../src/core/agents/seen.ts';
import { createCoreRig } from '../rig.ts';

const rings: (() => void)[] = [];
vi.mock('../../../src/core/root/follow-settings.ts', () => ({
  followSettings: async (_: unknown, ring: () => void) => {
    rings.push(ring);
    return async () => undefined;
  },
}));

test('who has ended is kept seen no more, also when the settings change before he stops to follow them', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  try {
    const stop = await keepSeen((await createCoreRig()).root, 'planner');
    await vi.waitFor(() => expect([rings.length, vi.getTimerCount()]).toEqual([1, 1]), 20_000);
    rings[0]?.();
    stop();
    rings[0]?.();
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
