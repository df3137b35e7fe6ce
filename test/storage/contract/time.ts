import { setTimeout } from 'node:timers/promises';
import { expect } from 'vitest';
import { type Clock, systemClock } from '../../../src/model/clock.ts';
import { createFakeClock } from './fake-clock.ts';

/** How the suite has time: on a clock that stands still between the steps of a test, or as it goes by. */
export interface Time {
  readonly clock: Clock;
  pass(ms: number): Promise<void>;
  /** What a time in milliseconds or in ISO 8601 is expected to be, which the store took from its own clock. */
  around<T extends number | string>(time: T): T;
}

export const times = { still: createStillTime, real: createRealTime };

function createStillTime(): Time {
  const clock = createFakeClock();
  return { clock, pass: async (ms) => clock.advance(ms), around: (time) => time };
}

const longestMs = 6000;
/** More than a busy machine needs for a few calls, and less than the times differ that one test tells apart. */
const slackMs = 5000;

function createRealTime(): Time {
  return {
    clock: systemClock,
    pass: async (ms) => {
      if (ms > longestMs) throw new Error(`Nobody waits ${ms} ms: shorten it, or mark the test with onStillClock.`);
      const until = systemClock.now() + ms;
      for (let restMs = ms; restMs > 0; restMs = until - systemClock.now()) await setTimeout(restMs);
    },
    around: <T extends number | string>(time: T) => {
      const near = (other: T): boolean =>
        typeof other === typeof time && Math.abs(Number(new Date(other)) - Number(new Date(time))) < slackMs;
      return expect.toSatisfy(near, `is within ${slackMs} ms of ${time}`) as T;
    },
  };
}
