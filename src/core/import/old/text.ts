import type { OldMessage } from './message.ts';
import { parseOldTime } from './time.ts';
import { priorityOf } from './words.ts';

/** So many lines from the top may say who, to whom and about what. */
const headLines = 12;
const headField = /^(from|to|re|subject|date|time|priority)\s*:\s*(\S.*)$/i;

/**
 * A directive or note in Markdown or plain text. The body is the whole text. `FROM:`, `TO:`, `RE:` or `SUBJECT:`,
 * `DATE:` and `PRIORITY:` at its top are understood, bold or not; else the subject is the first heading of level 1, else
 * the first line with words in it.
 */
export function readOldText(text: string, format: 'markdown' | 'text'): OldMessage {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const head = new Map<string, string>();
  for (const line of lines.slice(0, headLines)) {
    const match = headField.exec(bare(line));
    if (match?.[1] && match[2] && !head.has(match[1].toLowerCase())) head.set(match[1].toLowerCase(), match[2]);
  }
  const notes: string[] = [];
  const date = head.get('date') ?? head.get('time');
  const at = parseOldTime(date);
  if (at === undefined)
    notes.push(date === undefined ? 'no time in it' : `time ${JSON.stringify(date)} cannot be read`);
  const priority = head.get('priority');
  if (priority !== undefined && !priorityOf(priority))
    notes.push(`priority ${JSON.stringify(priority)} is on no known scale, taken as normal`);
  return {
    format,
    from: head.get('from'),
    to: (head.get('to') ?? '').split(/[,;]/).flatMap((name) => name.trim() || []),
    subject: head.get('subject') ?? head.get('re') ?? firstHeading(lines) ?? firstWords(lines),
    body: text,
    type: 'message',
    priority: priorityOf(priority) ?? 'normal',
    thread: null,
    replyTo: null,
    tags: [],
    at,
    finished: false,
    original: text,
    notes,
  };
}

function firstHeading(lines: readonly string[]): string | undefined {
  let fenced = false;
  for (const line of lines) {
    if (/^ {0,3}(?:```|~~~)/.test(line)) fenced = !fenced;
    const match = fenced ? null : /^ {0,3}# +(\S.*)$/.exec(line);
    if (match?.[1]) return bare(match[1]);
  }
  return undefined;
}

function firstWords(lines: readonly string[]): string {
  return lines.map(bare).find((line) => /[\p{L}\p{N}]/u.test(line)) ?? '';
}

/** Without the marks of emphasis, headings and quotes around it. */
function bare(line: string): string {
  return line
    .replace(/\*\*|__/g, '')
    .replace(/^[\s#>*]+|[\s#*]+$/g, '')
    .trim();
}
