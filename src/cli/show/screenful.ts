/**
 * What a person sees of many messages, one line each under a head: on a terminal as many as one looks at, in its width;
 * elsewhere all of them, whole.
 */
import { harmless } from '../harmless.ts';
import { gap, type Output } from '../output.ts';

export interface Layout {
  readonly head: readonly string[];
  /** The columns that may be cut where a line would be too long. */
  readonly cut: readonly number[];
}

/** On a terminal; who wants more says how many, or reads them through a pipe. */
const mostOnScreen = 50;

export interface Screenful {
  /** How many there are, shown or not. */
  readonly count: number;
  /** @param row called only if it is shown */
  add(row: () => readonly string[]): void;
  print(): Promise<void>;
}

/** @param most how many, where the caller was told */
export function createScreenful(output: Output, { head, cut }: Layout, most?: number): Screenful {
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
    print: async () => {
      if (rows.length === 0) return;
      await output.data(`${await output.table(head, rows, widthsFor(head, rows, cut, output.width))}\n`);
      if (count > rows.length) await output.note(moreText(count - rows.length));
    },
  };
}

function moreText(more: number): string {
  return `… and ${more.toLocaleString('en')} more`;
}

const leastCut = 6;

/** `undefined`: all of it fits. Of what may be cut, the widest column gives way first. */
function widthsFor(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  cut: readonly number[],
  room: number,
): number[] | undefined {
  const widths = head.map((title, at) =>
    rows.reduce((most, row) => Math.max(most, widthOf(row[at] ?? '')), title.length),
  );
  let over = widths.reduce((sum, width) => sum + width + gap, -gap) - room;
  if (over <= 0) return undefined;
  while (over > 0) {
    const widest = cut.reduce((best, at) => ((widths[at] ?? 0) > (widths[best] ?? 0) ? at : best), cut[0] ?? 0);
    if ((widths[widest] ?? 0) <= leastCut) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    over--;
  }
  return widths;
}

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

/** In columns of a terminal, about: East Asian characters and pictures take two. */
function widthOf(text: string): number {
  let width = 0;
  for (const char of text) width += wide.test(char) ? 2 : 1;
  return width;
}
