/** What is told of a time, each number with its formula: `stats`, `help numbers` and rules go by these names. */
import { type Histogram, quantile } from './histogram.ts';
import type { Tally } from './tally.ts';

/** What a number can be told of: of a consumer only what it did itself, of a type and a topic only what arrived. */
export const groupings = ['mailbox', 'agent', 'type', 'topic'] as const;
export type Grouping = (typeof groupings)[number];

export interface MetricNumber {
  readonly unit: 'per minute' | 'ms' | 'share' | 'score';
  /** Whether more of it is better, or less; absent: neither. */
  readonly better?: 'more' | 'less';
  readonly of: readonly Grouping[];
  /** In the words of events (`dreamos help json`). */
  readonly formula: string;
  /** `undefined`: there are too few samples to say. @param minutes how long the time is */
  readonly value: (tally: Tally, minutes: number) => number | undefined;
}

/** A share of fewer, and a score or a median of fewer, says nothing. */
export const leastSamples = 5;

const all = groupings;
const ofConsumers = ['mailbox', 'agent'] as const;
const ofMailboxes = ['mailbox'] as const;

const timesOf = ({ events }: Tally, kind: string): number => events[kind] ?? 0;
const share = (part: number, whole: number): number | undefined => (whole < leastSamples ? undefined : part / whole);
const perMinute = (count: number, minutes: number): number | undefined => (minutes > 0 ? count / minutes : undefined);
const expired = ({ died }: Tally): number => died['expired'] ?? 0;
/** Of 20 the largest is the 95th of 100, of 100 the largest the 99th. */
const quantileOf = (q: number, least: number, of: (tally: Tally) => Histogram) => (tally: Tally) =>
  of(tally).count < least ? undefined : quantile(of(tally), q);
const waits = ({ waited }: Tally): Histogram => waited;
const holds = ({ held }: Tally): Histogram => held;

const time = { unit: 'ms', better: 'less' } as const;
const goodShare = { unit: 'share', better: 'more', of: ofMailboxes } as const;
const badShare = { unit: 'share', better: 'less', of: ofMailboxes } as const;
const waitedFormula = 'the times from ready to claimed (waitedMs)';
const heldFormula = 'the times from claimed to what ended the claim (heldMs)';

/** Claims that ended otherwise than by an ack, or being given back unharmed. */
const errors = (tally: Tally): number =>
  timesOf(tally, 'nacked') - tally.freed + timesOf(tally, 'lease_expired') + timesOf(tally, 'dead') - expired(tally);

export const numberTable = {
  inPerMinute: {
    unit: 'per minute',
    of: all,
    formula: 'messages that arrived / minutes; of an agent: that it claimed',
    value: ({ arrived }, minutes) => perMinute(arrived, minutes),
  },
  outPerMinute: {
    unit: 'per minute',
    of: ofConsumers,
    formula: 'acked / minutes',
    value: (tally, minutes) => perMinute(timesOf(tally, 'acked'), minutes),
  },
  waitedP50Ms: {
    ...time,
    of: ofMailboxes,
    formula: `median of ${waitedFormula}`,
    value: quantileOf(0.5, leastSamples, waits),
  },
  waitedP95Ms: {
    ...time,
    of: ofMailboxes,
    formula: `95 % of ${waitedFormula} are not longer`,
    value: quantileOf(0.95, 20, waits),
  },
  waitedP99Ms: {
    ...time,
    of: ofMailboxes,
    formula: `99 % of ${waitedFormula} are not longer`,
    value: quantileOf(0.99, 100, waits),
  },
  heldP50Ms: {
    ...time,
    of: ofConsumers,
    formula: `median of ${heldFormula}`,
    value: quantileOf(0.5, leastSamples, holds),
  },
  heldP95Ms: {
    ...time,
    of: ofConsumers,
    formula: `95 % of ${heldFormula} are not longer`,
    value: quantileOf(0.95, 20, holds),
  },
  heldP99Ms: {
    ...time,
    of: ofConsumers,
    formula: `99 % of ${heldFormula} are not longer`,
    value: quantileOf(0.99, 100, holds),
  },
  firstAttemptShare: {
    ...goodShare,
    formula: 'acked at attempt 1 / (acked + dead)',
    value: (tally) => share(tally.ackedFirst, timesOf(tally, 'acked') + timesOf(tally, 'dead')),
  },
  redeliveredShare: {
    ...badShare,
    formula: 'claimed at attempt 2 or later / claimed',
    value: (tally) => share(tally.redelivered, timesOf(tally, 'claimed')),
  },
  deadShare: {
    ...badShare,
    formula: 'dead / (acked + dead)',
    value: (tally) => share(timesOf(tally, 'dead'), timesOf(tally, 'acked') + timesOf(tally, 'dead')),
  },
  onTimeShare: {
    ...goodShare,
    formula:
      'acked in time / (acked that had a deadline, replyBy or time-to-live, and dead that had and were late or died of it)',
    value: (tally) => share(tally.onTime, tally.onTime + tally.late + expired(tally)),
  },
  completedShare: {
    ...goodShare,
    formula: 'of tasks: acked / (acked + dead + cancelled)',
    value: ({ tasksDone, tasksEnded }) => share(tasksDone, tasksEnded),
  },
  errorShare: {
    unit: 'share',
    better: 'less',
    of: ofConsumers,
    formula:
      'errors / (acked + errors); errors: nacked (not for free), lease_expired, dead (not by their time-to-live)',
    value: (tally) => share(errors(tally), timesOf(tally, 'acked') + errors(tally)),
  },
  scoreMean: {
    unit: 'score',
    better: 'more',
    of: ofMailboxes,
    formula: 'mean of the scores that consumers gave with their acks (0 to 1)',
    value: ({ scored, scores }) => (scored < leastSamples ? undefined : scores / scored),
  },
} as const satisfies Record<string, MetricNumber>;

export type NumberName = keyof typeof numberTable;
export const numberNames = Object.keys(numberTable) as NumberName[];

/** `null`: too few samples, or not told of such a thing. */
export function numbersOf(grouping: Grouping, tally: Tally, minutes: number): Record<NumberName, number | null> {
  const told = (name: NumberName): number | null => {
    const number: MetricNumber = numberTable[name];
    const value = number.of.includes(grouping) ? number.value(tally, minutes) : undefined;
    if (value === undefined) return null;
    // A bucket's middle has digits that nobody measured.
    return number.unit === 'ms' ? Math.round(value) : value;
  };
  return Object.fromEntries(numberNames.map((name) => [name, told(name)])) as Record<NumberName, number | null>;
}
