/**
 * Where in a list an item stands, for who goes on behind it. It is told of the item itself and not in it, so that its shape stays as
 * it is. A cursor is the place in the order of the list, so it is good when its item has gone, too.
 */
import { sameAgent } from '../../model/agent.ts';
import { jsonIn } from '../../model/basics/raw-json.ts';
import { DreamosError } from '../../model/errors.ts';

const places = new WeakMap<object, string>();

type Part = string | number;

/** @returns the item */
export function placedAt<T extends object>(item: T, ...place: readonly Part[]): T {
  places.set(item, JSON.stringify(place));
  return item;
}

/** The place of an item that a list has handed over, for `after`; `undefined`: it is of none. */
export function cursorOf(item: object): string | undefined {
  return places.get(item);
}

/** @param like of what kind its parts are @throws CURSOR_INVALID */
export function placeIn<const P extends readonly Part[]>(
  after: string,
  like: P,
): { -readonly [I in keyof P]: Widened<P[I]> } {
  const place = jsonIn(after);
  const fits = Array.isArray(place) && place.length === like.length;
  if (fits && place.every((part, i) => typeof part === typeof like[i])) return place as never;
  throw cursorInvalid();
}

export function cursorInvalid(): DreamosError {
  return new DreamosError('invalid', 'CURSOR_INVALID', 'This is no place in this list.', {
    hint: 'Give `after` what was said of the last item, or leave it out',
  });
}

type Widened<T> = T extends string ? string : number;

/** Of names in the order of a list of agents: those from this one on. */
export function namesFrom(names: readonly string[], first: string): readonly string[] {
  return names.filter((name) => sameAgent(name, first) || name.localeCompare(first, 'en') > 0);
}
