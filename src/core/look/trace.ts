import type { TraceStep } from '../../contract/look.ts';
import type { MailEvent } from '../../model/event.ts';
import type { Message } from '../../model/message.ts';
import { isId } from '../../model/id.ts';
import { findAnywhere, findInItsLog } from './find.ts';
import { meantId } from './meant.ts';
import { readOrWarn } from './read-entry.ts';
import type { Session } from '../root/root.ts';
import { messageNotFound } from '../root/refusals.ts';
import type { Entry } from '../../storage/port/look.ts';
import { operation } from '../root/operation.ts';

export interface Trace {
  readonly id: string;
  /** `null`: it is nowhere any more, or cannot be read. */
  readonly message: Message | null;
  /** Where it is now. */
  readonly entries: readonly Entry[];
  /** By time. */
  readonly steps: readonly TraceStep[];
  /** Mailboxes whose logs do not go back to its arrival: they were removed, or lost a line. */
  readonly cut: readonly string[];
}

export const trace = operation('trace', traceBody);

async function traceBody(session: Session, idOrEnd: string): Promise<Trace> {
  const id = await meantId(session, idOrEnd, { logs: true });
  if (!isId(id)) throw messageNotFound(id);
  const { entries: found, inLogs } = await findAnywhere(session, id);
  const events = arrivalsFirst(await session.store.journal.history(id));
  if (found.length === 0 && !events.some((event) => event.id === id)) throw messageNotFound(id);
  const messages = await Promise.all(found.map((entry) => readOrWarn(session, entry)));
  const message = messages.find((one) => one !== null && one !== undefined) ?? null;
  const entries = message && !inLogs ? [...found, ...(await findInItsLog(session, message))] : found;
  return { id, message, entries, steps: stepsOf(firstArrivals(id, events)), cut: cutIn(id, events, entries) };
}

const endsClaim = new Set(['acked', 'nacked', 'lease_expired', 'dead']);
const arrivals = new Set(['delivered', 'scheduled', 'imported', 'published']);

/** An id can be in several mailboxes, and an answer's id in the history of what it answers. */
function placeOf({ mailbox, id }: MailEvent): string {
  return `${mailbox} ${id}`;
}

/** Who claims or cancels a message at once may write its line before the one who made it ready has written theirs. */
function arrivalsFirst(events: readonly MailEvent[]): MailEvent[] {
  const ordered: MailEvent[] = [];
  // An arrival is nearly always the first of its place, and of a broadcast there are thousands.
  const places = new Set<string>();
  for (const event of events) {
    const place = placeOf(event);
    const isLate = arrivals.has(event.event) && places.has(place);
    const overtaking = isLate ? ordered.findIndex((earlier) => isDueTo(earlier, event)) : -1;
    ordered.splice(overtaking < 0 ? ordered.length : overtaking, 0, event);
    places.add(place);
  }
  return ordered;
}

/** Whether it can only have happened once this arrival had. By attempts, too, because clocks step. */
function isDueTo(event: MailEvent, arrival: MailEvent): boolean {
  if (placeOf(event) !== placeOf(arrival) || arrivals.has(event.event)) return false;
  return event.at >= arrival.at && (event.attempt ?? Infinity) > (arrival.attempt ?? 0);
}

/** An answer arrives once more when it moves from a request's inbox to the mailbox. */
function firstArrivals(id: string, events: readonly MailEvent[]): MailEvent[] {
  const seen = new Set<string>();
  return events.filter((event) => {
    const place = placeOf(event);
    const again = event.id !== id && seen.has(place);
    seen.add(place);
    return !again;
  });
}

function stepsOf(events: readonly MailEvent[]): TraceStep[] {
  const start = events.reduce((earliest, { at }) => Math.min(earliest, Date.parse(at)), Infinity);
  const lastAt = new Map<string, number>();
  const claimedAt = new Map<string, number>();
  return events.map((event) => {
    const at = Date.parse(event.at);
    const place = placeOf(event);
    const [last, claimed] = [lastAt.get(place), claimedAt.get(place)];
    lastAt.set(place, at);
    const ends = endsClaim.has(event.event) && claimed !== undefined;
    if (event.event === 'claimed') claimedAt.set(place, at);
    else if (ends) claimedAt.delete(place);
    return {
      ...event,
      sinceStartMs: at - start,
      sinceLastMs: last === undefined ? null : at - last,
      ...(ends && { heldMs: event.heldMs ?? at - claimed }),
    };
  });
}

function cutIn(id: string, events: readonly MailEvent[], entries: readonly Entry[]): string[] {
  const own = events.filter((event) => event.id === id);
  const mailboxes = new Set([...own, ...entries].map(({ mailbox }) => mailbox));
  return [...mailboxes].filter((mailbox) => {
    const first = own.find((event) => event.mailbox === mailbox);
    return !first || !arrivals.has(first.event);
  });
}
