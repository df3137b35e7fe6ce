/** What a person sees fits the columns of a terminal; what goes elsewhere is whole, which is a width of `Infinity`. */

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
// eslint-disable-next-line no-control-regex
const colour = /\u001B\[\d+m/g;
const plain = /^[ -~]*$/;
/** Between two columns of a table. */
export const gap = 2;

/** In columns of a terminal, about: East Asian characters and pictures take two, colours none. */
export function widthOf(text: string): number {
  // Most of what is shown, and a page that lives measures all of it every second.
  if (plain.test(text)) return text.length;
  let width = 0;
  for (const char of text.replaceAll(colour, '')) width += wide.test(char) ? 2 : 1;
  return width;
}

/** One line without colours; what has no room is cut. */
export function cutLine(line: string, columns: number): string {
  if (widthOf(line) <= columns) return line;
  let width = 1;
  let kept = '';
  for (const char of line) {
    width += widthOf(char);
    if (width > columns) break;
    kept += char;
  }
  return `${kept.trimEnd()}…`;
}

/** Broken at spaces; what is to be pasted stays whole, however long it is. */
export function broken(text: string, columns: number, margin?: string): string {
  if (columns === Infinity) return text;
  return text
    .split('\n')
    .map((line) => (widthOf(line) <= columns ? line : brokenLine(line, columns, margin)))
    .join('\n');
}

// A command ends at `; `, at the end of a sentence, or with the line.
const piece =
  // eslint-disable-next-line no-control-regex
  /^ +|`[^`]*`\S* *|(?<=^ *|[:|](?:\u001B\[\d+m)? )dreamos [-a-z].*?(?:; +|[.?] +(?=[A-Z])|$)|\S+ */g;

function brokenLine(line: string, columns: number, margin = `${/^ */.exec(line)?.[0] ?? ''}  `): string {
  const lines: string[] = [];
  let current = '';
  for (const next of line.match(piece) ?? []) {
    if (current.trim() !== '' && widthOf(`${current}${next}`.trimEnd()) > columns) {
      lines.push(current.trimEnd());
      current = `${margin}${next}`;
    } else current += next;
  }
  return [...lines, current.trimEnd()].join('\n');
}

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** `undefined`: as wide as what is in the columns. */
  readonly widths: number[] | undefined;
}

/** A table in the width of a screen: first go the columns that say nothing, then the widest ones are cut, then the last go. */
export function fitted(head: readonly string[], rows: readonly (readonly string[])[], room: number): Table {
  let at = head.map((_, column) => column);
  const pick = (row: readonly string[]): string[] => at.map((column) => row[column] ?? '');
  const least = (): number[] => pick(head).map((title) => Math.max(title.length, title === 'next' ? 17 : 8));
  const isOver = (widths: readonly number[]): boolean => totalOf(widths) > room;
  while (isOver(widthsOf(pick(head), rows.map(pick)))) {
    const empty = at.findLast((column) => rows.every((row) => /^[0-]?$/.test(row[column] ?? '')));
    if (empty === undefined) break;
    at = at.filter((column) => column !== empty);
  }
  for (;;) {
    const shown = rows.map(pick);
    const widths = widthsFor(pick(head), shown, least(), room);
    if (widths === undefined || !isOver(widths) || at.length < 2) return { head: pick(head), rows: shown, widths };
    at = at.slice(0, -1);
  }
}

/** `undefined`: all of it fits. Of what may be cut, the widest column gives way first. */
export function widthsFor(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  least: readonly number[],
  room: number,
): number[] | undefined {
  const widths = widthsOf(head, rows);
  let over = totalOf(widths) - room;
  if (over <= 0) return undefined;
  while (over > 0) {
    const spare = widths.map((width, at) => (width > (least[at] ?? Infinity) ? width : 0));
    const widest = spare.indexOf(Math.max(...spare));
    if (spare[widest] === 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    over--;
  }
  return widths;
}

/** As wide as what is in the columns. */
export function widthsOf(head: readonly string[], rows: readonly (readonly string[])[]): number[] {
  return head.map((title, at) => rows.reduce((most, row) => Math.max(most, widthOf(row[at] ?? '')), title.length));
}

function totalOf(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width + gap, -gap);
}
