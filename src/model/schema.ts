import * as z from 'zod/mini';

/** A schema that is made when it is first asked for: making all takes 2 ms, and most commands need none or one. */
export interface Schema<S extends z.core.$ZodType> {
  (): S;
  /** The value as the schema gives it back; `undefined` for what does not fit, or only perhaps (basics/fits.ts). */
  fitting(value: unknown): z.output<S> | undefined;
  /** As `z.safeParse`. */
  safeParse(value: unknown): z.core.util.SafeParseResult<z.output<S>>;
}

export function schema<S extends z.core.$ZodType>(
  make: () => S,
  fits: (value: unknown) => unknown = () => undefined,
): Schema<S> {
  const get = once(make);
  const fitting = fits as Schema<S>['fitting'];
  const safeParse: Schema<S>['safeParse'] = (value) => {
    const data = fitting(value);
    return data === undefined ? z.safeParse(get(), value) : { success: true, data };
  };
  return Object.assign(get, { fitting, safeParse });
}

/**
 * What a loose schema gives, by the names it knows: with the index signature that zod infers every misspelt field would
 * compile.
 */
export type Known<T> = T extends readonly (infer Item)[]
  ? Known<Item>[]
  : T extends object
    ? { [Key in keyof T as string extends Key ? never : Key]: Known<T[Key]> }
    : T;

export function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
