/** What a request brings, as its route takes it. */
import type * as z from 'zod/mini';
import { operations } from '../../contract/operations.ts';
import { mostDocumentLevels } from '../../model/basics/limits.ts';
import { fieldsIn, opensDeeperThan, takeDataExactly } from '../../model/basics/raw-json.ts';
import { cut } from '../../model/basics/text.ts';
import type { DreamosError } from '../../model/errors.ts';
import { explainIssues } from '../../model/message.ts';
import { messageInvalid, nearestName, usage } from '../../model/refusals.ts';
import { pageFields } from './pages.ts';
import { methodOf, pathOf, type Route } from './route.ts';

export interface Brought {
  readonly query: URLSearchParams;
  /** The body's text, by what its type says; none: there is no body. */
  readonly json?: string;
  readonly lines?: string;
}

type Fields = Readonly<Record<string, z.ZodMiniType>>;

/** All that a route takes, with what every list in pages does. */
export function fieldsOf({ input, pages }: Route): Fields {
  return { ...(input().shape as unknown as Fields), ...(pages && pageFields()) };
}

/** @throws USAGE, with the nearest name for a field that there is not; MESSAGE_INVALID for what is no JSON */
export function inputOf(route: Route, { query, json, lines }: Brought): Record<string, unknown> {
  const fields = fieldsOf(route);
  const isQuery = methodOf(route) === 'GET' || lines !== undefined;
  if (lines !== undefined && route.lines === undefined)
    throw usage(`${pathOf(route)} takes JSON, no JSON Lines.`, ofMany(route));
  if (!isQuery && query.size > 0)
    throw usage(`${pathOf(route)} takes what it needs as JSON, not from its address.`, api);
  const said = isQuery ? {} : objectIn(json ?? '{}');
  for (const name of isQuery ? query.keys() : Object.keys(said))
    if (!Object.hasOwn(fields, name)) throw unknownField(route, name, Object.keys(fields));
  const taken = isQuery ? fromQuery(fields, query) : said;
  if (lines !== undefined) taken[route.lines ?? ''] = linesIn(lines);
  const parsed = parse(route, taken);
  if (json !== undefined) exactlyIn(parsed, json);
  return parsed;
}

const api = 'What it takes: /openapi.json';

function ofMany(route: Route): string {
  return Object.hasOwn(operations, `${route.operation}All`) ? `Several at once: ${pathOf(route)}All` : api;
}

function parse(route: Route, taken: Record<string, unknown>): Record<string, unknown> {
  const page = route.pages ? pageIn(taken, route) : {};
  const own = Object.entries(taken).filter(([name]) => !Object.hasOwn(page, name));
  const { success, data, error } = route.input().safeParse(Object.fromEntries(own));
  if (success) return { ...data, ...page };
  throw usage(`${pathOf(route)}: ${explainIssues(error, taken)}.`, api);
}

function pageIn(taken: Record<string, unknown>, route: Route): Record<string, unknown> {
  const page: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(pageFields())) {
    if (taken[name] === undefined) continue;
    const { success, data, error } = (field as z.ZodMiniType).safeParse(taken[name]);
    if (!success) throw usage(`${pathOf(route)}: ${name}: ${explainIssues(error).replace(/^it: /, '')}.`, api);
    page[name] = data;
  }
  return page;
}

function unknownField(route: Route, name: string, known: readonly string[]): DreamosError {
  const nearest = known.find((one) => one === `${name}Ms`) ?? nearestName(name, known);
  return usage(
    `${pathOf(route)} has no ${JSON.stringify(cut(name, 70))}.`,
    nearest === undefined ? `It takes: ${known.join(', ') || 'nothing'}` : `Did you mean "${nearest}"?`,
  );
}

/** A text for each; what is to be a list may stand there several times, or with commas. @throws USAGE for one that is there twice */
function fromQuery(fields: Fields, query: URLSearchParams): Record<string, unknown> {
  const taken: Record<string, unknown> = {};
  for (const name of new Set(query.keys())) {
    const texts = query.getAll(name);
    const field = Object.hasOwn(fields, name) ? bare(fields[name]) : undefined;
    if (field?.def.type === 'array') taken[name] = texts.flatMap((text) => text.split(','));
    else if (texts.length > 1) throw usage(`"${cut(name, 70)}" is given twice.`, 'Leave out one of them.');
    else taken[name] = valueOf(field, texts[0] ?? '');
  }
  return taken;
}

/** What does not look like it stays a text, which the schema refuses. */
function valueOf(field: z.ZodMiniType | undefined, text: string): unknown {
  const type = field?.def.type;
  if (type === 'number' && /^-?\d{1,15}(\.\d{1,15})?$/.test(text)) return Number(text);
  if (type === 'boolean' || type === 'literal') return text === 'true' ? true : text === 'false' ? false : text;
  // A time: its milliseconds, or a text.
  if (type === 'union' && /^\d{9,15}$/.test(text)) return Number(text);
  return text;
}

function bare(field: z.ZodMiniType | undefined): z.ZodMiniType | undefined {
  const { def } = (field ?? {}) as { def?: { type: string; innerType?: z.ZodMiniType } };
  return def?.type === 'optional' || def?.type === 'nullable' ? bare(def.innerType) : field;
}

function objectIn(text: string): Record<string, unknown> {
  const value = jsonOf(text === '' ? '{}' : text, 'The body');
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw messageInvalid('The body is no JSON object.', api);
}

function linesIn(text: string): unknown[] {
  const values: unknown[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    values.push(exactlyOf(line, `Line ${i + 1}`));
  }
  return values;
}

/** What the deepest document or message has, and some around it. */
const mostBodyLevels = mostDocumentLevels + 100;

/** Before it is parsed: the server would do nothing else for seconds. @throws MESSAGE_INVALID */
function checkDepth(text: string, what: string): void {
  if (opensDeeperThan(mostBodyLevels, text))
    throw messageInvalid(
      `${what} is nested too deeply (more than ${mostBodyLevels} levels).`,
      'Send it as a text in the body',
    );
}

function jsonOf(text: string, what: string): unknown {
  checkDepth(text, what);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw messageInvalid(`${what} is not JSON: ${(cause as Error).message}.`);
  }
}

/** What a text says in JSON, with `data` as it was written. @throws MESSAGE_INVALID */
export function exactlyOf(text: string, what: string): unknown {
  const value = jsonOf(text, what);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) takeDataExactly(value, text);
  return value;
}

/** `data` as it was written, in what was brought and in the message in it. */
function exactlyIn(taken: Record<string, unknown>, json: string): void {
  if ((taken['data'] ?? null) !== null) takeDataExactly(taken, json);
  const { message } = taken;
  if (typeof message !== 'object' || message === null) return;
  for (const [name, text] of fieldsIn(json)) if (name === 'message') takeDataExactly(message, text);
}
