import type { FileContext } from './context.ts';

/**
 * What one module remembers of a store, in a place of its own: nobody else reaches into it but by that module's verbs.
 * Losing it costs time, never mail.
 */
export interface Memory<T> {
  of(ctx: FileContext): T;
}

export function memory<T>(make: () => T): Memory<T> {
  const places = new WeakMap<FileContext, { readonly value: T }>();
  return {
    of(ctx) {
      let place = places.get(ctx);
      if (!place) places.set(ctx, (place = { value: make() }));
      return place.value;
    },
  };
}
