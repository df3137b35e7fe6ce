import { dayMs, hourMs, longestMs } from './basics/limits.ts';
import { cut } from './basics/text.ts';
import { reference, usage } from './refusals.ts';

const unitMs = { ms: 1, s: 1000, m: 60_000, h: hourMs, d: dayMs } as const;

/** How a duration is written; that the units get smaller is said by `durationIn`. */
export const durationPattern = /^(?:0|(?:\d{1,9}(?:\.\d{1,3})?(?:ms|s|m|h|d)){1,5})$/;
export const durationExamples = '250ms, 30s, 5m, 2h, 7d or 1h30m';

/**
 * `250ms`, `30s`, `5m`, `2h`, `7d`, `1h30m`: a whole or decimal number and a unit, or several, the larger unit first; 0
 * needs none.
 * @returns milliseconds; `undefined`: it is none
 */
export function durationIn(text: string): number | undefined {
  if (text === '0') return 0;
  if (!durationPattern.test(text)) return undefined;
  let ms = 0;
  let last = Infinity;
  for (const [, number, unit] of text.matchAll(/([\d.]+)(ms|s|m|h|d)/g)) {
    const size = unitMs[unit as keyof typeof unitMs];
    if (size >= last) return undefined;
    last = size;
    ms += Number(number) * size;
  }
  return Math.round(ms);
}

/** @returns milliseconds @throws DreamosError usage */
export function parseDuration(text: string, what = 'duration'): number {
  const ms = durationIn(text);
  if (ms !== undefined) return ms;
  const hint = `a number and a unit: ${durationExamples}.`;
  const meant = meantDuration(text);
  throw usage(
    `"${cut(text, 70)}" is not a ${what}.`,
    meant === undefined ? `Write ${hint}` : `Write ${meant}; ${hint}`,
  );
}

/** As it is to be written, what others write as `1w`, `90 min` or `1 hour and 30 minutes`; `undefined`: nobody knows. */
export function meantDuration(text: string): string | undefined {
  const meant = text
    .toLowerCase()
    .replaceAll(/[\s,]+|and/g, '')
    .replaceAll(/([\d.]+)(?:w|wks?|weeks?)(?![a-z])/g, (_, weeks: string) => `${Number(weeks) * 7}d`)
    .replaceAll(/milliseconds?|msecs?/g, 'ms')
    .replaceAll(/(?<=\d)([smhd])(?:ecs?|econds?|ins?|inutes?|rs?|ours?|ays?)(?![a-z])/g, '$1');
  return meant !== text && durationIn(meant) !== undefined ? meant : undefined;
}

/** `30`, `30d`, `48h`. @returns `undefined`: no whole number of days */
export function daysIn(text: string): number | undefined {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const days = (durationIn(text) ?? Number.NaN) / dayMs;
  return Number.isInteger(days) ? days : undefined;
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

/** What is still to come, in whole seconds and rounded up: `5m`, where a moment has gone by since it was said. */
export function timeLeft(ms: number): string {
  return formatDuration(ms < 1000 ? Math.max(0, ms) : Math.ceil(ms / 1000) * 1000);
}

/** All of it, as it may be written: `1h30m`. */
export function exactDuration(ms: number): string {
  let rest = Math.max(0, Math.round(ms));
  const parts = (['d', 'h', 'm', 's', 'ms'] as const).map((unit) => {
    const count = Math.floor(rest / unitMs[unit]);
    rest -= count * unitMs[unit];
    return count === 0 ? '' : `${count}${unit}`;
  });
  return Number.isFinite(ms) ? parts.join('') || '0ms' : formatDuration(ms);
}
