/** Calls a route, has the audit note what it is to know of, and makes of what comes an answer: its status, its head and its body. */
import { errorJson } from '../../cli/errors.ts';
import { harmlessJson } from '../../cli/harmless.ts';
import { isUnprintable, written } from '../../cli/print-message.ts';
import { isEach, noted } from '../../core/audit/noted.ts';
import { keyCharacters } from '../../model/basics/limits.ts';
import { DreamosError } from '../../model/errors.ts';
import { usage } from '../../model/refusals.ts';
import { isMeant, tagOf } from './match.ts';
import { closed, inPlaces, pageAsked, type Placed, sorted } from './pages.ts';
import { type Call, isList, methodOf, type Page, pathOf, type Route } from './route.ts';

/** What of the head of a request its answer goes by. */
interface Wanted {
  readonly accept?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
}

export interface Answer {
  readonly status: 200 | 201 | 204 | 304;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON; of JSON Lines each as it comes. */
  readonly body?: string | AsyncGenerator<string, void, undefined>;
}

/** What a call needs to know to answer: it has no page, which is in what was brought. */
export interface Asked {
  readonly route: Route;
  readonly call: Call;
  /** As `inputOf` gives it. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly wanted: Wanted;
  /** What the session has warned of by now, and since it was asked. */
  readonly warnings: () => readonly string[];
}

/** So much text a page has at most, and one item more; characters. */
const mostPageText = 8 * 1024 * 1024;

/** @throws whatever the operation does; with JSON Lines what it throws behind the first line is one */
export async function answerOf(asked: Asked): Promise<Answer> {
  const { route, call, wanted, warnings } = asked;
  checkHead(route, call);
  if (!isList(route)) return one(asked);
  const tag = await versionTag(asked);
  const inLines = wantsLines(wanted.accept);
  const { items, limit } = listOf(asked, inLines);
  if (!inLines) {
    const { texts, next } = await paged(asked, items, limit);
    if (tag !== undefined && isMeant(tag, wanted.ifNoneMatch)) return { status: 304, headers: { etag: tag } };
    const body = `{"items":[${texts.join(',')}],"next":${JSON.stringify(next)}}`;
    return { status: 200, headers: withWarnings({ 'content-type': json, ...tagged(tag) }, warnings()), body };
  }
  const lines = linesOf(asked, items, limit);
  // Its first line decides of the status: what is refused is refused before anything is told.
  const first = await lines.next();
  const headers = withWarnings({ 'content-type': jsonLines }, warnings());
  return { status: 200, headers, body: behind(first, lines) };
}

const json = 'application/json';
const jsonLines = 'application/jsonl';

/** The last of what a client takes decides nothing: who names JSON Lines at all wants them. */
function wantsLines(accept = ''): boolean {
  return /\bapplication\/(?:x-)?(?:jsonl|ndjson|jsonlines)\b/.test(accept);
}

async function versionTag({ route, call, input }: Asked): Promise<string | undefined> {
  const version = await route.version?.(call.session, input);
  return version === undefined ? undefined : tagOf(version);
}

function tagged(tag: string | undefined): { etag?: string } {
  return tag === undefined ? {} : { etag: tag };
}

async function one({ route, call, input, wanted, warnings }: Asked): Promise<Answer> {
  const value = await noted(
    call.session,
    route.operation,
    argsOf(input),
    async () => route.run(call, input) as Promise<unknown>,
  );
  if (value === undefined) return { status: 204, headers: withWarnings({}, warnings()) };
  const text = writtenOne(value);
  const tag = await route.tag?.(call.session, input, value, text);
  const headers = withWarnings({ 'content-type': json, ...tagged(tag) }, warnings());
  if (tag !== undefined && isMeant(tag, wanted.ifNoneMatch)) return { status: 304, headers: { etag: tag } };
  return { status: route.isNew?.(value as never) ? 201 : 200, headers, body: text };
}

/** @throws USAGE for what says nothing where it is said */
function checkHead(route: Route, { key, ifMatch }: Call): void {
  if (methodOf(route) === 'GET') return;
  if (key !== undefined && (key === '' || key.length > keyCharacters))
    throw usage(`An Idempotency-Key has 1 to ${keyCharacters} characters.`, 'Take a shorter one');
  if (key !== undefined && !route.keyed)
    throw usage(`${pathOf(route)} has no Idempotency-Key.`, 'Leave it out; what has one: /openapi.json');
  if (ifMatch !== undefined && !route.matches)
    throw usage(`${pathOf(route)} has no If-Match.`, 'Leave it out; what has one: /openapi.json');
}

