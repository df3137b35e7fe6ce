import type { Cron } from 'croner';
import { DreamosError } from '../../model/errors.ts';

/** When something comes again and again. Moments are milliseconds since 1970; `undefined`: there is none. */
export interface CronLine {
  /** The last occurrence that is not after this moment. */
  latest(atMs: number): number | undefined;
  /** The first occurrence after this moment. */
  next(afterMs: number): number | undefined;
}

/**
 * Reads a cron line: minute, hour, day of month, month, day of week; with a sixth field in front, seconds; or `@daily` and
 * its like. When clocks are put forward, a fixed time (no `*` and no step in hour and minute) that does not exist comes
 * right after the gap, once; when they are put back, at the first of its two passes. Other lines skip the gap and come in
 * both passes. These are the rules of Vixie cron, as croner keeps them (README of croner 11, "Pattern").
 * @param tz an IANA name
 * @throws CRON_INVALID, TIMEZONE_INVALID
 */
export async function parseCron(line: string, tz: string): Promise<CronLine> {
  checkZone(tz);
  // croner also takes an ISO time for a line, and seven fields.
  const fields = line.trim().split(/\s+/);
  if (fields.length !== 5 && fields.length !== 6 && !/^@[a-z]+$/i.test(line))
    throw invalid(line, 'it has neither 5 nor 6 fields');
  const { Cron } = await import('croner');
  let cron: Cron;
  try {
    cron = new Cron(line, { timezone: tz, mode: '5-or-6-parts', fixedTimeRule: 'no-wildcard' });
  } catch (cause) {
    throw invalid(line, (cause as Error).message.replace(/^CronPattern: |\.$/g, ''), cause);
  }
  // Between two occurrences the answers are the same, and croner takes half a millisecond for them.
  let last:
    { readonly from: number; readonly latest: number | undefined; readonly next: number | undefined } | undefined;
  const around = (atMs: number) => {
    if (last && atMs >= last.from && atMs < (last.next ?? Infinity)) return last;
    // croner counts whole seconds, and means "before".
    const latest = cron.previousRuns(1, new Date(Math.floor(atMs / 1000) * 1000 + 1000))[0]?.getTime();
    return (last = { from: latest ?? atMs, latest, next: cron.nextRun(new Date(atMs))?.getTime() });
  };
  return { latest: (atMs) => around(atMs).latest, next: (afterMs) => around(afterMs).next };
}

function checkZone(tz: string): void {
  try {
    // Newer versions of Node.js also take an offset here, but croner does not.
    if (/^[A-Za-z]/.test(tz)) return void new Intl.DateTimeFormat('en', { timeZone: tz });
  } catch {
    // A RangeError: it is not known.
  }
  throw new DreamosError('invalid', 'TIMEZONE_INVALID', `"${tz}" is not a time zone that is known here.`, {
    hint: 'Use an IANA name, such as Europe/Berlin, America/New_York or UTC.',
  });
}

function invalid(line: string, why: string, cause?: unknown): DreamosError {
  return new DreamosError('invalid', 'CRON_INVALID', `"${line}" is not a cron line: ${why}.`, {
    hint: 'Write minute, hour, day of month, month and day of week, quoted for the shell: "0 3 * * *" is 3:00 every day.',
    cause,
  });
}
