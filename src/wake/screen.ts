/**
 * What a pane shows, as far as it must be known before anything is typed into it: whether the agent's composer is empty, what
 * stands in it, and whether the agent asks something. The composers are those of Claude Code 2.1, Codex 0.171 and Gemini CLI
 * 0.61 as they were captured, and Cursor's as others describe it.
 */

/** `capture-pane -e`, taken apart. */
export interface Screen {
  readonly rows: readonly string[];
  /** The same without what is faint: what a composer suggests is no draft. */
  readonly bright: readonly string[];
  readonly cursor: { readonly x: number; readonly y: number };
}

// By their numbers, because the build is read as ASCII: a frame, and the marks of Cursor, Codex and Claude Code.
const prompt = /^\s*[\u2500-\u257f|]?\s*[>\u2192\u203a\u276f](?=\s|$)/;
const placeholder = /Type your message or @path\/to\/file|Plan, search, build anything|Add a follow-up/;
const frame = /[\s|\u2500-\u259f]/g;

// Attributes, a link, or a character.
// oxlint-disable-next-line no-control-regex -- what tmux writes them with
const pieces = /\u001B\[([\d;:]*)m|\u001B\][^\u0007\u001B]*(?:\u0007|\u001B\\)|([\s\S])/gu;

export function screenOf(captured: string, cursor: Screen['cursor']): Screen {
  let isFaint = false;
  let rows = '';
  let bright = '';
  // The attributes of a row go on in the next one.
  for (const [, codes, character] of captured.matchAll(pieces)) {
    if (codes !== undefined) isFaint = faintAfter(codes, isFaint);
    if (character === undefined) continue;
    rows += character;
    bright += isFaint && character !== '\n' ? ' ' : character;
  }
  return { rows: rows.split('\n'), bright: bright.split('\n'), cursor };
}

function faintAfter(codes: string, before: boolean): boolean {
  // The 2 of a colour (38;5;2 and 38;2;r;g;b) is none of its own.
  const own = codes.replace(/[345]8[;:](?:5[;:]\d+|2(?:[;:]\d*){3})/g, '1').split(/[;:]/);
  let isFaint = before;
  for (const code of own) {
    if (code === '2') isFaint = true;
    else if (code === '' || Number(code) === 0 || code === '22') isFaint = false;
  }
  return isFaint;
}

/** What stands in a composer, without frame and spaces; `undefined`: none is known here. */
export function composedIn({ rows, bright, cursor }: Screen): string | undefined {
  const start = bright.findLastIndex(
    (row, y) => prompt.test(row) && (y <= cursor.y || placeholder.test(rows[y] ?? '')),
  );
  if (start < 0) return undefined;
  const first = rows[start] ?? '';
  const length = prompt.exec(first)?.[0].length ?? 0;
  const behind = bright.slice(start + 1);
  const end = behind.findIndex((row) => flat(row) === '');
  const text = [(bright[start] ?? '').slice(length), ...behind.slice(0, end < 0 ? undefined : end)].join(' ');
  const composed = flat(text.replace(placeholder, ''));
  if (composed !== '' || placeholder.test(first)) return composed;
  // Only where one can type: a quotation above a dialog looks like it, too.
  const isHere = cursor.y === start && flat(first.slice(length, cursor.x)) === '' && cursor.x >= length;
  return isHere ? '' : undefined;
}

/** Without what a frame and the breaking of lines put in. */
export function flat(text: string): string {
  return text.replace(frame, '');
}

/** How often a line is to be seen, however it was broken. */
export function timesIn({ rows }: Screen, line: string): number {
  return rows.map(flat).join('').split(flat(line)).length - 1;
}

const lastRows = 25;

/** Whether a key could answer a question here. */
export function asks({ rows }: Screen): boolean {
  return questions.some((question) => question.test(lastOf(rows, lastRows)));
}

/** Whether the agent is seen to work. */
export function works({ rows }: Screen): boolean {
  return atWork.test(lastOf(rows, lastRows));
}

const atWork = /\b(?:esc(?:ape)?|ctrl[+-]c) to (?:interrupt|stop)\b|\(esc to cancel, \d/i;
const questions = [
  /^\W*[>\u2192\u203a\u276f]\s*\d+[.)]\s/m,
  /\(?\b(?:y\/n|yes\/no)\b/i,
  /^\W*(?:do you (?:want|trust|wish)|allow|approve|apply|proceed|continue|are you sure|would you like)\b.*\?/im,
  /\besc(?:ape)? to cancel\b(?!, \d)/i,
  /\benter to (?:confirm|select|approve|continue)\b/i,
];

/** The last rows that are not empty. */
export function lastOf(rows: readonly string[], count: number): string {
  return rows
    .map((row) => row.trimEnd())
    .filter((row) => row !== '')
    .slice(-count)
    .join('\n');
}