function listOf(asked: Asked, inLines: boolean): { items: AsyncGenerator<Placed, void, undefined>; limit: number } {
  const { route, call, input } = asked;
  const { limit, after, ...own } = input as { limit?: number; after?: string };
  if (!route.pages) {
    return { items: inPlaces(severalOf(route, call, input)), limit: Infinity };
  }
  const page: Page = pageAsked(
    { ...(limit !== undefined && { limit }), ...(after !== undefined && { after }) },
    inLines,
  );
  const more = { ...page, limit: page.limit === undefined ? undefined : page.limit + 1 };
  const how = { ...call, signal: call.signal, page: more };
  const made = severalOf(route, how, own);
  const items = route.pages === 'placed' ? inPlaces(made) : sorted(made, route.pages, page.after);
  return { items, limit: page.limit ?? Infinity };
}

/** What a route gives one after the other, or as a list. */
function severalOf(route: Route, call: Call, input: object): AsyncGenerator<unknown, unknown, undefined> {
  return noted(call.session, route.operation, argsOf(input), async function* () {
    const made = route.run(call, input as never);
    yield* isEach(made) ? made : ((await made) as readonly unknown[]);
  });
}

function argsOf(input: object): unknown[] {
  return Object.keys(input).length === 0 ? [] : [input];
}

async function paged(
  { call }: Asked,
  items: AsyncGenerator<Placed, void, undefined>,
  limit: number,
): Promise<{ texts: string[]; next: string | null }> {
  const texts: string[] = [];
  let length = 0;
  let last: string | undefined;
  for await (const { item, place } of items) {
    if (texts.length >= limit || (length > mostPageText && last !== undefined)) {
      if (last === undefined) throw new Error('an item of a list in pages says no place');
      return { texts, next: closed(last) };
    }
    const text = textOf(call, item, texts.length + 1);
    if (text !== undefined) texts.push(text);
    length += text?.length ?? 0;
    last = place;
  }
  return { texts, next: null };
}

async function* linesOf(
  { call, warnings }: Asked,
  items: AsyncGenerator<Placed, void, undefined>,
  limit: number,
): AsyncGenerator<string, void, undefined> {
  let count = 0;
  // What is warned of before the first line is told in the head.
  let told: number | undefined;
  const toldBehind = (): string => {
    const all = warnings();
    const lines = all.slice(told ?? all.length).map((warning) => `${harmlessJson({ warning })}\n`);
    told = all.length;
    return lines.join('');
  };
  try {
    for await (const { item } of items) {
      const text = textOf(call, item, count + 1);
      if (text === undefined) continue;
      const warned = toldBehind();
      yield `${warned}${text}\n`;
      if (++count >= limit) break;
    }
  } catch (error) {
    if (count === 0 || !(error instanceof DreamosError)) throw error;
    yield `${harmlessJson(errorJson(error))}\n`;
    return;
  }
  const rest = count === 0 ? '' : toldBehind();
  if (rest !== '') yield rest;
}

async function* behind(
  first: IteratorResult<string, void>,
  lines: AsyncGenerator<string, void, undefined>,
): AsyncGenerator<string, void, undefined> {
  try {
    if (first.done) return;
    yield first.value;
    yield* lines;
  } finally {
    await lines.return();
  }
}

/** @returns `undefined`: nobody can write it, which is warned of */
function textOf({ session }: Call, item: unknown, line: number): string | undefined {
  if (item instanceof DreamosError) return harmlessJson(errorJson(item, line));
  try {
    return writtenOne(item);
  } catch (error) {
    if (!isUnprintable(error)) throw error;
    session.warn(`${error.message} It is passed over.`);
    return undefined;
  }
}

function writtenOne(value: unknown): string {
  return written(idOf(value), () => harmlessJson(value));
}

function idOf(value: unknown): string {
  const { id, message } = (value ?? {}) as { id?: string; message?: { id?: string } };
  return id ?? message?.id ?? '';
}

/** A list of them, as JSON in which all but letters is escaped: a head is ASCII. */
function withWarnings(headers: Record<string, string>, warnings: readonly string[]): Record<string, string> {
  if (warnings.length === 0) return headers;
  return { ...headers, 'dreamos-warning': encodeURIComponent(JSON.stringify(warnings.slice(0, mostWarnings))) };
}

const mostWarnings = 20;
