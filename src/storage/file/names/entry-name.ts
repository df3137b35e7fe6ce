import { priorities, type Message, type Priority } from '../../../model/message.ts';
import { sha256 } from '../../../model/basics/sha256.ts';
import type { State } from '../../../model/state.ts';

/**
 * The name of a message's file is its state: tagged fields, joined by dots, so that a sorted listing is the delivery
 * order and no listing opens a file.
 *
 *   t1795165200000.i01KAG….p2.a0.json                       ready since …, never claimed
 *   d1795166100000.i01KAG….p2.a1.cQ7ABCDEF12.r0-512.jsonl    in flight until …, first claim, bytes 0 to 511 of a batch
 *
 * | tag | value |
 * | --- | --- |
 * | t u d k | first: since when it is ready, when it falls due, when its lease ends, when it was archived or died (ms, 13 digits) |
 * | i | the message's id |
 * | p | priority, 0 urgent to 3 low |
 * | a | how often it has been claimed |
 * | c | the current claim's token |
 * | m | how often it may be claimed, of a claim whose holder says otherwise than the mailbox |
 * | s | the token of the last claim that its own holder settled |
 * | x | time-to-live: no delivery from then on (ms) |
 * | e | by when it is to be done (a task) or answered (a request), as its sender says (ms) |
 * | r | byte range in a file that holds several messages: offset-length |
 * | h | handed in by a script, so without a digest of its own: the first 32 hex digits of the sha256 of the file |
 * | w | 1: cancelled or imported, so never acked |
 * | o | its ordering key: the first 16 hex digits of the key's sha256; then `-` and how often it was brought back to life |
 * | b | in flight: since when it is claimed; delayed: since when it rests, given back for no longer than the longest backoff (ms) |
 * | g | its replace key: the first 10 hex digits of the sha256 of its sender and the key |
 * | f | 1: its sender is told when it dies |
 * | j | 1: it is a task (a job) |
 * | v | handed over: the first 10 hex digits of the sha256 of the mailbox's name that had it first |
 *
 * Unknown tags are kept through every rename, in their order, behind the known ones.
 */
export interface EntryName {
  /** What the leading time means. */
  readonly tag: TimeTag;
  readonly time: number;
  readonly id: string;
  /** 0 to 3 */
  readonly rank: number;
  readonly attempt: number;
  readonly token?: string | undefined;
  readonly maxAttempts?: number | undefined;
  readonly settled?: string | undefined;
  readonly expiresAt?: number | undefined;
  readonly dueBy?: number | undefined;
  readonly range?: { readonly offset: number; readonly length: number } | undefined;
  readonly handedIn?: string | undefined;
  readonly withdrawn?: boolean | undefined;
  readonly order?: Order | undefined;
  readonly since?: number | undefined;
  readonly replace?: string | undefined;
  readonly notify?: boolean | undefined;
  readonly task?: boolean | undefined;
  readonly origin?: string | undefined;
  readonly unknown?: readonly string[] | undefined;
}

/**
 * What every name is made of, so that all have their fields in one order: V8 reads objects of one shape fast, and made a
 * shape of its own for each name that was put together from parts. (74 us of CPU a claim and ack, 60 with this.)
 */
export const unset: EntryName = {
  tag: 't',
  time: 0,
  id: '',
  rank: 0,
  attempt: 0,
  token: undefined,
  maxAttempts: undefined,
  settled: undefined,
  expiresAt: undefined,
  dueBy: undefined,
  range: undefined,
  handedIn: undefined,
  withdrawn: undefined,
  order: undefined,
  since: undefined,
  replace: undefined,
  notify: undefined,
  task: undefined,
  origin: undefined,
  unknown: undefined,
};

/** The ordering key of a message, and which of its lives this is: restored or retried, it begins a new one. */
export interface Order {
  readonly key: string;
  readonly life: number;
}

export type TimeTag = 't' | 'u' | 'd' | 'k';

/** The latest moment that a name can hold. */
export const latestTime = 9_999_999_999_999;

