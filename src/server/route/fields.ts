/** What the inputs of routes are written with. A duration is a text ("5m"), or milliseconds under the name that ends in `Ms`. */
import * as z from 'zod/mini';
import { momentOption } from '../../cli/input/parse.ts';
import { agentNamePattern } from '../../model/agent.ts';
import { parseTime } from '../../model/clock.ts';
import { parseDuration } from '../../model/duration.ts';
import { priorities } from '../../model/message.ts';
import { reference, usage } from '../../model/refusals.ts';
import { once } from '../../model/schema.ts';
import { durationText } from '../../model/settings.ts';
import { states } from '../../model/state.ts';
import type { Call } from './route.ts';

export const text = once(() => z.string());
export const agent = once(() => z.string().check(z.regex(agentNamePattern)));
export const flag = once(() => z.boolean());
export const count = once(() => z.int().check(z.minimum(1)));
export const anyOf = <const T extends string>(words: readonly T[]) => z.enum(words as readonly [T, ...T[]]);
/** One, or several of one. */
export const oneOrMore = <T extends z.ZodMiniType>(one: T) => z.union([one, z.array(one).check(z.minLength(1))]);

/** May be left out. */
export const maybe = <T extends z.ZodMiniType>(type: T, what?: string) =>
  z.exactOptional(what === undefined ? type : z.clone(type).check(z.describe(what)));

export const mailbox = (what = "whose mailbox; without it the acting agent's") => maybe(agent(), what);
export const dryRun = once(() => maybe(flag(), 'only says what would be done'));

type Span<N extends string> = Record<N, z.ZodMiniExactOptional<z.ZodMiniString>> &
  Record<`${N}Ms`, z.ZodMiniExactOptional<z.ZodMiniNumber>>;

/** A duration by its two names. */
export function span<N extends string>(name: N, what: string): Span<N> {
  return { [name]: maybe(durationText(), what), [`${name}Ms`]: maybe(z.number(), `${what}; milliseconds`) } as Span<N>;
}

/** @returns milliseconds @throws USAGE: both names say one */
export function msOf(input: object, name: string): number | undefined {
  const { [name]: said, [`${name}Ms`]: ms } = input as Readonly<Record<string, string & number>>;
  if (said === undefined) return ms;
  if (ms !== undefined) throw usage(`"${name}" and "${name}Ms" say the same; give one of them.`, reference);
  return parseDuration(said, `duration for "${name}"`);
}

/** A request waits no longer than this; milliseconds. */
const mostWaitMs = 60_000;

export const waiting = once(() => ({
  wait: maybe(durationText(), 'so long at most, 60s at the longest'),
  waitMs: maybe(z.number().check(z.gte(0), z.lte(mostWaitMs)), 'so long at most; milliseconds'),
}));

/** @returns milliseconds @throws USAGE for more than a request may wait */
export function waitOf(input: { readonly wait?: string; readonly waitMs?: number }): number | undefined {
  const ms = msOf(input, 'wait');
  if (ms === undefined || (ms >= 0 && ms <= mostWaitMs)) return ms;
  throw usage(`A request waits for 60s at most.`, 'Ask again when nothing has come.');
}

export const moment = once(() => z.union([z.string(), z.number()]));

/** @param past whether a duration is so long ago, and a day its beginning @returns milliseconds since 1970 */
export function timeOf(call: Call, said: string | number | undefined, name: string, past = false): number | undefined {
  if (typeof said !== 'string') return said;
  if (past) return momentOption(said, `"${name}"`, call.session.clock.now());
  return parseTime(said, `"${name}"`);
}

export const filters = once(() => ({
  from: maybe(agent(), 'who has sent it'),
  type: maybe(text()),
  thread: maybe(text()),
  tag: maybe(text()),
  priority: maybe(anyOf(priorities)),
  id: maybe(text(), 'an id, or its end'),
  task: maybe(z.literal(true), 'only tasks'),
}));
export const lookFilters = once(() => ({
  ...filters(),
  subject: maybe(text(), 'has this in its subject'),
  ...span('olderThan', 'so long ago, at least'),
}));
export const deadFilters = once(() => ({
  ...lookFilters(),
  reason: maybe(text(), 'has this in the reason why it is dead'),
}));

const filterNames = ['from', 'type', 'thread', 'tag', 'priority', 'id', 'task', 'subject', 'reason'] as const;

/** As the options of the core have it. */
export function filterOf(input: object): { filter?: Record<string, never> } {
  const said = input as Readonly<Record<string, unknown>>;
  const filter: Record<string, unknown> = {};
  for (const name of filterNames) if (said[name] !== undefined) filter[name] = said[name];
  const olderThanMs = msOf(said, 'olderThan');
  if (olderThanMs !== undefined) filter['olderThanMs'] = olderThanMs;
  return Object.keys(filter).length > 0 ? { filter: filter as Record<string, never> } : {};
}

export const anyStates = once(() => maybe(z.array(anyOf(states))));

/** @throws USAGE: nobody is named, and nobody acts */
export function mailboxOf({ session }: Call, named: string | undefined): string {
  const whose = named ?? session.acting;
  if (whose !== undefined) return whose;
  throw usage(
    'It is not known whose mailbox is meant.',
    'Name it as `mailbox`, or say who you are: Dreamos-Agent: <agent>',
  );
}
