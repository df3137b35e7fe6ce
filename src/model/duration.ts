import { dayMs, hourMs, longestMs } from './basics/limits.ts';
import { cut } from './basics/text.ts';
import { reference, usage } from './refusals.ts';

const unitMs = { ms: 1, s: 1000, m: 60_000, h: hourMs, d: dayMs } as const;

/**
 * `250ms`, `30s`, `5m`, `2h`, `7d`: one whole or decimal number and a unit; 0 needs none.
 * @returns milliseconds @throws DreamosError usage
 */
export function parseDuration(text: string, what = 'duration'): number {
  if (text === '0') return 0;
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text);
  if (!match) {
    throw usage(`"${cut(text, 70)}" is not a ${what}.`, 'Write a number and a unit: 250ms, 30s, 5m, 2h or 7d.');
  }
  return Math.round(Number(match[1]) * unitMs[match[2] as keyof typeof unitMs]);
}

/** @throws DreamosError usage */
export function checkSpan(what: string, ms: number | undefined, least: 0 | 1): void {
  if (ms === undefined || (Number.isFinite(ms) && ms >= least && ms <= longestMs)) return;
  const message = `The ${what} has to be ${least === 0 ? 'at least 0' : 'more than 0'} and at most 3650d.`;
  throw usage(message, reference);
}

/** How long somebody waits: `Infinity` is for ever, and NaN would be, too, without being meant. @throws DreamosError usage */
export function checkWait(waitMs: number): void {
  if (typeof waitMs === 'number' && waitMs >= 0) return;
  throw usage(`${String(waitMs)} cannot be waitMs.`, 'Allowed: a number of milliseconds from 0 on, or Infinity.');
}

/** The shortest text that a person reads at a glance: `340ms`, `12s`, `4m`, `3h`, `9d`. Rounded down. */
export function formatDuration(ms: number): string {
  if (ms === Infinity) return 'an unknown time';
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    if (ms >= unitMs[unit]) return `${Math.floor(ms / unitMs[unit])}${unit}`;
  }
  return `${Math.max(0, Math.floor(ms))}ms`;
}
