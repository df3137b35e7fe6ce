/**
 * JSON as it was written. Its value may say less: a number that a double rounds, a key that is there twice, keys that are
 * whole numbers, which JavaScript puts in front. Data travels as its text; who asks for the value gets that.
 */
import { mostLevels } from './limits.ts';

/** What a text says; `undefined`: it is not JSON. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Data whose value does not say all that its text does. */
export class RawJson {
  /** Without white space between its words. */
  readonly text: string;
  readonly value: unknown;

  constructor(text: string, value: unknown) {
    this.text = text;
    this.value = value;
  }

  /** Its text would be lost. @throws always */
  toJSON(): never {
    throw new Error('what exactData gives is all of the data, and no part of it');
  }
}

/** The value of a text that JSON.parse has taken, as RawJson where that is more. */
export function exactly(text: string, value: unknown): unknown {
  // JSON.stringify ends in its own recursion.
  const said = isDeeperThan(mostLevels, value) ? undefined : JSON.stringify(value);
  if (text === said) return value;
  const compact = withoutSpace(text);
  return compact === said ? value : new RawJson(compact, value);
}

/** An object of values of which some may be more than that; without those that are `undefined`. */
export function exactObject(fields: Readonly<Record<string, unknown>>): unknown {
  const given = Object.entries(fields).filter(([, field]) => field !== undefined);
  const value = Object.fromEntries(
    given.map(([name, field]) => [name, field instanceof RawJson ? field.value : field]),
  );
  if (!given.some(([, field]) => field instanceof RawJson)) return value;
  return new RawJson(
    objectText(given, (_, field) => (field instanceof RawJson ? field.text : JSON.stringify(field))),
    value,
  );
}

/** Takes the `data` of an object exactly. @param text of which JSON.parse has made it */
export function takeDataExactly(object: unknown, text: string): void {
  const holder = (object ?? {}) as { data?: unknown };
  if ((holder.data ?? null) === null) return;
  let json = '';
  for (const [name, field] of fieldsIn(text)) if (name === 'data') json = field;
  holder.data = exactly(json, holder.data);
}

/** By this name an object has the text of its `data`, where the value says less; invisible to JSON.stringify. */
export const rawData = Symbol('rawData');

interface HasRawData {
  readonly [rawData]?: string;
}

/** As JSON.stringify, with the text of `data` in whatever has it: the object itself, what is in it, and in its lists. */
export function exactJson(value: unknown): string {
  if (!holdsRawData(value, 2)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(exactJson).join(',')}]`;
  const text = (value as HasRawData)[rawData];
  const fields = Object.entries('toJSON' in value ? (value as { toJSON(): object }).toJSON() : value).filter(
    ([, field]) => field !== undefined,
  );
  return objectText(fields, (name, field) => (text !== undefined && name === 'data' ? text : exactJson(field)));
}

function objectText(fields: [string, unknown][], textOf: (name: string, field: unknown) => string): string {
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${textOf(name, field)}`).join(',')}}`;
}

function holdsRawData(value: unknown, levels: number): value is object {
  if (typeof value !== 'object' || value === null) return false;
  if ((value as HasRawData)[rawData] !== undefined) return true;
  // What is in data is only data.
  const inside = levels === 0 ? [] : Object.entries(value);
  return inside.some(([name, field]) => name !== 'data' && holdsRawData(field, levels - 1));
}

/** Level by level and not by recursion, which would end where it is needed. */
export function isDeeperThan(levels: number, json: unknown): boolean {
  let level = [json].filter(isNested);
  for (let depth = 0; level.length > 0; depth++) {
    if (depth >= levels) return true;
    level = level.flatMap((value) => Object.values(value).filter(isNested));
  }
  return false;
}

/** The same of a text and what JSON.parse has made of it: a level is two characters, so a short one is not walked through. */
export function isTextDeeperThan(levels: number, text: string, json: unknown): boolean {
  return text.length > 2 * levels && isDeeperThan(levels, json);
}

/** Of a text before JSON.parse, which takes seconds for a million levels: whether so many are open at once somewhere. */
export function opensDeeperThan(levels: number, text: string): boolean {
  if (text.length <= levels) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === quote) at = stringEnd(text, at) - 1;
    else if ((char === 0x7b || char === 0x5b) && ++depth > levels) return true;
    else if (char === 0x7d || char === 0x5d) depth--;
  }
  return false;
}

export function isNested(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Half of a surrogate pair whose escape stands alone, in a text or a key; `undefined`: there is none. */
export function loneEscapeIn(json: string): string | undefined {
  if (!/\\u[dD][89a-fA-F]/.test(json)) return undefined;
  // An escape, a pair of them, or half a pair: what begins with a backslash is taken as a whole.
  for (const [, half] of json.matchAll(/\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|u([dD][89a-fA-F]..)|.)/g))
    if (half !== undefined) return String.fromCharCode(parseInt(half, 16));
  return undefined;
}

/** The fields of an object that JSON.parse has taken, and their texts; of several of one name that takes the last. */
export function* fieldsIn(json: string): Generator<[name: string, text: string], void, void> {
  for (let at = json.indexOf('"'); at !== -1; at = json.indexOf('"', at)) {
    const keyEnd = stringEnd(json, at);
    const key = json.slice(at, keyEnd);
    const from = json.indexOf(':', keyEnd) + 1;
    at = valueEnd(json, from);
    yield [key.includes('\\') ? (JSON.parse(key) as string) : key.slice(1, -1), json.slice(from, at)];
  }
}

const quote = 0x22;

/** Where the comma or the brace behind a value is. */
function valueEnd(json: string, from: number): number {
  let depth = 0;
  for (let at = from; at < json.length; at++) {
    const char = json.charCodeAt(at);
    if (char === quote) at = stringEnd(json, at) - 1;
    else if (char === 0x7b || char === 0x5b) depth++;
    else if (char === 0x2c && depth === 0) return at;
    else if ((char === 0x7d || char === 0x5d) && depth-- === 0) return at;
  }
  return json.length;
}

/** Behind the closing quote of what begins at `from`. */
function stringEnd(json: string, from: number): number {
  for (let at = json.indexOf('"', from + 1); at !== -1; at = json.indexOf('"', at + 1)) {
    let escapes = 0;
    while (json.charCodeAt(at - 1 - escapes) === 0x5c) escapes++;
    if (escapes % 2 === 0) return at + 1;
  }
  return json.length;
}

function withoutSpace(json: string): string {
  let kept = '';
  let from = 0;
  for (let at = 0; at < json.length; at++) {
    const char = json.charCodeAt(at);
    if (char === quote) at = stringEnd(json, at) - 1;
    else if (char <= 0x20) {
      kept += json.slice(from, at);
      from = at + 1;
    }
  }
  return kept + json.slice(from);
}
