/**
 * What the library's functions take. The compiler says it to whom it can; this says it to the others: an option that is
 * misspelt or of the wrong kind would be passed over. What a draft or a handler has to be, the core says.
 */
import type { DreamosError } from '../model/errors.ts';
import type { Filter } from '../model/filter.ts';
import { nearestName, reference, usage } from '../model/refusals.ts';
import { states as allStates } from '../model/state.ts';

interface Kind {
  readonly is: (value: unknown) => boolean;
  readonly what: string;
}

/** Each option by its name; none can be forgotten. */
export type Options<T> = { readonly [Name in keyof Required<T>]: Kind | Options<Filter> };

/** One for each argument, in their order. */
export type Takes<Rest extends unknown[]> = {
  readonly [Index in keyof Required<Rest>]: Kind | Options<NonNullable<Rest[Index]>>;
};

type Wanted = Kind | { readonly [name: string]: Wanted };

const isText = (value: unknown): boolean => typeof value === 'string';
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isRecord = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

export const anything: Kind = { is: () => true, what: 'anything' };
/** Milliseconds, bytes, a count: in what range, the core knows. */
export const number: Kind = { is: (value) => typeof value === 'number' && !Number.isNaN(value), what: 'a number' };
export const text: Kind = { is: isText, what: 'a text' };
export const texts: Kind = { is: isTexts, what: 'a list of texts' };
export const textOrTexts: Kind = { is: (value) => isText(value) || isTexts(value), what: 'a text or a list of texts' };
export const yesOrNo: Kind = { is: (value) => typeof value === 'boolean', what: 'true or false' };
export const call: Kind = { is: (value) => typeof value === 'function', what: 'a function' };
export const record: Kind = { is: isRecord, what: 'an object' };
export const signal: Kind = { is: (value) => value instanceof AbortSignal, what: 'an AbortSignal' };
export const ids: Kind = { is: (value) => value === 'all' || isTexts(value), what: 'a list of ids, or "all"' };
export const step: Kind = { is: (value) => value === 'claimed' || value === 'acked', what: '"claimed" or "acked"' };
export const states: Kind = {
  is: (value) => Array.isArray(value) && value.every((one) => (allStates as readonly unknown[]).includes(one)),
  what: `a list of states (${allStates.join(', ')})`,
};

export function maybe({ is, what }: Kind): Kind {
  return { is: (value) => value === undefined || is(value), what };
}

/** @throws USAGE, with the nearest name for an option that there is not */
export function checkArguments(takes: readonly Wanted[], given: readonly unknown[]): void {
  for (let at = 0; at < takes.length; at++) {
    const wanted = takes[at] as Wanted;
    if (isKind(wanted) || given[at] !== undefined) check(`Argument ${at + 1} of this call`, wanted, given[at]);
  }
}

function check(who: string, wanted: Wanted, given: unknown): void {
  if (isKind(wanted)) {
    if (!wanted.is(given)) throw misfit(who, wanted.what, given);
    return;
  }
  if (!isRecord(given)) throw misfit(who, `an object (${Object.keys(wanted).join(', ')})`, given);
  for (const name in given as object) {
    const value = (given as Record<string, unknown>)[name];
    if (!Object.hasOwn(wanted, name)) throw unknownOption(name, Object.keys(wanted));
    if (value !== undefined) check(`\`${name}\``, wanted[name] as Wanted, value);
  }
}

function isKind(wanted: Wanted): wanted is Kind {
  return typeof wanted['is'] === 'function';
}

function unknownOption(name: string, known: readonly string[]): DreamosError {
  const nearest = known.find((one) => one === `${name}Ms`) ?? nearestName(name, known);
  return usage(
    `\`${name}\` is no option of this call.`,
    nearest === undefined ? `One of: ${known.join(', ')}.` : `Did you mean \`${nearest}\`?`,
  );
}

function misfit(who: string, what: string, given: unknown): DreamosError {
  const shown = typeof given === 'string' ? JSON.stringify(given.slice(0, 60)) : String(given).slice(0, 60);
  return usage(`${who} has to be ${what}, not ${Array.isArray(given) ? 'a list' : shown}.`, reference);
}
