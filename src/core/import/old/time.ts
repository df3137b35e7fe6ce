const iso = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?)?$/i;
const compact = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)()(Z)?$/i;
const latest = Date.UTC(9999, 11, 31);

/**
 * A time as the older formats write it: ISO 8601 with any number of decimals, with a blank for the T, without a zone
 * (then UTC, whatever clock wrote it: the file does not say), compact (`20231116T110000Z`); or seconds or milliseconds
 * since 1970, told apart by their size.
 * @returns milliseconds since 1970; `undefined`: not a time
 */
export function parseOldTime(value: unknown): number | undefined {
  if (typeof value === 'number') return sinceEpoch(value);
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  if (/^\d{9,13}(?:\.\d+)?$/.test(text)) return sinceEpoch(Number(text));
  const match = iso.exec(text) ?? compact.exec(text);
  if (!match) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const ms = Math.trunc(Number(`0.${match[7] || '0'}`) * 1000);
  const at = Date.UTC(year, month - 1, day, hour, minute, second, ms);
  // Date.UTC rolls over what does not exist: 31 February would silently be 3 March.
  const back = new Date(at);
  const same = back.getUTCMonth() === month - 1 && back.getUTCDate() === day && back.getUTCHours() === hour;
  if (!same || minute > 59 || second > 59) return undefined;
  return inRange(at - zoneMs(match[8]));
}

function sinceEpoch(value: number): number | undefined {
  if (!Number.isFinite(value) || value < 1e8) return undefined;
  return inRange(Math.trunc(value < 1e11 ? value * 1000 : value));
}

function inRange(ms: number): number | undefined {
  return ms >= 0 && ms <= latest ? ms : undefined;
}

function zoneMs(zone: string | undefined): number {
  const match = /^([+-])(\d\d):?(\d\d)$/.exec(zone ?? '');
  if (!match) return 0;
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3])) * 60_000;
}
