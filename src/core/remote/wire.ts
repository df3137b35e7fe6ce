/**
 * Values as one line of JSON, and back: what operations take and give, between two of one version. JSON has no `undefined` in a
 * list, no Infinity, no Map and no errors; and `data` is its text. Each of those is an object with a mark in its field `~`.
 */
import { opensDeeperThan, RawJson, rawData } from '../../model/basics/raw-json.ts';
import { DreamosError, type ErrorCode, type ErrorKind } from '../../model/errors.ts';
import { messageInvalid, usage } from '../../model/refusals.ts';

const mark = '~';

type Marked = { readonly [mark]: string; readonly of?: unknown; readonly data?: string };

/** What stands for what cannot travel: functions and signals. */
export interface Places {
  /** @returns by what the other side calls it */
  readonly nameOf?: (call: (...args: unknown[]) => unknown) => unknown;
  readonly onSignal?: (signal: AbortSignal) => void;
}

/** What takes their places. */
export interface Found {
  readonly functionOf?: (name: unknown) => (...args: unknown[]) => unknown;
  /** The fields that may be functions; else any value may. */
  readonly functionsAt?: ReadonlySet<string>;
  readonly signal?: AbortSignal;
  /** Marks that are not taken over: of a stranger an error is an object of any fields, and a long `bigint` costs seconds. */
  readonly refused?: ReadonlySet<string>;
  /**
   * Data that is nested more deeply is refused before it is parsed: JSON.parse would take seconds for a million levels, and who
   * answers many answers nobody in that time. Not given: an older build may have let it in, and it is taken as from a file.
   */
  readonly mostDataLevels?: number;
}

export function packed(value: unknown, places: Places = {}): string {
  return JSON.stringify(toJson(value, places));
}

export function unpacked(text: string, found: Found = {}): unknown {
  return fromJson(JSON.parse(text), found);
}

function marked(what: string, of?: unknown): Marked {
  return { [mark]: what, of };
}

export function toJson(value: unknown, places: Places = {}): unknown {
  if (value === undefined) return marked('undefined');
  if (typeof value === 'number' && !Number.isFinite(value)) return marked('number', String(value));
  if (typeof value === 'bigint') return marked('bigint', String(value));
  if (typeof value === 'function') {
    if (!places.nameOf) throw new TypeError('A function cannot be handed over.');
    return marked('function', places.nameOf(value as (...args: unknown[]) => unknown));
  }
  return typeof value === 'object' && value !== null ? objectToJson(value, places) : value;
}

function objectToJson(value: object, places: Places): unknown {
  const within = (one: unknown): unknown => toJson(one, places);
  if (Array.isArray(value)) return value.map(within);
  if (value instanceof RawJson) return marked('raw', value.text);
  if (value instanceof AbortSignal) {
    places.onSignal?.(value);
    return marked('signal');
  }
  if (value instanceof Map) return marked('map', [...value].map(within));
  if (value instanceof Set) return marked('set', [...value].map(within));
  if (value instanceof Date) return marked('date', Number.isNaN(value.getTime()) ? undefined : value.toISOString());
  if (value instanceof Uint8Array) return marked('bytes', Buffer.from(value).toString('base64'));
  if (value instanceof Error) return marked('error', fieldsToJson(errorFields(value), places));
  const text = (value as { readonly [rawData]?: string })[rawData];
  if (text !== undefined) {
    const { data: _, ...rest } = value as Record<string, unknown>;
    return { ...marked('message', fieldsToJson(rest, places)), data: text };
  }
  const fields = fieldsToJson(value, places);
  return Object.hasOwn(fields, mark) ? marked('object', fields) : fields;
}

function fieldsToJson(value: object, places: Places): Record<string, unknown> {
  const given = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(given.map(([name, field]) => [name, toJson(field, places)]));
}

/** With what a class of errors has of its own: the mailbox that is full. */
function errorFields(error: Error): Record<string, unknown> {
  const { name: _, cause: __, ...own } = error as Error & Record<string, unknown>;
  return { ...own, message: error.message };
}

/** @param field where it lies, if that is a field of an object @throws USAGE: it is not taken over */
export function fromJson(json: unknown, found: Found = {}, field?: string): unknown {
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return json.map((one) => fromJson(one, found));
  if (!Object.hasOwn(json, mark)) return fieldsFromJson(json, found);
  const { [mark]: what, of, data } = json as Marked;
  const list = (): unknown[] => (of as unknown[]).map((one) => fromJson(one, found));
  if (found.refused?.has(what)) throw notTaken(what);
  switch (what) {
    case 'undefined':
      return undefined;
    case 'number':
      return Number(of);
    case 'bigint':
      return BigInt(String(of));
    case 'raw':
      return new RawJson(String(of), valueIn(of, found));
    case 'signal':
      return found.signal;
    case 'map':
      return new Map(list() as [unknown, unknown][]);
    case 'set':
      return new Set(list());
    case 'date':
      return new Date(String(of));
    case 'bytes':
      return new Uint8Array(Buffer.from(String(of), 'base64'));
    case 'error':
      return errorOf(fieldsFromJson(of as object, found));
    case 'message':
      return { ...fieldsFromJson(of as object, found), data: valueIn(data ?? 'null', found), [rawData]: data };
    case 'object':
      return fieldsFromJson(of as object, found);
    case 'function':
      if (found.functionOf && (found.functionsAt?.has(field ?? '') ?? true)) return found.functionOf(of);
      break;
    default:
  }
  throw notTaken(what);
}

function notTaken(what: unknown): DreamosError {
  return usage(`${JSON.stringify(what)} cannot be taken over here.`, 'Update dreamos on both sides.');
}

function valueIn(text: unknown, { mostDataLevels = Infinity }: Found): unknown {
  const json = String(text);
  if (opensDeeperThan(mostDataLevels, json)) throw messageInvalid('The data is nested too deeply.');
  return JSON.parse(json);
}

function fieldsFromJson(json: object, found: Found): Record<string, unknown> {
  return Object.fromEntries(Object.entries(json).map(([name, field]) => [name, fromJson(field, found, name)]));
}

function errorOf({ kind, code, message, hint, ...own }: Record<string, unknown>): Error {
  if (typeof code !== 'string' || typeof kind !== 'string') return new Error(String(message));
  const said = { hint: hint as string | undefined };
  return Object.assign(new DreamosError(kind as ErrorKind, code as ErrorCode, String(message), said), own);
}
