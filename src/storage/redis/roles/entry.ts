import { cut } from '../../../model/basics/text.ts';
import { isoTime } from '../../../model/clock.ts';
import { DreamosError } from '../../../model/errors.ts';
import type { EventKind, MailEvent } from '../../../model/event.ts';
import { type Message, priorities, unseal } from '../../../model/message.ts';
import type { State } from '../../../model/state.ts';
import type { Entry } from '../../port/look.ts';
import { claimOf, type NamedClaim } from '../../port/dump/receipts.ts';
import { receiptInvalid } from '../../port/refusals.ts';

/** What the scripts answer: whole numbers, bytes, lists of those; null for nothing. */
export type Reply = number | Buffer | null | readonly Reply[];

export const text = (reply: Reply | undefined): string => String(reply ?? '');
export const list = (reply: unknown): readonly Reply[] => (Array.isArray(reply) ? (reply as Reply[]) : []);
export const texts = (reply: unknown): string[] => list(reply).map(text);

export const letters = { ready: 'r', delayed: 'd', inflight: 'f', archived: 'a', dead: 'x' } as const;
const states: Readonly<Record<string, State>> = { r: 'ready', d: 'delayed', f: 'inflight', a: 'archived', x: 'dead' };
export const stateOf = (letter: string): State => states[letter] ?? 'ready';

/** lua/entries.lua `entryOf`. */
interface Told {
  readonly m: string;
  readonly i: string;
  readonly s: string;
  readonly v: number;
  readonly p: number;
  readonly a: number;
  readonly o?: string;
  readonly z?: number;
  readonly x?: number;
  readonly d?: number;
  readonly t?: string;
  readonly L?: number;
  readonly M?: number;
  readonly A?: number;
  readonly w?: number;
  readonly X?: number;
}

function entryOf({ m, i, s, v, p, a, o, z, x, d, t, L, M, A, w, X }: Told): Entry {
  return {
    key: `${i}#${v}@${o ?? ''}`,
    mailbox: m,
    id: i,
    state: stateOf(s),
    priority: priorities[p] ?? 'normal',
    attempt: a,
    ...(z !== undefined && { task: true }),
    ...(x !== undefined && { expiresAt: x }),
    ...(d !== undefined && { dueAt: d }),
    ...(t !== undefined && { receipt: formatReceipt(m, i, t, z !== undefined) }),
    ...(L !== undefined && { leaseUntil: L }),
    ...(M !== undefined && { maxAttempts: M }),
    ...(A !== undefined && { ackedAt: A }),
    ...(w !== undefined && { withdrawn: true }),
    ...(X !== undefined && { deadAt: X }),
  };
}

export function entriesIn(reply: unknown): Entry[] {
  return (JSON.parse(String(reply)) as Told[]).map(entryOf);
}

export function entryIn(reply: Reply | undefined): Entry {
  return entryOf(JSON.parse(text(reply)) as Told);
}

/** Which version of it was listed. */
export function versionOf({ key }: Entry): string {
  return key.slice(key.indexOf('#') + 1, key.indexOf('@'));
}

/** Of a ready one what orders it; else its time, and its id. */
export function placeOf(entry: Entry): string {
  if (entry.state === 'ready') return entry.key.slice(entry.key.indexOf('@') + 1);
  const at = entry.dueAt ?? entry.leaseUntil ?? entry.ackedAt ?? entry.deadAt ?? 0;
  return `${at},${entry.id}`;
}

export function formatReceipt(mailbox: string, id: string, token: string, isTask: boolean): string {
  return `${mailbox}:${id}:${token}${isTask ? ':j' : ''}`;
}

/** @throws RECEIPT_INVALID */
export function parseReceipt(from: string): NamedClaim {
  const claim = claimOf(from);
  if (!claim) throw receiptInvalid(from);
  return claim;
}

/** Of what lies in the root's hash `b`, behind who holds it and a line end. `undefined`: it is empty. */
export function bytesIn(reply: Reply | undefined): Buffer | undefined {
  if (!Buffer.isBuffer(reply)) return undefined;
  const bytes = reply.subarray(reply.indexOf(10) + 1);
  return bytes.length > 0 ? bytes : undefined;
}

export function messageIn(reply: Reply | undefined): Message {
  return unseal(bytesIn(reply) ?? Buffer.alloc(0));
}

/** A part of an event's JSON, as the scripts put it together: `,"by":"ann"`. */
export function part(fields: object): string {
  const json = JSON.stringify(fields);
  return json === '{}' ? '' : `,${json.slice(1, -1)}`;
}

/** @returns with its place among all events */
export function eventIn(reply: Reply | undefined): MailEvent & { readonly seq: string } {
  const [seq, mailbox, at, kind, id, more] = texts(reply);
  const rest = more ? (JSON.parse(`{${more.slice(1)}}`) as Partial<MailEvent>) : {};
  const event = { at: isoTime(Number(at)), mailbox: mailbox ?? '', event: kind as EventKind, id: id ?? '', ...rest };
  return Object.defineProperty(event as MailEvent & { seq: string }, 'seq', { value: seq ?? '', enumerable: false });
}

/** What a document on the server says. @param what as people call it @throws CONFIG_INVALID: somebody has spoilt it there */
export function valueOf(what: string, json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    const message = `The engine keeps ${what} as what is no JSON: ${JSON.stringify(cut(json, 60))}.`;
    throw new DreamosError('invalid', 'CONFIG_INVALID', message, {
      hint: 'Put there what it was, or load a dump of before: dreamos help engines',
    });
  }
}