export const timeTagOf = {
  ready: 't',
  delayed: 'u',
  inflight: 'd',
  archived: 'k',
  dead: 'k',
} as const satisfies Record<State, TimeTag>;

export function formatEntryName(name: EntryName): string {
  let text = `${name.tag}${padTime(name.time)}.i${name.id}.p${name.rank}.a${name.attempt}`;
  if (name.token !== undefined) text += `.c${name.token}`;
  if (name.maxAttempts !== undefined) text += `.m${name.maxAttempts}`;
  if (name.settled !== undefined) text += `.s${name.settled}`;
  if (name.expiresAt !== undefined) text += `.x${Math.max(0, Math.trunc(name.expiresAt))}`;
  if (name.dueBy !== undefined) text += `.e${Math.max(0, Math.trunc(name.dueBy))}`;
  if (name.range) text += `.r${name.range.offset}-${name.range.length}`;
  if (name.handedIn !== undefined) text += `.h${name.handedIn}`;
  if (name.withdrawn) text += '.w1';
  if (name.order) text += `.o${name.order.key}${name.order.life > 0 ? `-${name.order.life}` : ''}`;
  // Last: an older version keeps it among the unknown ones.
  if (name.since !== undefined) text += `.b${Math.max(0, Math.trunc(name.since))}`;
  if (name.replace !== undefined) text += `.g${name.replace}`;
  if (name.notify) text += '.f1';
  if (name.task) text += '.j1';
  if (name.origin !== undefined) text += `.v${name.origin}`;
  if (name.unknown) for (const field of name.unknown) text += `.${field}`;
  return `${text}${name.range ? '.jsonl' : '.json'}`;
}

/** A name without its ending, which says nothing that its fields do not say. */
export function stemOf(text: string): string {
  return text.slice(0, text.lastIndexOf('.'));
}

// The longest name of ours has 201 characters: a range and what was handed in never meet, nor do a replace key and a task.
// Beyond this a claim's token or `.reason.json` might no longer fit into the 255 of a file system, and the message would be
// stuck; and what has the name of a mailbox in front (outbox/) was neither claimed nor handed over.
export const longestEntryName = 202;

/**
 * Whether what this name becomes by a claim may say since when it is claimed: beside the token, how often it may be claimed and
 * one more digit of its attempts. Only the names of mail that a script has handed in with an ordering key may be too long for it.
 */
export function hasRoomForSince(text: string): boolean {
  return text.length + 12 + 6 + 1 + 15 <= longestEntryName;
}

// One expression, because every listing is taken apart with it; what follows the attempts is rare.
const entryPattern =
  /^([tudk])(\d{13})\.i([0-7][0-9A-HJKMNP-TV-Z]{25})\.p([0-3])\.a(\d{1,13})((?:\.[^.]+)*)\.json(l?)$/;

/** `undefined`: not a name that dreamos makes. */
export function parseEntryName(text: string): EntryName | undefined {
  const match = text.length > longestEntryName ? null : entryPattern.exec(text);
  if (!match) return undefined;
  const [, tag, time, id = '', rank, attempt, rest = '', lines] = match;
  const name: Mutable<EntryName> = {
    ...unset,
    tag: tag as TimeTag,
    time: Number(time),
    id,
    rank: Number(rank),
    attempt: Number(attempt),
  };
  if (rest !== '') {
    for (const field of rest.slice(1).split('.')) if (!readField(name, field)) return undefined;
  }
  return (lines !== '') === (name.range !== undefined) ? name : undefined;
}

/** Quick, and never wrongly no: whether a name may be this message's. */
export function mayBeOf(text: string, id: string): boolean {
  return text.includes(id);
}

/** Quick, and never wrongly no: whether a name may have a time-to-live. */
export function mayExpire(text: string): boolean {
  return text.includes('.x');
}

/** Of what is ready, archived or dead. Taking a million names apart costs a second; the beginning tells entries from junk. */
export function looksLikeEntry(text: string): boolean {
  return /^[tk]\d{13}\.i[0-7][0-9A-HJKMNP-TV-Z]{25}\.p/.test(text);
}

