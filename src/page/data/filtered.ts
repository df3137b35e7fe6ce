import type { FilterName, Typed } from '../base/filter-text.ts';
import type { Query } from './api.ts';

/** A filter as routes take it. `older` is a duration, `2h`. */
export function fieldsFor({ fields }: Typed, names?: readonly FilterName[]): Query {
  const { older, ...rest } = fields;
  const all = { ...rest, ...(older !== undefined && { olderThan: older }) };
  if (names === undefined) return all;
  return Object.fromEntries(Object.entries(all).filter(([name]) => (names as readonly string[]).includes(name)));
}
