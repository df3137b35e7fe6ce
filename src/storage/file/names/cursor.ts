import { cursorInvalid } from '../../port/refusals.ts';
import { isMailboxName } from './layout.ts';
import { isDay } from './slots.ts';

/**
 * How far a watcher has read: per mailbox, the length read of each of its last two days' logs (two, because a process that
 * was paused over midnight still writes to yesterday's). For callers it is one opaque word.
 */
export type Position = Map<string, Map<string, number>>;

/**
 * Of a thousand topics a few are busy, and each event carries a cursor. So a log in which nothing happened on the last two
 * days has no place in it; under this name stands the day from which on such a log is news.
 */
export const quietTopicLogs = '#';

const prefix = 'c1.';

export function formatCursor(position: Position): string {
  const plain = [...position].map(([mailbox, days]) => [mailbox, ...[...days].flat()]);
  return prefix + Buffer.from(JSON.stringify(plain)).toString('base64url');
}

/** @throws DreamosError CURSOR_INVALID */
export function parseCursor(text: string): Position {
  const position: Position = new Map();
  for (const row of decode(text)) {
    const [mailbox, ...rest] = Array.isArray(row) ? (row as unknown[]) : [];
    if (typeof mailbox !== 'string' || !(isMailboxName(mailbox) || mailbox === quietTopicLogs) || rest.length % 2 !== 0)
      throw cursorInvalid(text);
    const days = new Map<string, number>();
    for (let i = 0; i < rest.length; i += 2) {
      const [day, offset] = [rest[i], rest[i + 1]];
      if (typeof day !== 'string' || !isDay(day) || !Number.isSafeInteger(offset) || Number(offset) < 0)
        throw cursorInvalid(text);
      days.set(day, Number(offset));
    }
    position.set(mailbox, days);
  }
  return position;
}

function decode(text: string): unknown[] {
  try {
    const json: unknown = JSON.parse(Buffer.from(text.slice(prefix.length), 'base64url').toString());
    if (text.startsWith(prefix) && Array.isArray(json)) return json;
  } catch {
    // Not base64url of JSON: as wrong as any other text.
  }
  throw cursorInvalid(text);
}