/** Quick, and never wrongly no: whether a name may be that of a message whose sender is told when it dies. */
export function mayNotify(text: string): boolean {
  return text.includes('.f1');
}

/** The same of what is to be delivered: ready, delayed or in flight. */
export function looksUndelivered(text: string): boolean {
  return /^[tud]\d{13}\.i/.test(text);
}

/** Of a name that looks like an entry's: its id has a fixed place. */
export function idIn(text: string): string {
  return text.slice(16, 42);
}

/** The part of an entry's name that no rename into or out of a pack changes: when it was archived, and its id. */
export function identityOf(text: string): string {
  return text.slice(0, 42);
}

/** The time of a name, or of the beginning of one; milliseconds since 1970, 0 for what is none. */
export function timeIn(text: string): number {
  return Number(/^[tudk](\d{13})/.exec(text)?.[1] ?? 0);
}

/** How a message's ordering key is told in its name. A key is any text, so it is told by its digest. */
export function orderOf(message: Pick<Message, 'orderingKey'>): Order | undefined {
  const key = message.orderingKey ?? undefined;
  return key === undefined ? undefined : { key: sha256(key).slice(0, 16), life: 0 };
}

/** How its replace key is told in its name: enough to find it by; who acts on it reads the message. */
export function replaceOf({ from, replaceKey }: Pick<Message, 'from' | 'replaceKey'>): string | undefined {
  const key = replaceKey ?? undefined;
  return key === undefined ? undefined : sha256(`${from.toLowerCase()}\0${key}`).slice(0, 10);
}

/** Tells a message that was sent to several from its copies, wherever it has been handed over to. */
export function originOf(mailbox: string, { origin }: Pick<EntryName, 'origin'> = {}): string {
  return origin ?? sha256(mailbox).slice(0, 10);
}

export function priorityOf(name: EntryName): Priority {
  return priorities[name.rank] ?? 'normal';
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function readField(name: Mutable<EntryName>, field: string): boolean {
  const value = field.slice(1);
  switch (field.charAt(0)) {
    case 'c':
      return token((name.token = value));
    case 'm':
      name.maxAttempts = Number(value);
      return /^[1-9]\d{0,3}$/.test(value);
    case 's':
      return token((name.settled = value));
    case 'x':
      // "Never" is often written as the end of the year 9999, which has 15 digits.
      name.expiresAt = Number(value);
      return /^\d{1,15}$/.test(value);
    case 'e':
      name.dueBy = Number(value);
      return /^\d{1,15}$/.test(value);
    case 'h':
      name.handedIn = value;
      return /^[0-9a-f]{32}$/.test(value);
    case 'w':
      name.withdrawn = true;
      return value === '1';
    case 'b':
      name.since = Number(value);
      return /^\d{1,13}$/.test(value);
    case 'g':
      name.replace = value;
      return /^[0-9a-f]{10}$/.test(value);
    case 'f':
      name.notify = true;
      return value === '1';
    case 'j':
      name.task = true;
      return value === '1';
    case 'v':
      name.origin = value;
      return /^[0-9a-f]{10}$/.test(value);
    case 'o': {
      const match = /^([0-9a-f]{16})(?:-([1-9]\d{0,5}))?$/.exec(value);
      if (match) name.order = { key: match[1] ?? '', life: Number(match[2] ?? 0) };
      return match !== null;
    }
    case 'r': {
      const match = /^(\d{1,12})-(\d{1,12})$/.exec(value);
      if (match) name.range = { offset: Number(match[1]), length: Number(match[2]) };
      return match !== null;
    }
    default:
      name.unknown = [...(name.unknown ?? []), field];
      return /^[a-z][A-Za-z0-9_-]*$/.test(field);
  }
}

function token(value: string): boolean {
  return /^[0-9A-HJKMNP-TV-Z]{10}$/.test(value);
}

/** 13 digits, so that names sort by time; what lies after the year 2286 is that year. */
export function padTime(ms: number): string {
  return String(Math.min(latestTime, Math.max(0, Math.trunc(ms)))).padStart(13, '0');
}
