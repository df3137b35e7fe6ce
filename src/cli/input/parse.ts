/** What was typed, turned into what core takes; every refusal is a usage error that names the option. */
import type { Context } from '../context.ts';
import { isoTime, parseTime, timeIn } from '../../model/clock.ts';
import type { DeadFilter, Filter, LookFilter } from '../../model/filter.ts';
import { durationIn, meantDuration, parseDuration } from '../../model/duration.ts';
import { bytesIn } from '../../model/basics/bytes.ts';
import { usage } from '../../model/refusals.ts';
import { isId, mayEndId } from '../../model/id.ts';
import { priorities, type Priority, priorityIn } from '../../model/message.ts';
import type { Durability } from '../../model/settings.ts';
import { states, type State } from '../../model/state.ts';

/** The same object without its undefined fields. */
export function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept: Partial<T> = {};
  for (const key in fields) if (fields[key] !== undefined) kept[key] = fields[key];
  return kept as never;
}

/** @returns milliseconds */
export function durationOption(text: string | undefined, flag: string): number | undefined {
  return text === undefined ? undefined : parseDuration(text, `duration for ${flag}`);
}

/** @returns milliseconds since 1970 */
export function timeOption(text: string | undefined, flag: string): number | undefined {
  return text === undefined ? undefined : parseTime(text, flag);
}

/** As timeOption, or a UTC day, or a duration: so long ago. @returns milliseconds since 1970 */
export function momentOption(text: string | undefined, flag: string, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const ago = text === '0' ? undefined : durationIn(text);
  if (ago !== undefined) return nowMs - ago;
  const at = timeIn(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00Z` : text);
  if (at !== undefined) return at;
  const day = isoTime(nowMs).slice(0, 10);
  const hint = `Write how long ago, a UTC day, or a day and a time: ${meantDuration(text) ?? '7d'}, ${day}, ${day}T09:00Z.`;
  throw usage(`"${text}" is not a time for ${flag}.`, hint);
}

export function countOption(text: string | undefined, flag: string, most = Infinity): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text) && Number(text) <= most) return Number(text);
  const range = most === Infinity ? 'from 1 on.' : `from 1 to ${most}`;
  throw usage(`"${text}" cannot be ${flag}.`, `Allowed: a whole number ${range}`);
}

export function bytesOption(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined;
  const bytes = bytesIn(text);
  if (bytes !== undefined) return bytes;
  throw usage(`"${text}" cannot be ${flag}.`, 'Allowed: a whole number of bytes, also 10MB or 10MiB.');
}

export function priorityOption(text: string | undefined): Priority | undefined {
  return text === undefined ? undefined : oneOf(priorityIn(text) ?? text, priorities, 'priority');
}

export function durabilityOption(text: string | undefined): Durability | undefined {
  return text === undefined ? undefined : oneOf(text, ['full', 'relaxed'] as const, 'durability');
}

/** `ready`, `ready,dead`, or `all`. */
export function statesOption(text: string | undefined): State[] | undefined {
  if (text === undefined) return undefined;
  if (text === 'all') return [...states];
  return text.split(',').map((word) => oneOf(word, states, 'state'));
}

export interface FilterOptions {
  from?: string;
  type?: string;
  thread?: string;
  tag?: string;
  priority?: string;
  id?: string;
}

export function filterOptions({ from, type, thread, tag, priority, id }: FilterOptions): { filter?: Filter } {
  const filter = given({
    from,
    type,
    thread,
    tag,
    priority: priorityOption(priority),
    id: id === undefined ? id : checkId(id),
  });
  return Object.keys(filter).length > 0 ? { filter } : {};
}

export interface LookFilterOptions extends FilterOptions {
  subject?: string;
  olderThan?: string;
}

export function lookFilterOptions(options: LookFilterOptions): { filter?: LookFilter } {
  const { subject } = options;
  return withMore(options, given({ subject, olderThanMs: durationOption(options.olderThan, '--older-than') }));
}

export interface DeadFilterOptions extends LookFilterOptions {
  reason?: string;
}

export function deadFilterOptions(options: DeadFilterOptions): { filter?: DeadFilter } {
  const { reason } = options;
  return withMore(options, { ...lookFilterOptions(options).filter, ...given({ reason }) });
}

function withMore<T extends LookFilter>(options: FilterOptions, more: T): { filter?: T } {
  const filter = { ...filterOptions(options).filter, ...more };
  return Object.keys(filter).length > 0 ? { filter } : {};
}

/** Behind `Nothing`: without the filter there may be something. */
export function thatFits({ filter }: { readonly filter?: Filter }): string {
  return filter === undefined ? '' : ' that fits';
}

/** `[agent] [id…]`: a first word that is an agent's name, or can be no id, is the agent. */
export async function agentAndIds(
  context: Context,
  words: readonly string[],
  { all = false }: { readonly all?: boolean } = {},
): Promise<{ agent: string | undefined; ids: string[] }> {
  const [first] = words;
  const named = first !== undefined && !isId(first) && (all || !mayEndId(first) || (await isAgent(context, first)));
  const ids = named ? words.slice(1) : [...words];
  for (const id of ids) checkId(id);
  return { agent: named ? first : undefined, ids };
}

async function isAgent(context: Context, name: string): Promise<boolean> {
  const { store } = await context.session();
  return (await store.documents.getAgent(name)) !== undefined;
}

/** An id, or its end. */
export function checkId(text: string): string {
  if (isId(text) || mayEndId(text)) return text;
  throw usage(
    `"${text}" is not a message id.`,
    'An id is what send prints: 26 letters and digits, such as 01JD3Y6Q0V8M5T2B7K9XWZ4RCE; its last 4 or more are enough.',
  );
}

export function oneOf<T extends string>(text: string, allowed: readonly T[], what: string): T {
  if ((allowed as readonly string[]).includes(text)) return text as T;
  throw usage(`"${text}" is not ${/^[aeiou]/.test(what) ? 'an' : 'a'} ${what}.`, `One of: ${allowed.join(', ')}.`);
}
