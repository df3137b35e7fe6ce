/** The parts of the page: what each has of an overview, in which order, and what opens of a line. */
import type { Finding } from '../../contract/keep.ts';
import type { AgentNow, MailboxNow, Overview } from '../../contract/look.ts';
import { formatDuration } from '../../model/duration.ts';
import type { MailEvent } from '../../model/event.ts';
import type { Paint } from '../output.ts';
import { type Column, tableLines } from './table.ts';

/** What a line leads to. */
export type Opens =
  { readonly mailbox: string } | { readonly message: string; readonly at: string } | { readonly finding: Finding };

export interface Line {
  /** The same thing has the same key in the next overview. */
  readonly key: string;
  readonly text: string;
  readonly tint: keyof Paint | undefined;
  readonly opens: Opens;
}

interface PaneView {
  readonly head: string;
  readonly lines: readonly Line[];
}

export interface Pane {
  readonly name: string;
  /** By the names of its orders; the first one is used where none was asked for. */
  readonly orders: readonly string[];
  /** What is said where it has nothing. */
  readonly none: string;
  /** It mostly has nothing. */
  readonly isRare: boolean;
  view(
    overview: Overview,
    how: { readonly order: string | undefined; readonly width: number; readonly nowMs: number },
  ): PaneView;
}

interface Of<T> {
  readonly name: string;
  readonly none: string;
  readonly isRare?: boolean;
  readonly items: (overview: Overview) => readonly T[];
  readonly orders: Readonly<Record<string, (a: T, b: T) => number>>;
  readonly columns: (nowMs: number, sinceMs: number) => readonly Column<T>[];
  readonly key: (one: T) => string;
  readonly opens: (one: T) => Opens;
  readonly tint: (one: T) => keyof Paint | undefined;
}

function pane<T>({ name, none, isRare = false, items, orders, columns, key, opens, tint }: Of<T>): Pane {
  return {
    name,
    none,
    isRare,
    orders: Object.keys(orders),
    view: (overview, { order, width, nowMs }) => {
      const compare = orders[order ?? ''] ?? Object.values(orders)[0];
      const all = compare ? items(overview).toSorted(compare) : items(overview);
      const sinceMs = Math.max(0, nowMs - Date.parse(overview.at));
      const [head = '', ...texts] = tableLines(columns(nowMs, sinceMs), all, width);
      const lines = all.map((one, at) => ({
        key: key(one),
        text: texts[at] ?? '',
        tint: tint(one),
        opens: opens(one),
      }));
      return { head, lines };
    },
  };
}

/** In seconds at least, so that what is young does not flicker. */
export function span(ms: number): string {
  return ms < 1000 ? '0s' : formatDuration(ms);
}

const byName = (a: string, b: string): number => a.localeCompare(b, 'en');
const age = (iso: string, nowMs: number): string => span(nowMs - Date.parse(iso));
const backlog = ({ ready, inflight, delayed }: MailboxNow): number => ready + inflight + delayed;
const trouble = ['gone', 'late', 'paused', 'busy', 'ready', 'unseen'] satisfies AgentNow['state'][];

const agents = pane<AgentNow>({
  name: 'agents',
  none: 'No agents yet: dreamos init <name>',
  items: (overview) => overview.agents,
  orders: {
    state: (a, b) => trouble.indexOf(a.state) - trouble.indexOf(b.state) || byName(a.agent, b.agent),
    load: (a, b) => b.holds - a.holds || byName(a.agent, b.agent),
    seen: (a, b) => byName(b.seenAt ?? '', a.seenAt ?? '') || byName(a.agent, b.agent),
    name: (a, b) => byName(a.agent, b.agent),
  },
  columns: (nowMs) => [
    { title: 'agent', cell: ({ agent }) => agent, least: 8 },
    { title: 'state', cell: ({ state, since }) => (since === undefined ? state : `${state} ${age(since, nowMs)}`) },
    { title: 'load', cell: ({ holds, maxTasks }) => (maxTasks === undefined ? String(holds) : `${holds}/${maxTasks}`) },
    { title: 'seen', cell: ({ seenAt }) => (seenAt === null ? 'never' : `${age(seenAt, nowMs)} ago`) },
    { title: 'holds', cell: (one) => heldText(one, nowMs), least: 8 },
  ],
  key: ({ agent }) => agent,
  opens: ({ agent, held: [first, ...more] }) =>
    first && more.length === 0 ? { message: first.id, at: first.mailbox } : { mailbox: first?.mailbox ?? agent },
  tint: ({ state }) => tints[state],
});

const tints: Partial<Record<AgentNow['state'], keyof Paint>> = {
  gone: 'red',
  late: 'yellow',
  paused: 'yellow',
  busy: 'green',
  unseen: 'dim',
};

