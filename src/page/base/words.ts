/** Numbers and times as people read them. */

const steps = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/** `3h 12m`, `45s`, `80ms`: the two largest parts. */
export function span(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))}ms`;
  const i = steps.findIndex(([, size]) => ms >= size);
  const [unit, size] = steps[i] ?? (['s', 1000] as const);
  const whole = Math.floor(ms / size);
  const [nextUnit, nextSize] = steps[i + 1] ?? [];
  const rest = nextSize === undefined ? 0 : Math.floor((ms - whole * size) / nextSize);
  return rest > 0 && whole < 10 ? `${whole}${unit} ${rest}${nextUnit}` : `${whole}${unit}`;
}

/** `3h ago`, `in 45s`. @param at ISO 8601 @param now milliseconds since 1970 */
export function ago(at: string, now: number): string {
  const ms = now - Date.parse(at);
  if (Math.abs(ms) < 1000) return 'now';
  const [first = ''] = span(Math.abs(ms)).split(' ');
  return ms < 0 ? `in ${first}` : `${first} ago`;
}

/** `2026-11-30 05:12:03.120`, in the person's own zone. */
export function moment(at: string | number, { millis = false } = {}): string {
  const date = new Date(at);
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString();
  return local.slice(0, millis ? 23 : 19).replace('T', ' ');
}

/** `1,234` */
export function count(n: number): string {
  return n.toLocaleString('en');
}

/** `1 message`, `2 messages` */
export function many(n: number, one: string, several = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : several}`;
}

/** Of an id what tells it from others on a page: its last eight characters, as the command takes them. */
export function endOf(id: string): string {
  return id.slice(-8);
}

/** Of names with commas each. */
export function listIn(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
}
