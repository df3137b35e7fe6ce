/** What happened in a mailbox, counted: plain JSON that is kept, and merged by adding. */
import { countIn, emptyHistogram, type Histogram, histogramIn, histogramJson, merge, record } from './histogram.ts';

/** A line of an event log as it was written: all but these three may be missing, or be anything. */
export type LoggedEvent = Readonly<Record<string, unknown>> & {
  readonly at: string;
  readonly event: string;
  readonly id: string;
};

/** By kind, type or name. Without a prototype: a script may call a type `__proto__`. */
type Counts = { [name: string]: number };

/** What one consumer did with its claims. */
interface ConsumerTally {
  claimed: number;
  acked: number;
  /** Claims that ended in `nacked`, not for free, or in `dead`. A lease that ran out is told without its consumer. */
  failed: number;
  readonly held: Histogram;
}

export interface Tally {
  /** How often each kind of event was told (model/event.ts). */
  readonly events: Counts;
  /** `delivered` or `published` for the first time: not what came back after a delay. */
  arrived: number;
  /** `acked` at the first attempt. */
  ackedFirst: number;
  /** `claimed` at a later attempt than the first. */
  redelivered: number;
  /** `nacked` without using up the attempt. */
  freed: number;
  /** `dead` because its time-to-live ran out, because its last lease did, or because a consumer said so. */
  readonly died: Counts;
  /**
   * Of `acked` that had a time to be done by (a deadline, `replyBy`, a time-to-live): those in time. Behind it: `acked` and
   * `dead`, but for those that died of their time-to-live.
   */
  onTime: number;
  late: number;
  /** Tasks: `acked`; and `acked`, `dead` or `cancelled`. */
  tasksDone: number;
  tasksEnded: number;
  /** `acked` with a score, and the sum of these (each 0 to 1). */
  scored: number;
  scores: number;
  /** From ready to claimed, and from claimed to what ended the claim; milliseconds. */
  readonly waited: Histogram;
  readonly held: Histogram;
  /** Claims that ended without one's knowing when they began: `held` does not have them. */
  unpaired: number;
  /** Lines that are no event. */
  broken: number;
  /** Arrivals by the type of the message and by its sender. */
  readonly types: Counts;
  readonly senders: Counts;
  /** By `agent`, or `agent/label`. */
  readonly consumers: { [name: string]: ConsumerTally };
}

/** Beyond so many names in one tally what follows is counted under this one, which no agent and no type has. */
export const otherNames = '(other)';

const noCounts = (): Counts => Object.create(null) as Counts;

export function emptyTally(): Tally {
  return {
    events: noCounts(),
    arrived: 0,
    ackedFirst: 0,
    redelivered: 0,
    freed: 0,
    died: noCounts(),
    onTime: 0,
    late: 0,
    tasksDone: 0,
    tasksEnded: 0,
    scored: 0,
    scores: 0,
    waited: emptyHistogram(),
    held: emptyHistogram(),
    unpaired: 0,
    broken: 0,
    types: noCounts(),
    senders: noCounts(),
    consumers: Object.create(null) as Tally['consumers'],
  };
}

/** Claims that older builds made, which do not say at their end how long they were held: when each began, by the message's id. */
export type OpenClaims = Map<string, number>;

/** So many of them are remembered. */
const mostOpen = 1000;
/** There are fewer kinds of events; a newer dreamos may have others. */
const mostKinds = 64;
/** So many types, senders and consumers has the tally of a minute. */
export const mostNames = 16;

const endings = new Set(['acked', 'nacked', 'lease_expired', 'dead', 'handed_over', 'cancelled']);
/** Only a claim ends so; the others are also what becomes of messages that nobody has claimed. */
const endsClaim = new Set(['acked', 'nacked', 'lease_expired']);

/** @param open of the log that the events are in */
export function countEvent(into: Tally, told: LoggedEvent, open: OpenClaims): void {
  const { event } = told;
  add(into.events, event, mostKinds);
  if (event === 'claimed') return countClaim(into, told, open);
  if (endings.has(event)) return countEnding(into, told, open);
  if (event !== 'published' && (event !== 'delivered' || told.attempt !== undefined)) return;
  into.arrived++;
  if (typeof told.type === 'string') add(into.types, told.type, mostNames);
  if (typeof told.from === 'string') add(into.senders, told.from, mostNames);
}

function countClaim(into: Tally, told: LoggedEvent, open: OpenClaims): void {
  if (Number(told.attempt) > 1) into.redelivered++;
  const waitedMs = msOf(told.waitedMs);
  if (waitedMs !== undefined) record(into.waited, waitedMs);
  else if (open.size < mostOpen) open.set(told.id, Date.parse(told.at));
  const consumer = consumerOf(into, told);
  if (consumer) consumer.claimed++;
}

