import type { Clock } from '../../../src/model/clock.ts';

/** Time that only moves when a test says so: by less than nothing, the clock is set back. */
export interface FakeClock extends Clock {
  advance(ms: number): void;
}

export function createFakeClock(start = Date.parse('2026-11-20T09:00:00.000Z')): FakeClock {
  let passed = 0;
  let uptime = 0;
  return {
    now: () => start + passed,
    uptime: () => uptime,
    advance: (ms) => {
      passed += ms;
      uptime += Math.max(0, ms);
    },
  };
}
