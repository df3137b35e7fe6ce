import type { FileContext } from './context.ts';

/**
 * What one module remembers of a store, in a place of its own: nobody else reaches into it but by that module's verbs.
 * Losing it costs time, never mail.
 */
export interface Memory<T> {
  of(ctx: FileContext): T;
}

export function memory<T extends object>(make: () => T): Memory<T> {
  const place = places++;
  return { of: ({ memories }) => (memories[place] ??= make()) as T };
}

let places = 0;
