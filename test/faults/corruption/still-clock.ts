import type { Clock } from '../../../src/model/clock.ts';

/** A wall clock that moves only when it is told to. */
export function stillClock(startMs: number): Clock & { nowMs: number } {
  return {
    nowMs: startMs,
    now() {
      return this.nowMs;
    },
    uptime: () => performance.now(),
  };
}
