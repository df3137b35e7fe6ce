/** What became of a message in a mailbox, as its events and its entry tell it. */
import { isId } from '../../model/id.ts';
import { isLog } from '../../model/topic.ts';
import type { LoggedEvent } from '../../model/metrics/tally.ts';
import type { Entry } from '../../storage/port/look.ts';
import type { Row, Value } from './tables.ts';

export type Delivery = Row<'deliveries'>;

// Until when it is delayed or leased only a look at it tells: behind what has happened since, it may be met by none.
const nowhere = { due_at: null, lease_until: null };
const ended = (state: string, outcome: string | null) => (row: Delivery, event: LoggedEvent) => {
  Object.assign(row, nowhere, { state, outcome, ended_at: event.at });
};
const open = (state: string) => (row: Delivery) => {
  Object.assign(row, nowhere, { state, outcome: null, ended_at: null, reason: null });
};
const arrived = (state: string) => (row: Delivery, event: LoggedEvent) => {
  row.delivered_at ??= event.at;
  row.attempts = numberOf(event['attempt']) ?? 0;
  open(state)(row);
};
/** By hand, also of one that is held. */
const taken = (state: string, outcome: string | null) => (row: Delivery, event: LoggedEvent) => {
  row.held_ms = numberOf(event['heldMs']) ?? row.held_ms ?? null;
  row.attempts = numberOf(event['attempt']) ?? row.attempts ?? 0;
  ended(state, outcome)(row, event);
};
const again = (row: Delivery): void => {
  row.attempts = 0;
  open('ready')(row);
};

/**
 * What each event says of a delivery; those that are not here say nothing of it. None asks for what a look has put there: a look
 * may have met what is told only later.
 */
const steps: Readonly<Record<string, (row: Delivery, event: LoggedEvent) => void>> = {
  delivered: arrived('ready'),
  scheduled: arrived('delayed'),
  published(row, event) {
    row.delivered_at ??= event.at;
    row.attempts ??= 0;
    Object.assign(row, { state: 'archived', outcome: 'published' });
  },
  imported(row, event) {
    row.delivered_at ??= event.at;
    row.attempts ??= 0;
    row.outcome = 'imported';
  },
  claimed(row, event) {
    open('inflight')(row);
    row.waited_ms ??=
      row.claimed_at !== undefined && row.claimed_at !== null
        ? null
        : (numberOf(event['waitedMs']) ?? since(row.delivered_at, event.at));
    row.claimed_at ??= event.at;
    row.last_claimed_at = event.at;
    row.attempts = numberOf(event['attempt']) ?? (Number(row.attempts) || 0) + 1;
    row.agent = textOf(event['by']);
    row.label = textOf(event['label']);
    row.held_ms = null;
  },
  acked(row, event) {
    held(row, event);
    ended('archived', 'acked')(row, event);
    row.score = numberOf(event['score']);
    row.note = textOf(event['note']);
  },
  nacked(row, event) {
    held(row, event);
    open('ready')(row);
    const attempt = numberOf(event['attempt']);
    if (attempt !== null) row.attempts = event['free'] === true ? Math.max(0, attempt - 1) : attempt;
  },
  lease_expired(row, event) {
    held(row, event);
    open('ready')(row);
  },
  dead(row, event) {
    const isHeld = (row.last_claimed_at ?? null) !== null && (row.held_ms ?? null) === null;
    if (isHeld || numberOf(event['heldMs']) !== null) held(row, event);
    ended('dead', 'dead')(row, event);
    row.attempts = numberOf(event['attempt']) ?? row.attempts ?? 0;
    row.reason = textOf(event['reason']);
  },
  retried: again,
  restored: again,
  handed_over: taken('handed_over', null),
  cancelled: taken('archived', 'cancelled'),
  replaced: taken('archived', 'replaced'),
  purged(row) {
    Object.assign(row, nowhere, { state: 'purged' });
  },
};

/** Whether an event is about a delivery. */
export function isAboutDelivery({ event, id }: LoggedEvent): boolean {
  return Object.hasOwn(steps, event) && isId(id);
}

/** @returns `true`: it has changed */
export function applyEvent(row: Delivery, event: LoggedEvent): true {
  steps[event.event]?.(row, event);
  return true;
}

/** @returns whether that is new */
export function endsNever(row: Delivery): boolean {
  const isNew = (row.due_at ?? row.lease_until ?? null) !== null;
  Object.assign(row, nowhere);
  return isNew;
}

const toArchive = new Set(['acked', 'cancelled', 'replaced', 'published']);

/** From when on the archive may have what an event has put there: an import puts it where it was long ago. */
export function archives({ event, at }: LoggedEvent): number {
  if (event === 'imported') return -Infinity;
  return toArchive.has(event) ? Date.parse(at) : Infinity;
}

const told = ['state', 'outcome', 'attempts', 'due_at', 'lease_until', 'ended_at'] as const;
type Told = Record<(typeof told)[number], Value>;

/** Where it lies counts for more than what was told, because a process that dies tells nothing. @returns whether it says anything new */
export function applyEntry(row: Delivery, entry: Entry): boolean {
  const { state, attempt, dueAt, leaseUntil, ackedAt, deadAt } = entry;
  const endedAt = ackedAt ?? deadAt;
  const now: Told = {
    state,
    outcome: outcomeOf(row, entry),
    attempts: attempt,
    due_at: timeOf(state === 'delayed' ? dueAt : undefined),
    lease_until: timeOf(leaseUntil),
    ended_at: isLog(entry.mailbox) || endedAt === undefined ? null : (row.ended_at ?? timeOf(endedAt)),
  };
  let isNew = false;
  for (const name of told) {
    isNew ||= (row[name] ?? null) !== now[name];
    row[name] = now[name];
  }
  return isNew;
}

const withdrawals = new Set<unknown>(['cancelled', 'replaced', 'imported']);

function outcomeOf({ outcome = null }: Delivery, { state, mailbox, withdrawn }: Entry): Value {
  if (state === 'dead') return 'dead';
  if (state !== 'archived') return null;
  if (isLog(mailbox)) return 'published';
  if (!withdrawn) return 'acked';
  return outcome !== null && withdrawals.has(outcome) ? outcome : 'withdrawn';
}

function held(row: Delivery, event: LoggedEvent): void {
  row.held_ms = numberOf(event['heldMs']) ?? since(row.last_claimed_at, event.at);
}

/** A clock that was set back in between would have it end before it began. */
function since(from: Value | undefined, to: string): number | null {
  return typeof from === 'string' ? Math.max(0, Date.parse(to) - Date.parse(from)) : null;
}

export function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

export function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** What lies beyond the year 9999 is for ever: a blocked task. */
function timeOf(ms: number | undefined): string | null {
  return ms === undefined || ms >= 253_402_300_800_000 ? null : new Date(ms).toISOString();
}
