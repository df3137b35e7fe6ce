/** A topic's page in the columns of a terminal: paragraphs, points and tables are filled anew, code stays as it is. */
import { gap, widthOf, widthsFor, widthsOf } from '../fit.ts';
import { wrap } from './columns.ts';

export function pageIn(text: string, columns: number): string {
  const filled: string[] = [];
  let part: string[] = [];
  let fence = '';
  const end = (): void => {
    if (part.length > 0) filled.push(part[0]?.startsWith('|') ? table(part, columns) : paragraph(part, columns));
    part = [];
  };
  for (const line of text.split('\n')) {
    const [mark = ''] = /^ *(`{3,})/.exec(line) ?? [];
    if (fence !== '' || mark !== '') {
      end();
      filled.push(line);
      if (fence === '') fence = mark;
      else if (mark === fence) fence = '';
    } else if (line === '' || line.startsWith('#')) {
      end();
      filled.push(line);
    } else {
      if (/^ *(?:-|\d+\.) /.test(line)) end();
      part.push(line);
    }
  }
  end();
  return filled.join('\n');
}

function paragraph(lines: readonly string[], columns: number): string {
  const [, indent = '', mark = ''] = /^( *)((?:(?:-|\d+\.) )?)/.exec(lines[0] ?? '') ?? [];
  const margin = ' '.repeat(indent.length + mark.length);
  const words = lines.map((line) => line.trim()).join(' ');
  const text = wrap(words.slice(mark.length), columns - margin.length);
  return `${indent}${mark}${text.replaceAll('\n', `\n${margin}`)}`;
}

function table(lines: readonly string[], columns: number): string {
  if (lines.every((line) => line.length <= columns)) return lines.join('\n');
  const rows = lines
    .filter((line) => !/^[|: -]+$/.test(line))
    .map((line) =>
      line
        .replace(/^\| ?| ?\|$/g, '')
        .split(/ *(?<!\\)\| */)
        .map((cell) => cell.trim().replaceAll('\\|', '|')),
    );
  const [head = []] = rows;
  const least = head.map((_, at) => Math.max(...rows.flatMap((row) => (row[at] ?? '').split(' ')).map(widthOf)));
  const widths = widthsFor(head, rows, least, columns) ?? widthsOf(head, rows);
  return rows
    .map((row) => {
      const cells = widths.map((width, at) => wrap(row[at] ?? '', width).split('\n'));
      const height = Math.max(...cells.map((cell) => cell.length));
      return Array.from({ length: height }, (_, line) =>
        cells
          .map((cell, at) => (cell[line] ?? '').padEnd(widths[at] ?? 0))
          .join(' '.repeat(gap))
          .trimEnd(),
      ).join('\n');
    })
    .join('\n');
}
