import { getBuiltinModule } from 'node:process';
import { decodeTime, encodeTime, monotonicFactory } from 'ulid';
import { isAhead, sayableTime } from './clock.ts';

/** Crockford's base32, as ULIDs use it: no I, L, O or U. */
export const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const idPattern = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/** With this the tokens of consumers begin that go on to claim, and no other: the last of the alphabet. */
export const consumersFirst = 'Z';

/** Makes message ids and claim tokens; injected, so that a simulation can repeat itself. */
export interface Ids {
  /** A ULID, strictly increasing within this source even when the clock steps back; but it follows one that was ahead by far. */
  next(nowMs: number): string;
  /** Ten base32 characters (50 random bits, almost): tells one claim from every other, and one new folder from the next. */
  token(): string;
  /** A random number in [0, 1), for jitter and for spreading consumers. */
  fraction(): number;
}

/** @param random a number in [0, 1) */
export function createIds(random: () => number = pooledRandom()): Ids {
  let next = monotonicFactory(random);
  let latest = 0;
  return {
    next: (nowMs) => {
      if (isAhead(latest, nowMs)) {
        next = monotonicFactory(random);
        latest = 0;
      }
      latest = Math.max(latest, nowMs);
      return next(nowMs);
    },
    token: () => {
      let token = alphabet.charAt(Math.floor(random() * 31));
      for (let i = 1; i < 10; i++) token += alphabet.charAt(Math.floor(random() * 32));
      return token;
    },
    fraction: random,
  };
}

export function isId(text: string): boolean {
  return idPattern.test(text);
}

const endPattern = /^[0-9A-HJKMNP-TV-Z]{4,26}$/i;

/** Whether a text may stand for an id by being its end: its last four characters or more, in any case of letters. */
export function mayEndId(text: string): boolean {
  return endPattern.test(text);
}

/** The shortest end of an id, of `least` characters or more, that no other id among these has. */
export function endOf(id: string, among: readonly string[], least = 4): string {
  const others = among.filter((other) => other !== id);
  let length = least;
  while (length < id.length && others.some((other) => other.endsWith(id.slice(-length)))) length++;
  return id.slice(-length);
}

/** The time inside a ULID, in milliseconds since 1970. */
export function idTime(id: string): number {
  return decodeTime(id);
}

/**
 * A ULID of a given time whose random part is taken from `seed`: the same input gives the same id.
 * @param timeMs any; the nearest that can be said is taken
 */
export function idFrom(timeMs: number, seed: Uint8Array): string {
  let id = encodeTime(sayableTime(timeMs), 10);
  for (let i = 0; i < 16; i++) id += alphabet.charAt((seed[i % seed.length] ?? 0) % 32);
  return id;
}

/** Drawn from the operating system. One filling is enough for many draws: a ULID takes 16 of them, a token 10. */
function pooledRandom(): () => number {
  const pool = new Uint8Array(1024);
  let used = pool.length;
  return () => {
    if (used === pool.length) {
      // Loaded here, because that takes 4 ms.
      getBuiltinModule('node:crypto').randomFillSync(pool);
      used = 0;
    }
    return (pool[used++] ?? 0) / 256;
  };
}