function heldText({ agent, holds, held, note }: AgentNow, nowMs: number): string {
  const texts = held.map(({ id, mailbox, leaseUntil, attempt }) => {
    const left = span(Date.parse(leaseUntil) - nowMs);
    const how = [`${left} left`, ...(attempt > 1 ? [`attempt ${attempt}`] : [])].join(', ');
    return `${id.slice(-8)}${mailbox === agent ? '' : ` of ${mailbox}`} (${how})`;
  });
  const more = holds - held.length;
  return [...texts, ...(more > 0 ? [`${more} more`] : []), ...(note === undefined ? [] : [`"${note}"`])].join(' ');
}

const mailboxes = pane<MailboxNow>({
  name: 'mailboxes',
  none: 'No mailboxes yet',
  items: (overview) => overview.mailboxes,
  orders: {
    backlog: (a, b) => backlog(b) - backlog(a) || byName(a.mailbox, b.mailbox),
    oldest: (a, b) => (b.oldestReadyAgeMs ?? -1) - (a.oldestReadyAgeMs ?? -1) || byName(a.mailbox, b.mailbox),
    in: (a, b) => b.inPerMinute - a.inPerMinute || byName(a.mailbox, b.mailbox),
    out: (a, b) => b.outPerMinute - a.outPerMinute || byName(a.mailbox, b.mailbox),
    name: (a, b) => byName(a.mailbox, b.mailbox),
  },
  columns: (nowMs, sinceMs) => [
    {
      title: 'mailbox',
      cell: ({ mailbox, pausedAt }) => (pausedAt === undefined ? mailbox : `${mailbox} (paused)`),
      least: 8,
    },
    { title: 'ready', cell: ({ ready }) => String(ready) },
    { title: 'held', cell: ({ inflight }) => String(inflight) },
    { title: 'delayed', cell: ({ delayed }) => String(delayed) },
    { title: 'dead', cell: ({ dead }) => String(dead) },
    { title: 'in/min', cell: ({ inPerMinute }) => String(inPerMinute) },
    { title: 'out/min', cell: ({ outPerMinute }) => String(outPerMinute) },
    {
      title: 'oldest',
      cell: ({ oldestReadyAgeMs }) => (oldestReadyAgeMs === null ? '-' : span(oldestReadyAgeMs + sinceMs)),
    },
    { title: 'read', cell: ({ lastReadAt }) => (lastReadAt === null ? 'never' : `${age(lastReadAt, nowMs)} ago`) },
  ],
  key: ({ mailbox }) => mailbox,
  opens: ({ mailbox }) => ({ mailbox }),
  tint: ({ dead, pausedAt }) => (dead > 0 || pausedAt !== undefined ? 'yellow' : undefined),
});

const events = pane<MailEvent>({
  name: 'events',
  none: 'Nothing has happened yet',
  // The latest first: the page shows as many as have room.
  items: (overview) => overview.events.toReversed(),
  orders: {},
  columns: () => [
    { title: 'event', cell: ({ event }) => event },
    { title: 'at', cell: ({ at }) => at.slice(11, 19) },
    { title: 'mailbox', cell: ({ mailbox }) => mailbox, least: 8 },
    { title: 'id', cell: ({ id }) => id.slice(-8) },
    { title: 'what', cell: whatText, least: 8 },
  ],
  key: ({ at, event, id, mailbox }) => [at, event, id, mailbox].join(' '),
  opens: ({ id, mailbox }) => ({ message: id, at: mailbox }),
  tint: ({ event }) =>
    event === 'dead' || event === 'corrupt'
      ? 'red'
      : event === 'nacked' || event === 'lease_expired'
        ? 'yellow'
        : undefined,
});

function whatText({ from, to, subject, by, attempt, reason }: MailEvent): string {
  return [
    from === undefined ? '' : `from ${from}`,
    to === undefined ? '' : `to ${to}`,
    subject ? `"${subject}"` : '',
    by === undefined || by === from ? '' : `by ${by}`,
    attempt === undefined || attempt < 2 ? '' : `attempt ${attempt}`,
    reason === undefined ? '' : `(${reason})`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

const stuck = pane<Finding>({
  name: 'stuck',
  none: 'Nothing is stuck',
  isRare: true,
  items: (overview) => overview.stuck,
  orders: {},
  columns: () => [
    { title: 'stuck', cell: ({ rule }) => rule },
    { title: 'mailbox', cell: ({ mailbox = '' }) => mailbox, least: 8 },
    { title: 'what', cell: ({ message }) => message, least: 8 },
  ],
  key: ({ rule, mailbox }) => `${rule} ${mailbox}`,
  opens: (finding) => ({ finding }),
  tint: () => 'yellow',
});

export const panes: readonly Pane[] = [agents, mailboxes, stuck, events];

/** What `--sort` takes. */
export const orders = [...new Set(panes.flatMap((one) => one.orders))];
