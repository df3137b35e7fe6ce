import * as z from 'zod/mini';

/** A schema that is made when it is first asked for: making all takes 2 ms, and most commands need none or one. */
export interface Schema<S extends z.core.$ZodType> {
  (): S;
  /** As `z.safeParse`. */
  safeParse(value: unknown): z.core.util.SafeParseResult<z.output<S>>;
}

/**
 * @param premade of the same schema; `undefined` for what does not fit, which the schema then explains. So a one-shot
 * command with good mail does not load zod at all, and a loop checks a message in 0.25 us instead of 2.6. (zod's compile()
 * at run time is 3 ms for who checks many, and 56 kB more to read for all.)
 */
export function schema<S extends z.core.$ZodType>(make: () => S, premade?: (value: unknown) => unknown): Schema<S> {
  const get = once(make);
  const safeParse: Schema<S>['safeParse'] = (value) => {
    const data = premade?.(value);
    return data === undefined ? z.safeParse(get(), value) : { success: true, data: data as z.output<S> };
  };
  return Object.assign(get, { safeParse });
}

export function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
