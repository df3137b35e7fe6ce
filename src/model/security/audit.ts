/** The audit: what a line says of what was done, and what a checkpoint proves of the lines before it. */
import { jsonIn } from '../basics/raw-json.ts';
import { cut, wellFormed } from '../basics/text.ts';

/** What became of a message; only where the setting `audit` is `all`. */
export interface MailDone {
  readonly op: 'send' | 'claim' | 'ack';
  readonly by: string;
  readonly id: string;
  /** Of a send, whom it went to. */
  readonly to?: readonly string[];
  readonly mailbox?: string;
}

/** What was asked of an operation, as it was handed to it, and how that ended. */
export interface OperationDone {
  readonly op: string;
  readonly by: string | null;
  readonly result: 'done' | 'denied' | 'failed';
  readonly code?: string;
  readonly why?: string;
  readonly args?: readonly unknown[];
}

// A line is one write, which no other gets between as long as it is short.
const mostTextCharacters = 300;
const mostArgs = 20;

/** @param at ISO, of a text that JSON needs no escapes for @param by the end of each line of one process */
export function auditLine(at: string, done: MailDone | OperationDone, by: string): string {
  if (!('result' in done)) return `{"at":"${at}","result":"done",${JSON.stringify(done).slice(1, -1)}${by}`;
  const { args = [], ...said } = done;
  const line = args.length === 0 ? said : { ...said, args: args.slice(0, mostArgs).map(fitting) };
  return `{"at":"${at}",${JSON.stringify(line).slice(1, -1)}${by}`;
}

/** Who has done it, as far as the machine knows: the end of a line. */
export function lineEnd({ pid, user }: { readonly pid: number; readonly user?: number }): string {
  return `,"pid":${pid}${user === undefined ? '' : `,"user":${user}`}}\n`;
}

/** What is long is cut, and what is no JSON is said in words. */
function fitting(arg: unknown): unknown {
  if (typeof arg === 'string') return cut(wellFormed(arg), mostTextCharacters);
  if (arg === null || typeof arg === 'number' || typeof arg === 'boolean') return arg;
  let json: string | undefined;
  try {
    json = JSON.stringify(arg);
  } catch {
    // A circle, or deeper than it goes: nobody is kept from his work for it.
  }
  if (json === undefined) return `(${typeof arg})`;
  return json.length <= mostTextCharacters ? (JSON.parse(json) as unknown) : cut(wellFormed(json), mostTextCharacters);
}

export const errorText = (message: string): string => cut(wellFormed(message), mostTextCharacters);

/** So many bytes of a day's log, behind those that an earlier checkpoint has seen. */
export interface Stretch {
  readonly from: number;
  readonly size: number;
  readonly sha256: string;
}

/** Of a log to which nothing came, how long it is. */
type Seen = Stretch | { readonly size: number };

/**
 * Signed is `dreamos-audit-v1\n` and all of its line before `,"sig"`, by the key that the one before it names as `next`; the
 * private one is gone once it has signed. So whoever comes later, with whatever he finds, cannot make another of the same number.
 */
export interface Checkpoint {
  readonly v: 1;
  readonly n: number;
  readonly at: string;
  /** By their days. */
  readonly logs: Readonly<Record<string, Seen>>;
  /** The sha256 of the line before it. */
  readonly prev?: string;
  /** The days up to this one were removed on purpose. */
  readonly pruned?: string;
  /** The public key that signs the next one: raw, in base64. */
  readonly next: string;
  /** Of one that nothing before it vouches for: its own public key. */
  readonly key?: string;
  readonly sig: string;
}

const signedPrefix = 'dreamos-audit-v1\n';

/** What of a line is signed. */
export function signedPart(line: string): string {
  return `${signedPrefix}${line.slice(0, line.lastIndexOf(',"sig"'))}`;
}

/** @param sign of `signedPart` @returns a line without its end */
export function checkpointLine(said: Omit<Checkpoint, 'sig'>, sign: (text: string) => string): string {
  const text = JSON.stringify(said).slice(0, -1);
  return `${text},"sig":"${sign(`${signedPrefix}${text}`)}"}`;
}

/** `undefined`: the line is none. */
export function parseCheckpoint(line: string): Checkpoint | undefined {
  const json = jsonIn(line);
  return isCheckpoint(json) ? json : undefined;
}

function isCheckpoint(json: unknown): json is Checkpoint {
  if (typeof json !== 'object' || json === null) return false;
  const { v, n, at, logs, prev, pruned, next, key, sig } = json as Record<keyof Checkpoint, unknown>;
  if (v !== 1 || !isCount(n) || typeof at !== 'string' || Number.isNaN(Date.parse(at))) return false;
  if (typeof next !== 'string' || typeof sig !== 'string') return false;
  if (![prev, pruned, key].every((text) => text === undefined || typeof text === 'string')) return false;
  return typeof logs === 'object' && logs !== null && Object.values(logs).every(isSeen);
}

function isSeen(value: unknown): value is Seen {
  if (typeof value !== 'object' || value === null) return false;
  const { from, size, sha256 } = value as Record<keyof Stretch, unknown>;
  if (!isCount(size)) return false;
  return from === undefined ? sha256 === undefined : isCount(from) && from <= size && typeof sha256 === 'string';
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** What is kept elsewhere of a checkpoint: its number, and the sha256 of its line. */
export interface Anchor {
  readonly n: number;
  readonly sha256: string;
}

export function anchorText({ n, sha256 }: Anchor): string {
  return `${n}:${sha256}`;
}

/** `undefined`: the text is none. */
export function parseAnchor(text: string): Anchor | undefined {
  const [, n, sha256] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text.trim()) ?? [];
  return sha256 === undefined ? undefined : { n: Number(n), sha256 };
}
