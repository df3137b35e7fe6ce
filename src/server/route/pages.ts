/** Lists in pages. What comes or goes between two pages neither repeats nor hides what stays: a page begins behind the last item of the one before it. */
import * as z from 'zod/mini';
import { cursorOf } from '../../core/root/cursor.ts';
import { DreamosError } from '../../model/errors.ts';
import { once } from '../../model/schema.ts';
import { maybe } from './fields.ts';
import type { Page, Sorted } from './route.ts';

const usualItems = 100;
const mostItems = 1000;

/** What every list that has pages takes. */
export const pageFields = once(() => ({
  limit: maybe(
    z.int().check(z.minimum(1), z.maximum(mostItems)),
    `at most so many; ${usualItems} if not given, in JSON Lines all`,
  ),
  after: maybe(z.string(), 'goes on there: `next` of the page before'),
}));

/** An item, and where it stands. */
export interface Placed {
  readonly item: unknown;
  readonly place: string | undefined;
}

/** @param isWhole without a limit all of it is meant @throws CURSOR_INVALID */
export function pageAsked(input: { readonly limit?: number; readonly after?: string }, isWhole: boolean): Page {
  const { limit = isWhole ? undefined : usualItems, after } = input;
  return { limit, after: after === undefined ? undefined : opened(after) };
}

/** What the operation itself has put behind `after`. */
export async function* inPlaces(items: AsyncIterable<unknown>): AsyncGenerator<Placed, void, undefined> {
  for await (const item of items)
    yield { item, place: typeof item === 'object' && item !== null ? cursorOf(item) : undefined };
}

/** A list that comes whole, sorted, from behind a place on. */
export async function* sorted(
  items: AsyncIterable<unknown>,
  { by, order }: Sorted,
  after: string | undefined,
): AsyncGenerator<Placed, void, undefined> {
  const keyOf = by as (item: unknown) => string;
  const sign = order === 'down' ? -1 : 1;
  const all: { item: unknown; place: string }[] = [];
  for await (const item of items) {
    const place = keyOf(item);
    if (after === undefined || sign * compare(place, after) > 0) all.push({ item, place });
  }
  yield* all.sort((a, b) => sign * compare(a.place, b.place));
}

/** Names as people sort them; of two that are as good as the same one comes first all the same. */
function compare(a: string, b: string): number {
  return a.localeCompare(b, 'en') || (a < b ? -1 : Number(a > b));
}

// Nobody is to build one, or to read anything in it.
export function closed(place: string): string {
  return Buffer.from(place).toString('base64url');
}

function opened(cursor: string): string {
  const place = Buffer.from(cursor, 'base64url');
  if (cursor !== '' && place.toString('base64url') === cursor) return place.toString();
  throw cursorInvalid();
}

function cursorInvalid(): DreamosError {
  return new DreamosError('invalid', 'CURSOR_INVALID', 'This is no place in a list.', {
    hint: 'Give `after` what `next` of the page before has said, or leave it out',
  });
}
