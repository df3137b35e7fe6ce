import type { ComponentChildren } from 'preact';

export interface Column<T> {
  readonly name: string;
  readonly cell: (row: T) => ComponentChildren;
  /** Numbers stand on the right. */
  readonly number?: true;
  /** By what it can be sorted: what is largest comes first, of texts the first. */
  readonly sort?: (row: T) => number | string;
  /** Is left out where the page is narrower than 46 or 70 letters. */
  readonly from?: 'medium' | 'wide';
}

interface RowsProps<T> {
  /** What they are, for who hears the page. */
  readonly of: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  /** Of one that is to be seen first. */
  readonly kindOf?: (row: T) => string | undefined;
  /** Which column they are sorted by, and what chooses another one. */
  readonly sorted?: { readonly by: string; readonly choose: (name: string) => void };
}

/**
 * A table. The first cell is what a row is called; a link with `data-row` in it is where j and k go.
 * It scrolls sideways by itself where the page is narrower than what is left of it.
 */
export function Rows<T>({ of, columns, rows, keyOf, kindOf, sorted }: RowsProps<T>) {
  return (
    <div class="scroll" role="region" aria-label={of} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.name} scope="col" class={classOf(column)} aria-sort={sortOf(column, sorted?.by)}>
                {column.sort && sorted ? (
                  <button type="button" onClick={() => sorted.choose(column.name)}>
                    {column.name}
                  </button>
                ) : (
                  column.name
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)} class={kindOf?.(row)}>
              {columns.map((column, i) =>
                i === 0 ? (
                  <th key={column.name} scope="row">
                    {column.cell(row)}
                  </th>
                ) : (
                  <td key={column.name} class={classOf(column)}>
                    {column.cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function sortOf<T>({ name, number }: Column<T>, by: string | undefined): 'ascending' | 'descending' | undefined {
  if (name !== by) return undefined;
  return number ? 'descending' : 'ascending';
}

/** By a column; where it says the same, as they came. */
export function sortedBy<T>(rows: readonly T[], columns: readonly Column<T>[], by: string): readonly T[] {
  const { sort } = columns.find(({ name }) => name === by) ?? {};
  if (!sort) return rows;
  return rows.toSorted((a, b) => {
    const [x, y] = [sort(a), sort(b)];
    return typeof x === 'number' ? Number(y) - x : x.localeCompare(String(y), 'en', { numeric: true });
  });
}

function classOf<T>({ number, from }: Column<T>): string | undefined {
  return [number && 'number', from].filter(Boolean).join(' ') || undefined;
}
