/**
 * What an agent may still send: a bucket that holds the messages of one minute, is full at first and fills steadily. It is
 * kept as the moment at which it is full again, so that time alone fills it, and one that is changed for another rate stays
 * as full as it was.
 */
import { minuteMs } from '../../model/basics/limits.ts';
import { isOver } from '../../model/clock.ts';

export interface Allowance {
  /** So many may be sent now. */
  readonly left: number;
  /** When the next may be sent. */
  readonly nextAt: number;
}

export interface Spent extends Allowance {
  /** So many of those that were asked for may be sent; they are no longer left. */
  readonly spent: number;
}

const minuteUs = minuteMs * 1000;

/**
 * @param fullAtUs since 1970, in whole microseconds: a fast agent's messages are a fraction of a millisecond apart. What no
 * bucket needs was written while the clock was ahead, and is full
 * @param count below 0: so many are given back
 */
export function spendFrom(
  fullAtUs: number,
  nowMs: number,
  perMinute: number,
  count: number,
): Spent & { readonly fullAtUs: number } {
  const nowUs = nowMs * 1000;
  const eachUs = minuteUs / perMinute;
  const before = isOver(fullAtUs / 1000, nowMs, minuteMs) ? nowUs : fullAtUs;
  const spent = Math.min(count, leftAt(before, nowUs, eachUs));
  // Down, so that the last of a whole minute is there as well.
  const after = spent === 0 ? before : Math.max(nowUs, Math.floor(before + spent * eachUs));
  const left = leftAt(after, nowUs, eachUs);
  const nextAt = left > 0 ? nowMs : Math.ceil((after + eachUs - minuteUs) / 1000);
  return { spent, left, nextAt, fullAtUs: after };
}

function leftAt(fullAtUs: number, nowUs: number, eachUs: number): number {
  return Math.max(0, Math.floor((minuteUs - (fullAtUs - nowUs)) / eachUs + 1e-9));
}
