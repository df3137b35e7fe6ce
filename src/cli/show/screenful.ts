/**
 * What a person sees of many messages, one line each under a head: on a terminal as many as one looks at, in its width;
 * elsewhere all of them, whole.
 */
import { harmless } from '../harmless.ts';
import { widthsFor } from '../fit.ts';
import type { Output } from '../output.ts';

/** Below it a line has no room for all. */
export const wideEnough = 100;

export interface Layout {
  readonly head: readonly string[];
  /** How narrow each column may become where a line would be too long; `Infinity`: it is never cut. */
  readonly least: readonly number[];
}

export interface RowLayout<T> extends Layout {
  readonly row: (one: T) => string[];
}

type Column<T> = readonly [title: string, isShown: boolean, cell: (one: T) => string];

/** @param least how narrow the columns of these titles may become; no other is ever cut */
export function layoutOf<T>(columns: readonly Column<T>[], least: Readonly<Record<string, number>>): RowLayout<T> {
  const shown = columns.filter(([, isShown]) => isShown);
  const head = shown.map(([title]) => title);
  return {
    head,
    least: head.map((title) => least[title] ?? Infinity),
    row: (one) => shown.map(([, , cell]) => cell(one)),
  };
}

/** On a terminal; who wants more says how many, or reads them through a pipe. */
export const mostOnScreen = 50;

export interface Screenful {
  /** How many there are, shown or not. */
  readonly count: number;
  /** @param row called only if it is shown */
  add(row: () => readonly string[]): void;
  /** So many more, which nobody has looked at. */
  addUnseen(more: number): void;
  print(): Promise<void>;
}

/** @param most how many, where the caller was told */
export function createScreenful(output: Output, { head, least }: Layout, most?: number): Screenful {
  const room = most ?? (output.toTerminal ? mostOnScreen : Infinity);
  const rows: (readonly string[])[] = [];
  let count = 0;
  return {
    get count() {
      return count;
    },
    add: (row) => {
      if (++count <= room) rows.push(row().map((cell) => harmless(cell)));
    },
    addUnseen: (more) => {
      count += Math.max(0, more);
    },
    print: async () => {
      if (rows.length === 0) return;
      // On a terminal, what is empty in every line would only take room from the others.
      const used = head.flatMap((_, at) => (!output.toTerminal || rows.some((row) => row[at] !== '') ? [at] : []));
      const pick = <T>(row: readonly T[]): T[] => used.map((at) => row[at] as T);
      const shown = rows.map(pick);
      await output.data(`${await tableThatFits(output, { head: pick(head), least: pick(least) }, shown)}\n`);
      if (count > rows.length) await output.note(moreText(count - rows.length));
    },
  };
}

/**
 * Of what may have no end: no more is read than is shown.
 * @returns how many are shown
 */
export async function showFirst<T>(
  output: Output,
  found: AsyncIterable<T>,
  { row, ...layout }: RowLayout<T>,
  most = mostOnScreen,
): Promise<number> {
  const screen = createScreenful(output, layout, most);
  let isCut = false;
  for await (const one of found) {
    isCut = screen.count === most;
    if (isCut) break;
    screen.add(() => row(one));
  }
  await screen.print();
  if (isCut) await output.note('… and more: -n <number> shows so many');
  return screen.count;
}

export function moreText(more: number): string {
  return `… and ${more.toLocaleString('en')} more`;
}

/** In the width of a screen, where there is one. */
export async function tableThatFits(
  output: Output,
  { head, least }: Layout,
  rows: readonly (readonly string[])[],
): Promise<string> {
  return output.table(head, rows, widthsFor(head, rows, least, output.width));
}
