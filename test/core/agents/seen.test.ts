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
  const running = new Set<unknown>();
  const [begin, end] = [setInterval, clearInterval];
  vi.stubGlobal('setInterval', (...given: Parameters<typeof begin>) => {
    const timer = begin(...given);
    running.add(timer);
    return timer;
  });
  vi.stubGlobal('clearInterval', (timer: NodeJS.Timeout) => {
    running.delete(timer);
    end(timer);
  });
  try {
    const stop = await keepSeen((await createCoreRig()).root, 'planner');
    await vi.waitFor(() => expect([rings.length, running.size]).toEqual([1, 1]), 20_000);
    rings[0]?.();
    stop();
    rings[0]?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(running.size).toBe(0);
  } finally {
    vi.unstubAllGlobals();
  }
});
