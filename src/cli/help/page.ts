/** A topic's page in the columns of a terminal: paragraphs, points and tables are filled anew, code stays as it is. */
import { wrap } from './columns.ts';

const gap = 2;

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
  const count = Math.max(...rows.map((row) => row.length));
  const most = (of: (cell: string) => number): number[] =>
    Array.from({ length: count }, (_, at) => Math.max(1, ...rows.map((row) => of(row[at] ?? ''))));
  const widths = most((cell) => cell.length);
  const least = most((cell) => Math.max(0, ...cell.split(' ').map((word) => word.length)));
  let over = widths.reduce((sum, width) => sum + width + gap, -gap) - columns;
  for (; over > 0; over--) {
    const spare = widths.map((width, at) => (width > (least[at] ?? 0) ? width : 0));
    const widest = spare.indexOf(Math.max(...spare));
    if (spare[widest] === 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
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