function countEnding(into: Tally, told: LoggedEvent, open: OpenClaims): void {
  const { event, id } = told;
  const began = open.get(id);
  open.delete(id);
  const heldMs = msOf(told.heldMs) ?? (began === undefined ? undefined : msOf(Date.parse(told.at) - began));
  if (heldMs !== undefined) record(into.held, heldMs);
  else if (endsClaim.has(event)) into.unpaired++;
  const isFree = told.free === true;
  if (event === 'nacked' && isFree) into.freed++;
  if (event === 'dead') {
    const death = deathOf(told.reason);
    add(into.died, death);
    if (told.late === true && death !== 'expired') into.late++;
  }
  // An event says so only where it ends the task: not where it is tried again, or by another.
  if (told.task === true) into.tasksEnded++;
  if (event === 'acked') {
    if (told.task === true) into.tasksDone++;
    if (told.attempt === 1) into.ackedFirst++;
    if (told.late === false) into.onTime++;
    else if (told.late === true) into.late++;
    if (typeof told.score === 'number' && told.score >= 0 && told.score <= 1) {
      into.scored++;
      into.scores += told.score;
    }
  }
  const consumer = heldMs === undefined && !endsClaim.has(event) ? undefined : consumerOf(into, told);
  if (!consumer) return;
  if (heldMs !== undefined) record(consumer.held, heldMs);
  if (event === 'acked') consumer.acked++;
  else if ((event === 'nacked' && !isFree) || event === 'dead') consumer.failed++;
}

/** As the storage says why. */
function deathOf(reason: unknown): 'expired' | 'lease' | 'refused' {
  if (typeof reason !== 'string') return 'refused';
  if (reason === 'its time-to-live ran out') return 'expired';
  return reason.endsWith('and no attempt is left') ? 'lease' : 'refused';
}

/** A clock that was set back in between makes it less than nothing. */
function msOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? Math.max(0, value) : undefined;
}

function consumerOf({ consumers }: Tally, { by, label }: LoggedEvent): ConsumerTally | undefined {
  if (typeof by !== 'string') return undefined;
  const name = typeof label === 'string' ? `${by}${behindAgent}${label}` : by;
  const known = consumers[name];
  if (known) return known;
  const within = Object.keys(consumers).length < mostNames ? name : otherNames;
  return (consumers[within] ??= emptyConsumer());
}

/** No agent's name has it. */
const behindAgent = '/';

/** Whose consumer it is. */
export function agentOf(consumer: string): string {
  return consumer.split(behindAgent, 1)[0] ?? consumer;
}

function emptyConsumer(): ConsumerTally {
  return { claimed: 0, acked: 0, failed: 0, held: emptyHistogram() };
}

function add(into: Counts, name: string, most = Infinity, times = 1): void {
  const within = name in into || most === Infinity || Object.keys(into).length < most ? name : otherNames;
  into[within] = (into[within] ?? 0) + times;
}

/** So many has what is merged over longer times. */
const mostMerged = 1000;
const plain = [
  'arrived',
  'ackedFirst',
  'redelivered',
  'freed',
  'onTime',
  'late',
  'tasksDone',
  'tasksEnded',
  'scored',
  'scores',
  'unpaired',
  'broken',
] as const;
const counts = ['events', 'died', 'types', 'senders'] as const;

/** @param most so many types, senders and consumers */
export function mergeTally(into: Tally, other: Tally, most = mostMerged): void {
  for (const field of plain) into[field] += other[field];
  for (const field of counts)
    for (const name in other[field]) add(into[field], name, field === 'events' ? mostKinds : most, other[field][name]);
  merge(into.waited, other.waited);
  merge(into.held, other.held);
  for (const name in other.consumers) {
    const { claimed, acked, failed, held } = other.consumers[name] as ConsumerTally;
    const within = name in into.consumers || Object.keys(into.consumers).length < most ? name : otherNames;
    const mine = (into.consumers[within] ??= emptyConsumer());
    mine.claimed += claimed;
    mine.acked += acked;
    mine.failed += failed;
    merge(mine.held, held);
  }
}

/** As it is kept: what is nothing is left out. @param more what stands in front of it */
export function tallyJson(tally: Tally, more: object = {}): object {
  const said: Record<string, unknown> = { ...more };
  for (const field of plain) if (tally[field] > 0) said[field] = tally[field];
  for (const field of counts) if (!isEmpty(tally[field])) said[field] = tally[field];
  if (tally.waited.count > 0) said.waited = histogramJson(tally.waited);
  if (tally.held.count > 0) said.held = histogramJson(tally.held);
  if (!isEmpty(tally.consumers)) {
    const consumers = Object.entries(tally.consumers);
    said.consumers = Object.fromEntries(
      consumers.map(([name, one]) => [name, { ...one, held: histogramJson(one.held) }]),
    );
  }
  return said;
}

function isEmpty(object: object): boolean {
  for (const _ in object) return false;
  return true;
}

/** What `tallyJson` made. What somebody has written in its place counts for nothing. */
export function tallyIn(json: unknown): Tally {
  const given = recordIn(json);
  const tally = {
    ...emptyTally(),
    waited: histogramIn(given.waited),
    held: histogramIn(given.held),
  };
  for (const field of plain) tally[field] = countIn(given[field]);
  for (const field of counts) {
    const named = recordIn(given[field]);
    for (const name in named) tally[field][name] = countIn(named[name]);
  }
  for (const [name, one] of Object.entries(recordIn(given.consumers))) {
    const { claimed, acked, failed, held } = recordIn(one);
    tally.consumers[name] = {
      claimed: countIn(claimed),
      acked: countIn(acked),
      failed: countIn(failed),
      held: histogramIn(held),
    };
  }
  return tally;
}

function recordIn(json: unknown): Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};
}
