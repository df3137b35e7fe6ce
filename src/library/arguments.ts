/**
 * What the library's functions take. The compiler says it to whom it can; this says it to the others: an option that is
 * misspelt or of the wrong kind would be passed over. What a draft or a handler has to be, the core says.
 */
import type { AgentInput } from '../core/agents/agents.ts';
import { steps } from '../core/follow/until.ts';
import type { DreamosError } from '../model/errors.ts';
import type { DeadFilter, Filter, LookFilter } from '../model/filter.ts';
import { nearestName, reference, usage } from '../model/refusals.ts';
import { states as allStates, taskStates as allTaskStates } from '../model/state.ts';

/** Whether a value is of it, and how that is called. A function, so that each call tells it from an object of options quickly. */
interface Kind {
  (value: unknown): boolean;
  readonly what: string;
}

/** Each option by its name; none can be forgotten. */
export type Options<T> = {
  readonly [Name in keyof Required<T>]: Kind | Options<Filter> | Options<LookFilter> | Options<DeadFilter>;
};

/** One for each argument, in their order. */
export type Takes<Rest extends unknown[]> = {
  readonly [Index in keyof Required<Rest>]: Kind | Options<NonNullable<Rest[Index]>>;
};

type Wanted = Kind | { readonly [name: string]: Wanted };

function kind(what: string, is: (value: unknown) => boolean): Kind {
  return Object.assign(is, { what });
}

export const anything = kind('anything', () => true);
/** Milliseconds, bytes, a count: in what range, the core knows. */
export const number = kind('a number', (value) => typeof value === 'number' && !Number.isNaN(value));
export const text = kind('a text', (value) => typeof value === 'string');
export const texts = kind('a list of texts', (value) => Array.isArray(value) && value.every(text));
export const textOrTexts = kind('a text or a list of texts', (value) => text(value) || texts(value));
export const textOrNumber = kind('a text or a number', (value) => text(value) || number(value));
export const list = kind('a list', Array.isArray);
export const iterable = kind('a list', (value) => (record(value) ? Symbol.iterator in (value as object) : list(value)));
export const yesOrNo = kind('true or false', (value) => typeof value === 'boolean');
export const call = kind('a function', (value) => typeof value === 'function');
export const record = kind(
  'an object',
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);
export const signal = kind('an AbortSignal', (value) => value instanceof AbortSignal);
export const ids = kind('a list of ids, or "all"', (value) => value === 'all' || texts(value));
export const step = kind(`one of ${steps.join(', ')}`, (value) => (steps as readonly unknown[]).includes(value));
export const states = listOf(allStates);
export const taskStates = listOf(allTaskStates);

function listOf(all: readonly string[]): Kind {
  return kind(
    `a list of states (${all.join(', ')})`,
    (value) => Array.isArray(value) && value.every((one) => (all as readonly unknown[]).includes(one)),
  );
}

export function maybe(one: Kind): Kind {
  return kind(one.what, (value) => value === undefined || one(value));
}

/** `null` takes out what was said before. */
function orNull(one: Kind): Kind {
  return kind(`${one.what} or null`, (value) => value === null || one(value));
}

export const registering: Options<AgentInput> = {
  name: text,
  description: text,
  card: record,
  groups: texts,
  settings: record,
  kind: orNull(text),
  capabilities: texts,
  maxTasks: orNull(number),
  standbyFor: texts,
  mailToStandby: yesOrNo,
  at: orNull(text),
  ifVersion: number,
};

const needed = new WeakMap<object, readonly string[]>();

/** Options that have to be there, and these of them. */
export function needing<T>(options: Options<T>, ...names: (keyof T & string)[]): Options<T> {
  needed.set(options, names);
  return options;
}

/** @throws USAGE, with the nearest name for an option that there is not */
export function checkArguments(takes: readonly Wanted[], given: readonly unknown[]): void {
  for (let at = 0; at < takes.length; at++) {
    const wanted = takes[at] as Wanted;
    if (isKind(wanted) || given[at] !== undefined || needed.has(wanted)) check(at, wanted, given[at]);
  }
}

/** @param which argument, or which of its options */
function check(which: number | string, wanted: Wanted, given: unknown): void {
  if (isKind(wanted)) {
    if (!wanted(given)) throw misfit(which, wanted.what, given);
    return;
  }
  if (!record(given)) throw misfit(which, `an object (${Object.keys(wanted).join(', ')})`, given);
  for (const name in given as object) {
    const value = (given as Record<string, unknown>)[name];
    if (!Object.hasOwn(wanted, name)) throw unknownOption(name, Object.keys(wanted));
    if (value !== undefined) check(name, wanted[name] as Wanted, value);
  }
  for (const name of needed.get(wanted) ?? [])
    if ((given as Record<string, unknown>)[name] === undefined) throw usage(`\`${name}\` is missing.`, reference);
}

function isKind(wanted: Wanted): wanted is Kind {
  return typeof wanted === 'function';
}

function unknownOption(name: string, known: readonly string[]): DreamosError {
  const nearest = known.find((one) => one === `${name}Ms`) ?? nearestName(name, known);
  return usage(
    `\`${name}\` is no option of this call.`,
    nearest === undefined ? `One of: ${known.join(', ')}.` : `Did you mean \`${nearest}\`?`,
  );
}

function misfit(which: number | string, what: string, given: unknown): DreamosError {
  const who = typeof which === 'number' ? `Argument ${which + 1} of this call` : `\`${which}\``;
  const shown = typeof given === 'string' ? JSON.stringify(given.slice(0, 60)) : String(given).slice(0, 60);
  return usage(`${who} has to be ${what}, not ${Array.isArray(given) ? 'a list' : shown}.`, reference);
}
