/**
 * A moment on the clocks of a time zone, as an option takes it: `2026-11-21T03:00+01:00`; in UTC as it is.
 * @param iso a time in UTC @param tz an IANA name
 */
export function timeInZone(iso: string, tz: string): string {
  if (tz === 'UTC') return iso;
  try {
    return onClocksOf(tz, new Date(iso));
  } catch (error) {
    // Written by hand, or by a machine that knows more zones: what looks has to show it all the same.
    if (error instanceof RangeError) return iso;
    throw error;
  }
}

/** @throws RangeError */
function onClocksOf(timeZone: string, at: Date): string {
  const parts = new Intl.DateTimeFormat('en', { ...numeric, timeZone }).formatToParts(at);
  const of = Object.fromEntries(parts.map(({ type, value }) => [type, value])) as Record<string, string>;
  const seconds = of['second'] === '00' ? '' : `:${of['second']}`;
  const offset = of['timeZoneName']?.replace('GMT', '') || '+00:00';
  return `${of['year']}-${of['month']}-${of['day']}T${of['hour']}:${of['minute']}${seconds}${offset}`;
}

const numeric = {
  calendar: 'gregory',
  numberingSystem: 'latn',
  hourCycle: 'h23',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  timeZoneName: 'longOffset',
} as const;
