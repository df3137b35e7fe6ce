import { jsonIn } from '../../../model/basics/raw-json.ts';
import { cursorInvalid, cursorOfAnotherStorage } from '../../port/refusals.ts';
import { isMailboxName } from './layout.ts';
import { isDay } from './slots.ts';

/**
 * How far a watcher has read: per mailbox, the place in each of its last two days' logs (two, because a process that was
 * paused over midnight still writes to yesterday's). For callers it is one opaque word.
 */
export type Position = Map<string, Days>;
export type Days = Map<string, LogPlace>;

/** A place in a log, behind a line; and what tells that line from another one that later came to lie there. */
export interface LogPlace {
  readonly bytes: number;
  readonly check?: string;
}

/**
 * Of thousands of logs a few are busy. So one in which nothing happened on the last two days has no place in a cursor of
 * now; under this name stands the day from which on such a log is news.
 */
export const quietLogs = '#';

/** The longest cursor that says its position itself. A longer one is the beginning of a file in cursors/. */
const longest = 200;

const prefix = 'c2.';
/** Without checks; written until a cursor had a longest length. */
const oldPrefix = 'c1.';
const keptPattern = /^k1\.([0-7][0-9A-HJKMNP-TV-Z]{25})\.([1-9]\d{0,14})$/;

/** `undefined`: it would be too long. */
export function formatCursor(position: Position): string | undefined {
  // A row has more than ten characters.
  if (position.size > longest / 10) return undefined;
  const text = prefix + Buffer.from(JSON.stringify([...position].map(rowOf))).toString('base64url');
  return text.length > longest ? undefined : text;
}

/** The first bytes of a file in cursors/. */
export interface KeptCursor {
  readonly id: string;
  readonly bytes: number;
}

export function formatKept({ id, bytes }: KeptCursor): string {
  return `k1.${id}.${bytes}`;
}

/** @throws DreamosError CURSOR_INVALID */
export function parseCursor(text: string): Position | KeptCursor {
  const kept = keptPattern.exec(text);
  if (kept) return { id: kept[1] ?? '', bytes: Number(kept[2]) };
  if (/^r\d{1,15}(?:\.|$)/.test(text)) throw cursorOfAnotherStorage(text, 'an engine');
  const position: Position = new Map();
  const width = text.startsWith(oldPrefix) ? 2 : 3;
  for (const row of decode(text)) if (!addRow(position, row, width)) throw cursorInvalid(text);
  return position;
}

/** What a file in cursors/ begins with. One without it was swept away, and begun again by who did not know. */
export function keptHead(id: string): string {
  return `${JSON.stringify({ cursor: id })}\n`;
}

/** What follows: places, each a line, of which a later one counts. The quiet ones first: fewer lines are an earlier place. */
export function keptRows(position: Position): string {
  const rows = [...position].sort(([a], [b]) => Number(b === quietLogs) - Number(a === quietLogs));
  return rows.map((row) => `${JSON.stringify(rowOf(row))}\n`).join('');
}

/** What the whole lines of a file say; `undefined`: it is not this one. */
export function parseKept(id: string, text: string): Position | undefined {
  if (!text.startsWith(keptHead(id))) return undefined;
  const position: Position = new Map();
  for (const line of text.slice(keptHead(id).length, text.lastIndexOf('\n')).split('\n')) {
    if (line !== '' && !addRow(position, jsonIn(line), 3)) return undefined;
  }
  return position;
}

function rowOf([mailbox, days]: readonly [string, Days]): unknown[] {
  return [mailbox, ...[...days].flatMap(([day, { bytes, check = '' }]) => [day, bytes, check])];
}

/** @returns `false` when it is no row */
function addRow(position: Position, row: unknown, width: 2 | 3): boolean {
  const [mailbox, ...rest] = Array.isArray(row) ? (row as unknown[]) : [];
  if (typeof mailbox !== 'string' || !(isMailboxName(mailbox) || mailbox === quietLogs) || rest.length % width !== 0)
    return false;
  const days: Days = position.get(mailbox) ?? new Map();
  for (let i = 0; i < rest.length; i += width) {
    const [day, bytes, check = ''] = rest.slice(i, i + width);
    if (typeof day !== 'string' || !isDay(day) || !Number.isSafeInteger(bytes) || Number(bytes) < 0) return false;
    if (typeof check !== 'string' || !/^[0-9a-z]{0,7}$/.test(check)) return false;
    days.set(day, { bytes: Number(bytes), ...(check !== '' && { check }) });
  }
  position.set(mailbox, days);
  return true;
}

function decode(text: string): unknown[] {
  try {
    const json: unknown = JSON.parse(Buffer.from(text.slice(prefix.length), 'base64url').toString());
    if ((text.startsWith(prefix) || text.startsWith(oldPrefix)) && Array.isArray(json)) return json;
  } catch {
    // Not base64url of JSON: as wrong as any other text.
  }
  throw cursorInvalid(text);
}
