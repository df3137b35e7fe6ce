/**
 * Checks of what every command reads, without zod: to make a schema of each and to ask them is 5 ms of a send, and a loop
 * checks a message in 0.7 us instead of 2.6. They say yes, or nothing: then the schema is asked, which explains. That a yes
 * is what the schema would say, test/model/fits.test.ts makes sure of.
 */
export type Fits = (value: unknown) => boolean;

export const string: Fits = (value) => typeof value === 'string';
export const number: Fits = (value) => Number.isFinite(value);
export const boolean: Fits = (value) => typeof value === 'boolean';
export const anything: Fits = (value) => value !== undefined;
export const nothing: Fits = (value) => value === null;

export function oneOf(...values: readonly unknown[]): Fits {
  return (value) => values.includes(value);
}

export function matching(pattern: RegExp): Fits {
  return (value) => typeof value === 'string' && pattern.test(value);
}

/** zod counts code points, and of these a text has no more than of what is counted here. */
export function textOf(least: number, most: number): Fits {
  return (value) => typeof value === 'string' && value.length >= least && value.length <= most;
}

export function whole(least: number, most: number): Fits {
  return (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

export function either(one: Fits, other: Fits): Fits {
  return (value) => one(value) || other(value);
}

export function listOf(item: Fits, most = Infinity): Fits {
  return (value) => Array.isArray(value) && value.length <= most && value.every(item);
}

/** A field that may be missing. */
export function optional(fits: Fits): Field {
  return { fits, needed: false };
}

interface Field {
  readonly fits: Fits;
  readonly needed: boolean;
}

/**
 * For objects that JSON.parse or a literal has made, with these fields and any others.
 * @returns the object as zod's looseObject gives it back, that is, these fields first and in this order; else `undefined`
 */
export function fieldsOf(shape: Record<string, Fits | Field>): (value: unknown) => object | undefined {
  const fields = Object.entries(shape).map(([name, field]) =>
    typeof field === 'function' ? { name, fits: field, needed: true } : { name, ...field },
  );
  const names = Object.keys(shape);

  function fits(value: Record<string, unknown>, keys: readonly string[]): boolean {
    let at = 0;
    for (const { name, fits: fitsField, needed } of fields) {
      if (keys[at] === name) {
        if (!fitsField(value[name])) return false;
        at++;
      } else if (needed) return false;
    }
    return at === keys.length || keys.slice(at).every((key) => !names.includes(key) && key !== '__proto__');
  }

  return (value) => {
    if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
      return undefined;
    const given = value as Record<string, unknown>;
    const keys = Object.keys(given);
    if (fits(given, keys)) return given;
    const inOrder = [...names.filter((name) => keys.includes(name)), ...keys.filter((key) => !names.includes(key))];
    const sorted = Object.fromEntries(inOrder.map((key) => [key, given[key]]));
    return fits(sorted, inOrder) ? sorted : undefined;
  };
}
