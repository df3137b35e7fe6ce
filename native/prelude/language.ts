/** What Node does by the rules of a language, as far as it is used: for English, and the names and numbers of dreamos. */
import * as host from 'dreamos:host';

/** Of whole numbers: `1,234`. */
export function inEnglish(number: number): string {
  if (!Number.isSafeInteger(number)) return host.toNode('Number.toLocaleString');
  return String(number).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

const order = '_-,;:!?.(){}@*/&#%+<=>|~$0123456789';
const simple = /^[\w\-,;:!?.(){}@*/&#%+<=>|~$]*$/;

/**
 * Of names: the Unicode order, by which `b` stands behind `A` and `a-c` before `ab`. Texts of other characters are compared
 * by Node.
 */
export function compareNames(one: string, other: string): number {
  if (!simple.test(one) || !simple.test(other)) return host.toNode('String.localeCompare');
  return compareBy(one, other, rank) || compareBy(one, other, rankOfCase);
}

function compareBy(one: string, other: string, by: (char: string) => number): number {
  for (let i = 0; i < one.length && i < other.length; i++) {
    const difference = by(one.charAt(i)) - by(other.charAt(i));
    if (difference !== 0) return Math.sign(difference);
  }
  return Math.sign(one.length - other.length);
}

/** Letters stand behind all else, whatever their case; of two that are the same, the small one comes first. */
const rank = (char: string): number => order.indexOf(char) + 1 || order.length + char.toLowerCase().charCodeAt(0);
const rankOfCase = (char: string): number => Number(char !== char.toLowerCase());

const bits = new Uint32Array(2);

/** The engine's own was seeded when the image was made, and would give the same numbers to every process. */
export function random(): number {
  host.random(new Uint8Array(bits.buffer));
  const [high = 0, low = 0] = bits;
  return ((high >>> 5) * 0x4000000 + (low >>> 6)) / 2 ** 53;
}

export function installLanguage(): void {
  put(Number.prototype, 'toLocaleString', function toLocaleString(this: number) {
    return inEnglish(this);
  });
  put(String.prototype, 'localeCompare', function localeCompare(this: string, other: string) {
    return compareNames(this, other);
  });
  put(Math, 'random', random);
  Object.defineProperty(globalThis, 'Intl', { get: () => host.toNode('Intl'), configurable: true });
}

function put(of: object, name: string, value: unknown): void {
  Object.defineProperty(of, name, { value, configurable: true });
}
