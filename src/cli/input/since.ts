import { quoteWord } from '../../model/basics/shell-word.ts';
import { DreamosError } from '../../model/errors.ts';
import type { Context } from '../context.ts';
import { harmless } from '../harmless.ts';
import { fileError } from './body.ts';

// An event's line is far shorter than half of this, so the end of a file always holds a whole one.
const tailBytes = 262_144;

/** Where `--since` begins; `undefined`: now. @param again the command line that fills a file with what has cursors */
export async function sinceOption(
  context: Context,
  text: string | undefined,
  again: string,
): Promise<string | undefined> {
  if (text === undefined || text === 'now') return undefined;
  if (!text.startsWith('@')) return text;
  const path = text.slice(1);
  try {
    return (await lastCursor(await context.openFile(path), path, again)) ?? 'start';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw fileError(error, path);
    await context.output.note(`There is no file "${harmless(path)}" yet: beginning at the start of the log.`);
    return 'start';
  }
}

/**
 * The cursor of the last complete line of what `watch --json` or `listen --json` wrote into a file; `undefined`: nothing complete is in it.
 * A line that is cut short, or that was glued to one, has no cursor to trust: the one before it counts, and its event
 * comes again. @throws CURSOR_INVALID when the file holds lines, but no cursor
 */
export async function lastCursor(
  chunks: AsyncIterable<Uint8Array>,
  path: string,
  again: string,
): Promise<string | undefined> {
  let tail: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const all = Buffer.concat([tail, chunk]);
    tail = all.subarray(Math.max(0, all.length - tailBytes));
  }
  const end = tail.lastIndexOf(0x0a);
  if (end === -1) return undefined;
  const lines = tail.toString('utf8', 0, end).split('\n');
  for (const line of lines.reverse()) {
    const cursor = cursorOf(line);
    if (cursor !== undefined) return cursor;
  }
  if (lines.every((line) => line.trim() === '')) return undefined;
  throw new DreamosError('invalid', 'CURSOR_INVALID', `No line of "${path}" has a cursor.`, {
    hint: `Fill it with: ${again} --json --since start >> ${quoteWord(path)}`,
  });
}

function cursorOf(line: string): string | undefined {
  try {
    const json = JSON.parse(line) as { cursor?: unknown } | null;
    return typeof json?.cursor === 'string' ? json.cursor : undefined;
  } catch {
    // Not a whole line of JSON: the caller looks further up.
    return undefined;
  }
}
