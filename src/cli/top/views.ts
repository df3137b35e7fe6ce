/** What opens over the page: the messages of a mailbox, one message, one finding, the keys. */
import { entryJson } from '../../contract/json.ts';
import type { Listed } from '../../contract/look.ts';
import { list } from '../../core/look/list.ts';
import { show } from '../../core/look/show.ts';
import type { Session } from '../../core/root/root.ts';
import { DreamosError } from '../../model/errors.ts';
import { idTime } from '../../model/id.ts';
import { broken, cutLine, widthOf } from '../fit.ts';
import { harmless } from '../harmless.ts';
import type { Paint } from '../output.ts';
import { messageView, placeLine, signatureLine, titleOf, whoText } from '../show/message-view.ts';
import { type Opens, span } from './panes.ts';
import { tableLines } from './table.ts';
import type { Size } from './terminal.ts';

export interface View {
  lines(size: Size): string[];
  /** @returns what opens over it */
  key(key: string): Promise<View | undefined>;
  /** Something has happened. */
  refresh(): Promise<void>;
  readonly keys: string;
}

/** @throws whatever is no error of dreamos; that is shown */
export async function opened(session: Session, opens: Opens, paint: Paint): Promise<View> {
  try {
    if ('mailbox' in opens) return await messagesView(session, opens.mailbox, paint);
    if ('message' in opens) return await oneMessage(session, opens.message, opens.at, paint);
    const { message, hint, mailbox, rule } = opens.finding;
    return textView((columns) => said(`${rule} ${mailbox ?? ''}`.trim(), message, hint, columns));
  } catch (error) {
    return errorView(error);
  }
}

/** @throws whatever is no error of dreamos */
export function errorView(error: unknown): View {
  if (!(error instanceof DreamosError)) throw error;
  return textView((columns) => said(error.code, error.message, error.hint, columns));
}

function said(title: string, message: string, hint: string | undefined, columns: number): string {
  const next = hint === undefined ? '' : `\n\n${broken(`Next: ${harmless(hint)}`, columns)}`;
  return `${title}\n\n${broken(harmless(message), columns)}${next}`;
}

/** So many of a mailbox are listed. */
const mostListed = 200;

async function messagesView(session: Session, mailbox: string, paint: Paint): Promise<View> {
  let messages: Listed[] = [];
  let selected: string | undefined;
  let room = 1;
  const at = (): number =>
    Math.max(
      0,
      messages.findIndex(({ id }) => id === selected),
    );
  const refresh = async (): Promise<void> => {
    const found: Listed[] = [];
    const states = ['inflight', 'ready', 'delayed', 'dead'] as const;
    for await (const one of list(session, mailbox, { states, limit: mostListed })) found.push(one);
    messages = found;
  };
  await refresh();
  return {
    keys: 'enter open  esc back',
    refresh,
    lines: ({ rows, columns }) => {
      const now = session.clock.now();
      const [head = '', ...lines] = tableLines<Listed>(
        [
          { title: 'state', cell: ({ state }) => state },
          { title: 'id', cell: ({ id }) => id.slice(-8) },
          { title: 'age', cell: ({ id }) => span(now - idTime(id)) },
          { title: 'from', cell: ({ message }) => message?.from ?? '', least: 8 },
          { title: 'holder', cell: ({ heldBy = '', heldLabel }) => whoText(heldBy, heldLabel), least: 6 },
          { title: 'about', cell: aboutText, least: 8 },
        ],
        messages,
        columns - 2,
      );
      room = Math.max(1, rows - 2);
      const first = Math.max(0, Math.min(lines.length - room, at() - Math.floor(room / 2)));
      const shown = lines.slice(first, first + room);
      const many = messages.length === mostListed ? `the first ${mostListed}` : `${messages.length}`;
      return [
        paint.bold(cutLine(`${mailbox}: ${many} unfinished or dead`, columns)),
        paint.bold(`  ${head}`),
        ...shown.map((line, i) => (first + i === at() ? paint.bold(`> ${line}`) : `  ${line}`)),
      ];
    },
    key: async (key) => {
      const to = moved(key, at(), messages.length, room);
      if (to !== undefined) selected = messages[to]?.id;
      const one = messages[at()];
      return key === 'enter' && one ? opened(session, { message: one.id, at: mailbox }, paint) : undefined;
    },
  };
}

function aboutText({ message, reason }: Listed): string {
  const title = message ? titleOf(message) : '(it cannot be read)';
  return reason === undefined ? title : `${title} (${reason})`;
}

async function oneMessage(session: Session, id: string, mailbox: string, paint: Paint): Promise<View> {
  const { message, entries, ...known } = await show(session, id, { mailbox });
  const places = [...signatureLine(known), ...entries.map((entry) => placeLine(entryJson(entry, session.acting)))];
  return textView((columns) => messageView(message, places, paint, session.clock.now(), columns));
}

export function textView(text: (columns: number) => string): View {
  let [first, last, room] = [0, 0, 1];
  return {
    keys: 'arrows scroll  esc back',
    refresh: async () => undefined,
    lines: ({ rows, columns }) => {
      const lines = text(columns)
        .split('\n')
        .flatMap((line) => folded(line, columns));
      room = rows;
      last = Math.max(0, lines.length - rows);
      first = Math.min(first, last);
      return lines.slice(first, first + rows);
    },
    key: async (key) => {
      first = moved(key, first, last + 1, room) ?? first;
      return undefined;
    },
  };
}

/** Where a key leads among so many lines; `undefined`: nowhere. */
export function moved(key: string, at: number, count: number, room: number): number | undefined {
  const steps: Readonly<Record<string, number>> = {
    ...{ up: -1, k: -1, down: 1, j: 1, pageup: -room, pagedown: room, ' ': room },
    ...{ home: -count, g: -count, end: count, G: count },
  };
  const step = steps[key];
  return step === undefined ? undefined : Math.max(0, Math.min(count - 1, at + step));
}

/** All of a line that is too long, in several; one with colours is left as it is, and cut by the terminal. */
function folded(line: string, columns: number): string[] {
  const text = line.replaceAll('\t', '    ');
  if (widthOf(text) <= columns || text.includes('\u001B')) return [text];
  const lines: string[] = [];
  let current = '';
  let width = 0;
  for (const char of text) {
    const more = widthOf(char);
    if (width + more > columns) {
      lines.push(current);
      [current, width] = ['', 0];
    }
    current += char;
    width += more;
  }
  return [...lines, current];
}
