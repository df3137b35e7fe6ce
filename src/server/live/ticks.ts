/** One timer for all who are to say now and then that they are there: they are woken together, and the process once. */
import { type Clock, restByBeat } from '../../model/clock.ts';

const everyMs = 15_000;

interface Ticks {
  readonly waiting: Set<() => void>;
  timer?: NodeJS.Timeout | undefined;
}

const ticksOf = new WeakMap<Clock, Ticks>();

/** @param call at the next tick, which comes within 15 seconds, and at each behind it @returns ends it */
export function onTick(clock: Clock, call: () => void): () => void {
  const ticks = ticksOf.get(clock) ?? { waiting: new Set() };
  ticksOf.set(clock, ticks);
  const { waiting } = ticks;
  const rest = (): void => {
    ticks.timer = setTimeout(tick, restByBeat(clock, everyMs));
  };
  const tick = (): void => {
    rest();
    waiting.forEach((one) => one());
  };
  // Of its own, so that ending one of two that are alike ends that one.
  const own = (): void => call();
  waiting.add(own);
  if (ticks.timer === undefined) rest();
  return () => {
    waiting.delete(own);
    if (waiting.size > 0) return;
    clearTimeout(ticks.timer);
    ticks.timer = undefined;
  };
}
