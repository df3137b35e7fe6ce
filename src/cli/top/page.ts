import type { Overview } from '../../contract/look.ts';
import { isoTime } from '../../model/clock.ts';
import { cutLine, widthOf } from '../fit.ts';
import { harmless } from '../harmless.ts';
import type { Paint } from '../output.ts';
import { type Line, panes } from './panes.ts';
import type { Size } from './terminal.ts';

/** What a person has chosen. */
export interface Choice {
  /** Which pane the keys are for; absent: nobody has keys. */
  readonly focus?: number;
  /** By the names of panes, or of every pane that has it. */
  readonly order: Readonly<Record<string, string | undefined>> | string | undefined;
  /** Lines without it are left out. */
  readonly filter: string;
  /** In the focused pane, by its key. */
  readonly selected?: string | undefined;
}

export interface Page {
  readonly lines: string[];
  /** All lines of the focused pane, those without room included. */
  readonly focused: readonly Line[];
}

export interface Drawing extends Size {
  readonly nowMs: number;
  readonly paint: Paint;
  /** Where the root is. */
  readonly root: string;
  /** What a policy hides from who looks, where he sees nobody; else why nobody is there. */
  readonly unseen?: string | undefined;
}

/** What the marker of the selected line takes. */
const margin = 2;

/** All of it in so many rows: of each pane what has room, of the focused one twice as much. */
export function pageOf(overview: Overview, choice: Choice, drawing: Drawing): Page {
  const { rows, columns, nowMs, paint, root, unseen } = drawing;
  const hasKeys = choice.focus !== undefined;
  const width = hasKeys ? columns - margin : columns;
  const wanted = choice.filter.toLowerCase();
  const views = panes.flatMap((pane, at) => {
    const order = typeof choice.order === 'object' ? choice.order[pane.name] : choice.order;
    const { head, lines } = pane.view(overview, { order, width, nowMs });
    const isFocused = at === choice.focus;
    // That nothing is stuck takes no room from others, unless somebody asks.
    if (hasKeys && pane.isRare && lines.length === 0 && !isFocused) return [];
    return [{ pane, head, isFocused, lines: lines.filter(({ text }) => text.toLowerCase().includes(wanted)) }];
  });
  const tops = [titleLine(overview, { nowMs, root, columns, paint }), ...tasksLine(overview)];
  const shares = share(
    views.map(({ lines }) => Math.max(1, lines.length)),
    rows - tops.length - views.length,
    views.findIndex(({ isFocused }) => isFocused),
  );
  const drawn = views.flatMap(({ pane, head, isFocused, lines }, at) => {
    const room = shares[at] ?? 0;
    const selected = isFocused
      ? Math.max(
          0,
          lines.findIndex(({ key }) => key === choice.selected),
        )
      : -1;
    const first = Math.max(0, Math.min(lines.length - room, selected - Math.floor(room / 2)));
    const shown = lines.slice(first, first + room);
    const part = shown.length < lines.length ? `${first + 1}-${first + shown.length}/${lines.length}` : '';
    const mark = (is: boolean): string => (hasKeys ? (is ? '> ' : '  ') : '');
    const body = shown.map(({ text, tint }, i) => {
      const isSelected = first + i === selected;
      const line = `${mark(isSelected)}${text}`;
      return isSelected ? paint.bold(line) : tint === undefined ? line : paint[tint](line);
    });
    if (lines.length === 0)
      body.push(
        `${mark(isFocused)}${paint.dim(choice.filter === '' ? (noneOf(pane.name, unseen) ?? pane.none) : 'None like that')}`,
      );
    const title = paint.bold(withPart(`${mark(false)}${head}`, part, columns));
    return [...(hasKeys || at === 0 ? [] : ['']), title, ...body];
  });
  return { lines: [...tops, ...drawn], focused: views.find(({ isFocused }) => isFocused)?.lines ?? [] };
}

function noneOf(pane: string, unseen: string | undefined): string | undefined {
  return pane === 'agents'
    ? unseen
    : pane === 'mailboxes' && unseen !== undefined
      ? 'None that may be seen'
      : undefined;
}

/** Behind the first title of a head, where there is room; else at its end, over what stands there. */
function withPart(head: string, part: string, columns: number): string {
  if (part === '' || columns === Infinity) return head;
  const [first = '', space = ''] = /^ *\S+( *)/.exec(head) ?? [];
  if (space.length > part.length + 2) {
    const title = first.trimEnd();
    return `${title} ${part}${head.slice(title.length + 1 + part.length)}`;
  }
  const kept = cutLine(head, columns - part.length - 2);
  return `${kept}${' '.repeat(Math.max(2, columns - widthOf(kept) - part.length))}${part}`;
}

function titleLine(
  { agents, mailboxes, stuck }: Overview,
  { nowMs, root, columns, paint }: Omit<Drawing, 'rows'>,
): string {
  const sum = (of: (one: Overview['mailboxes'][number]) => number): number =>
    mailboxes.reduce((total, one) => total + of(one), 0);
  const said = [
    `${agents.length} ${agents.length === 1 ? 'agent' : 'agents'}`,
    `${sum(({ ready }) => ready)} ready`,
    `${sum(({ inflight }) => inflight)} held`,
    `${sum(({ delayed }) => delayed)} delayed`,
    `${sum(({ dead }) => dead)} dead`,
    ...(stuck.length > 0 ? [`${stuck.length} stuck`] : []),
  ].join(', ');
  const line = `${said}   ${isoTime(nowMs).slice(11, 19)}Z   ${harmless(root)}`;
  return paint.bold(cutLine(line, columns));
}

function tasksLine({ tasks }: Overview): string[] {
  if (tasks === undefined) return [];
  const said = tasks.map(({ state, count }) => `${count} ${state}`);
  return [`tasks: ${said.join(', ') || 'none'}`];
}

/** So much of the room for each that it has what it needs, or as much as any other; the focused one twice that. */
export function share(needs: readonly number[], room: number, focus: number): number[] {
  const given = needs.map(() => 0);
  if (room === Infinity) return [...needs];
  const order = needs.map((_, at) => at).sort((a, b) => Number(b === focus) - Number(a === focus));
  for (let left = room, before = -1; left > 0 && left !== before;) {
    before = left;
    for (const at of [...order.slice(0, 1), ...order]) {
      if (left === 0 || (given[at] ?? 0) >= (needs[at] ?? 0)) continue;
      given[at] = (given[at] ?? 0) + 1;
      left--;
    }
  }
  return given;
}
