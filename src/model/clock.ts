import { hrtime } from 'node:process';
import { dayMs, hourMs } from './basics/limits.ts';
import { cut } from './basics/text.ts';
import { durationIn } from './duration.ts';
import { usage } from './refusals.ts';

/** Where time comes from; injected, so that tests own it. */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970. Leases, due times and names use it; it may step. */
  now(): number;
  /** Monotonic milliseconds from an arbitrary start, for measuring how long ago something was. */
  uptime(): number;
}

/** A clock that is set right may go back so far without anybody's having been wrong by much. */
const clockSlackMs = 60_000;

/** Whether a moment lies further ahead than `longestMs`: it was written while the clock was ahead. */
export function isAhead(at: number, now: number, longestMs = 0): boolean {
  return at > now + longestMs + clockSlackMs;
}

/** Whether it is over until when something holds: the moment has come, or lies further ahead than its kind ever does. */
export function isOver(until: number, now: number, longestMs: number): boolean {
  return until <= now || isAhead(until, now, longestMs);
}

/** How long ago a moment was; `Infinity`: nobody knows, since it was written while the clock was ahead. */
export function agoMs(at: number, now: number): number {
  return isAhead(at, now) ? Infinity : now - at;
}

/** How long it has been so since a moment, as far as the clock can tell: `undefined`, if that was ahead then. */
export function lastedMs(since: number, now: number): number | undefined {
  const ms = agoMs(since, now);
  return ms === Infinity ? undefined : Math.max(0, ms);
}

/** The last moment that an ISO time can say with four digits for the year. */
export const latestTime = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** The nearest moment that an id and an ISO time can both say: a file's own time can be any, also the year 33658. */
export function sayableTime(timeMs: number): number {
  return Math.min(latestTime, Math.max(0, Math.trunc(timeMs)));
}

/** So often a process that only looks whether there is something wakes; milliseconds. */
export const beatMs = 5000;

/** By clock: when its beat began. It is no moment of the machine's, or all who wait there would wake at once. */
const beats = new WeakMap<Clock, number>();

/**
 * When to look again that can wait until then: those who ask by one clock wake at the same moment, and the process once for all.
 * @param at by its uptime, like what is returned; milliseconds
 * @returns the last beat that is not behind it
 */
export function beatBy(clock: Clock, at: number): number {
  let begun = beats.get(clock);
  // Whole: only timers of whole milliseconds end at the same one.
  if (begun === undefined) beats.set(clock, (begun = Math.floor(clock.uptime())));
  return begun + Math.floor((at - begun) / beatMs) * beatMs;
}

/** A rest that ends with the last beat in it; one that is shorter than from beat to beat is as it was. Milliseconds. */
export function restByBeat(clock: Clock, ms: number): number {
  const now = clock.uptime();
  return ms < beatMs ? ms : Math.ceil(beatBy(clock, now + ms) - now);
}

let knownSecond = Number.NaN;
let secondText = '';

/** As `new Date(timeMs).toISOString()`. What falls into the same second shares its text, for a loop asks at each event. */
export function isoTime(timeMs: number): string {
  const ms = Math.trunc(timeMs);
  const second = Math.floor(ms / 1000);
  if (second !== knownSecond) {
    secondText = new Date(second * 1000).toISOString().slice(0, -4);
    knownSecond = second;
  }
  return `${secondText}${String(ms - second * 1000).padStart(3, '0')}Z`;
}

/**
 * A day and a time of day in ISO 8601; without an offset it is UTC, as all that dreamos prints.
 * @param nowMs for what is said to be typed instead
 * @returns milliseconds since 1970 @throws USAGE
 */
export function parseTime(text: string, what: string, nowMs = systemClock.now()): number {
  const at = timeIn(text);
  if (at !== undefined) return at;
  const meantMs = meantTime(text, nowMs);
  const [utc = '', elsewhere = ''] = [meantMs, meantMs + hourMs].map((ms) => isoTime(ms).slice(0, 16));
  throw usage(
    `"${cut(text, 70)}" is not a time for ${what}.`,
    `Write day and time: ${utc}Z, or ${elsewhere}+01:00. Without Z or an offset it is UTC.`,
  );
}

/** The next moment that a day, a time of day or a duration means in UTC; of what means none, a likely one. */
function meantTime(text: string, nowMs: number): number {
  const afterMs = durationIn(text.replace(/^(?:in |\+)/i, ''));
  if (afterMs !== undefined) return Math.min(latestTime - hourMs, nowMs + afterMs);
  const ofDay = timeIn(`${text}T09:00`);
  if (ofDay !== undefined) return ofDay;
  const match = /^(today|tomorrow)? ?(?:at )?(\d\d?)?(?::(\d\d))? ?([ap]m)?$/i.exec(text);
  const [, day = '', hour = '9', minute = '0', half] = match ?? ['', 'tomorrow'];
  const hours = half === undefined ? Number(hour) : (Number(hour) % 12) + (/p/i.test(half) ? 12 : 0);
  const at = nowMs - (nowMs % dayMs) + (hours < 24 ? hours : 9) * hourMs + (Number(minute) % 60) * 60_000;
  return at > nowMs && !/tomorrow/i.test(day) ? at : at + dayMs;
}

export function timeIn(text: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(?:Z|([+-]\d\d):?(\d\d))?$/i.exec(text);
  const [, day = '', time = '', hours = '+00', minutes = '00'] = match ?? [];
  const at = Date.parse(`${day}T${time}${hours}:${minutes}`);
  // Date.parse takes February 30th for March 2nd.
  return !Number.isNaN(at) && new Date(`${day}T00:00Z`).toISOString().startsWith(day) ? at : undefined;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  // Not performance.now(): that loads perf_hooks, and a one-shot command has no millisecond to spare.
  uptime: () => {
    const [seconds, nanoseconds] = hrtime();
    return seconds * 1000 + nanoseconds / 1e6;
  },
};
