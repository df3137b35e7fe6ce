import type { Overview } from '../../contract/look.ts';
import type { Session } from '../../core/root/root.ts';
import type { Paint } from '../output.ts';
import { type Drawing, pageOf } from './page.ts';
import { type Line, panes } from './panes.ts';
import { errorView, moved, opened, textView, type View } from './views.ts';

/** The page and what is open over it, by the keys that were pressed. */
export interface Board {
  lines(overview: Overview, drawing: Drawing): string[];
  footer(): string;
  press(key: string, overview: Overview | undefined): Promise<'quit' | undefined>;
  /** Something has happened. */
  refresh(): Promise<void>;
}

export function createBoard(session: Session, paint: Paint, order: string | undefined): Board {
  const open: View[] = [];
  const orders = Object.fromEntries(panes.map((pane) => [pane.name, orderIn(pane.orders, order)]));
  const selected = new Map<number, string>();
  let [focus, filter, isTyping] = [0, '', false];
  /** Of the pane that the keys are for, as it was last drawn. */
  let focused: readonly Line[] = [];

  const selectedAt = (): number =>
    Math.max(
      0,
      focused.findIndex(({ key }) => key === selected.get(focus)),
    );

  const type = (key: string): void => {
    if (key === 'enter') isTyping = false;
    else if (key === 'escape') [filter, isTyping] = ['', false];
    else if (key === 'backspace') filter = filter.replace(/.$/u, '');
    // A key with a name is no character.
    else if (/^.$/u.test(key)) filter += key;
  };

  const turn = (by: number): void => {
    focus = (focus + by + panes.length) % panes.length;
  };

  const onPage = async (key: string): Promise<void> => {
    const to = moved(key, selectedAt(), focused.length, 10);
    if (to !== undefined) selected.set(focus, focused[to]?.key ?? '');
    else if (key === 'tab') turn(1);
    else if (key === 'backtab') turn(-1);
    else if (key === '/') isTyping = true;
    else if (key === 'escape') filter = '';
    else if (key === 's') nextOrder();
    else if (key === 'enter') {
      const line = focused[selectedAt()];
      if (line) open.push(await opened(session, line.opens, paint));
    }
  };

  const nextOrder = (): void => {
    const pane = panes[focus];
    if (!pane || pane.orders.length === 0) return;
    const at = pane.orders.indexOf(orders[pane.name] ?? '');
    orders[pane.name] = pane.orders[(at + 1) % pane.orders.length];
  };

  return {
    lines: (overview, drawing) => {
      const view = open.at(-1);
      if (view) return view.lines(drawing);
      const page = pageOf(overview, { focus, order: orders, filter, selected: selected.get(focus) }, drawing);
      ({ focused } = page);
      return page.lines;
    },
    footer: () => {
      const view = open.at(-1);
      if (view) return `${view.keys}  q quit`;
      if (isTyping) return `/${filter}_   enter keep  esc all`;
      const pane = panes[focus];
      const by = pane && orders[pane.name];
      const what = [
        pane?.name,
        ...(by === undefined ? [] : [`by ${by}`]),
        ...(filter === '' ? [] : [`with "${filter}"`]),
      ];
      return `${what.join(' ')} | tab pane  s sort  / filter  enter open  ? help  q quit`;
    },
    press: async (key) => {
      const view = open.at(-1);
      if (isTyping) type(key);
      else if (key === 'q') return 'quit';
      else if (key === '?') open.push(textView(() => help));
      else if (!view) await onPage(key);
      else if (key === 'escape' || key === 'backspace' || key === 'h') open.pop();
      else {
        const over = await view.key(key);
        if (over) open.push(over);
      }
      return undefined;
    },
    refresh: async () => {
      try {
        await open.at(-1)?.refresh();
      } catch (error) {
        open.splice(-1, 1, errorView(error));
      }
    },
  };
}

function orderIn(known: readonly string[], asked: string | undefined): string | undefined {
  return asked !== undefined && known.includes(asked) ? asked : known[0];
}

const help = `Keys

  arrows, j k        select; page up, page down, space, home g, end G: further
  tab, shift-tab     the next pane, the one before
  enter              open: a mailbox, a message, what is stuck
  esc                back; on the page: without a filter
  s                  sort by the next column of this pane
  /                  only lines with a text; enter keeps it, esc takes it away
  ctrl-z             stop; fg goes on
  q, ctrl-c          quit

Agents: ready, busy, paused; late and gone: not heard of for a while, and for
long; unseen: it never said that it is there. Load: the messages that it
holds, of so many at once.
Mailboxes: what came and what was finished within the last minute.
Stuck is there when something is: what does not go on by itself.
It claims and finishes nothing.`;
