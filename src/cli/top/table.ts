import { cutLine, gap, widthOf, widthsFor, widthsOf } from '../fit.ts';
import { harmless } from '../harmless.ts';

export interface Column<T> {
  readonly title: string;
  readonly cell: (one: T) => string;
  /** How narrow it may become; absent: it is never cut. */
  readonly least?: number;
}

/** One line each, the head first, in the width of a screen. */
export function tableLines<T>(columns: readonly Column<T>[], items: readonly T[], width: number): string[] {
  const head = columns.map(({ title }) => title);
  const cells = items.map((item) => columns.map(({ cell }) => harmless(cell(item))));
  const least = columns.map((column) => column.least ?? Infinity);
  const widths = widthsFor(head, cells, least, width) ?? widthsOf(head, cells);
  const space = ' '.repeat(gap);
  return [head, ...cells].map((row) => {
    const fitted = row.map((cell, at) => padded(cutLine(cell, widths[at] ?? 0), widths[at] ?? 0));
    return cutLine(fitted.join(space).trimEnd(), width);
  });
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}
