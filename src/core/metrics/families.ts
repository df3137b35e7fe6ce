/** The metrics of a root, as one table: what each is called, what it says, and where its samples come from. */
import type { MetricFamily, MetricSample } from '../../contract/numbers/metrics.ts';
import { eventKinds } from '../../model/event.ts';
import type { GaugeName } from '../../model/metrics/gauges.ts';
import { type Histogram, upperBound } from '../../model/metrics/histogram.ts';
import type { Tally } from '../../model/metrics/tally.ts';
import type { Gauge } from './gauges.ts';

/** What the samples are made of. */
export interface Measured {
  readonly gauges: readonly Gauge[];
  /** By mailbox. */
  readonly totals: ReadonlyMap<string, Tally>;
  /** When the gauges were looked at; milliseconds since 1970. */
  readonly nowMs: number;
  readonly root: string;
  readonly version: string | undefined;
}

type Row = Omit<MetricFamily, 'samples'> & { readonly samples: (measured: Measured) => MetricSample[] };

/** How one name of a gauge becomes samples. */
const values =
  (name: GaugeName, labels: Readonly<Record<string, string>> = {}, of = 'mailbox', valueOf = asItIs) =>
  ({ gauges, nowMs }: Measured): MetricSample[] =>
    gauges
      .filter((gauge) => gauge.name === name)
      .map(({ mailbox, labels: own, value }) => ({
        labels: { ...(mailbox !== undefined && { [of]: mailbox }), ...own, ...labels },
        value: valueOf(value, nowMs),
      }));

const asItIs = (value: number, _nowMs: number): number => value;
/** A moment does not age in a file that is no longer written, as a span of time would. Whole seconds: the look itself takes some time. */
const since = (ms: number, nowMs: number): number => Math.round((nowMs - ms) / 1000);

const counter =
  (valueOf: (tally: Tally) => number) =>
  ({ totals }: Measured): MetricSample[] =>
    [...totals].map(([mailbox, tally]) => ({ labels: { mailbox }, value: valueOf(tally) }));

const counters =
  (label: string, of: (tally: Tally) => Readonly<Record<string, number>>) =>
  ({ totals }: Measured): MetricSample[] =>
    [...totals].flatMap(([mailbox, tally]) =>
      Object.entries(of(tally)).map(([name, value]) => ({ labels: { mailbox, [label]: name }, value })),
    );

const histograms =
  (of: (tally: Tally) => Histogram) =>
  ({ totals }: Measured): MetricSample[] =>
    [...totals].flatMap(([mailbox, tally]) => {
      const counted = of(tally);
      return counted.count === 0 ? [] : [{ labels: { mailbox }, ...distributionOf(counted) }];
    });

const states = ['ready', 'delayed', 'inflight', 'archived', 'dead', 'corrupt'] as const;

export const familyTable: readonly Row[] = [
  {
    name: 'dreamos_build',
    type: 'info',
    help: 'The version of dreamos that tells this.',
    samples: ({ version }) => (version === undefined ? [] : [{ labels: { version }, value: 1 }]),
  },
  {
    name: 'dreamos_messages',
    type: 'gauge',
    help: 'Messages in a mailbox, by their state; corrupt are files that could not be read.',
    samples: (measured) => states.flatMap((state) => values(state, { state })(measured)),
  },
  {
    name: 'dreamos_oldest_ready_timestamp_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'When the oldest message that can be read was sent; none can be: absent.',
    samples: values('oldestReadyMs', {}, 'mailbox', since),
  },
  {
    name: 'dreamos_last_read_timestamp_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'When somebody last asked the mailbox for mail; never: when it was made.',
    samples: values('silentMs', {}, 'mailbox', since),
  },
  {
    name: 'dreamos_unread_since_timestamp_seconds',
    type: 'gauge',
    unit: 'seconds',
    help: 'Since when mail waits and nobody has asked for any; not of a mailbox that is paused.',
    samples: values('unreadMs', {}, 'mailbox', since),
  },
  {
    name: 'dreamos_refused_messages',
    type: 'gauge',
    help: 'Messages that a mailbox has refused in the last 24 hours, about.',
    samples: values('refused'),
  },
  {
    name: 'dreamos_agent_state',
    type: 'gauge',
    help: '1 for the state that an agent is in: ready, busy, paused, late, gone or unseen.',
    samples: values('agentState', {}, 'agent'),
  },
  {
    name: 'dreamos_gone_agent_messages',
    type: 'gauge',
    help: 'Unfinished messages of an agent that is gone; 0 of others.',
    samples: values('goneWithMail', {}, 'agent'),
  },
  {
    name: 'dreamos_resource_used',
    type: 'gauge',
    help: 'What an agent uses of what has a limit: tasks at once, sends a minute, messages and bytes in its mailbox.',
    samples: values('resourceUsed', {}, 'agent'),
  },
  {
    name: 'dreamos_resource_limit',
    type: 'gauge',
    help: 'How much of it there may be.',
    samples: values('resourceLimit', {}, 'agent'),
  },
  {
    name: 'dreamos_tasks',
    type: 'gauge',
    help: 'Tasks that are to be done or have failed, by their state.',
    samples: values('tasks'),
  },
  {
    name: 'dreamos_disk_size_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'What the disk of the root holds in all.',
    samples: values('diskBytes'),
  },
  {
    name: 'dreamos_disk_free_bytes',
    type: 'gauge',
    unit: 'bytes',
    help: 'What may still be written on the disk of the root.',
    samples: values('diskFreeBytes'),
  },
  {
    name: 'dreamos_events',
    type: 'counter',
    help: 'What happened to the messages of a mailbox, by the kind of event.',
    samples: counters('event', ({ events }) => knownEvents(events)),
  },
  {
    name: 'dreamos_arrived',
    type: 'counter',
    help: 'Messages that came into a mailbox; not those that came back.',
    samples: counter(({ arrived }) => arrived),
  },
  {
    name: 'dreamos_acked_first',
    type: 'counter',
    help: 'Messages that were acked at the first attempt.',
    samples: counter(({ ackedFirst }) => ackedFirst),
  },
  {
    name: 'dreamos_redelivered',
    type: 'counter',
    help: 'Claims of a message that had been claimed before.',
    samples: counter(({ redelivered }) => redelivered),
  },
  {
    name: 'dreamos_died',
    type: 'counter',
    help: 'Messages that went to the dead-letter queue, by why: expired, lease or refused.',
    samples: counters('reason', ({ died }) => ({ expired: 0, lease: 0, refused: 0, ...died })),
  },
  {
    name: 'dreamos_acked_late',
    type: 'counter',
    help: 'Messages that were acked behind their deadline or replyBy.',
    samples: counter(({ late }) => late),
  },
  {
    name: 'dreamos_score',
    type: 'summary',
    help: 'What consumers said of their work when they acked, from 0 to 1.',
    samples: ({ totals }) =>
      [...totals].flatMap(([mailbox, { scored: count, scores: sum }]) =>
        count === 0 ? [] : [{ labels: { mailbox }, count, sum }],
      ),
  },
  {
    name: 'dreamos_waited_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'For how long messages were ready until they were claimed.',
    samples: histograms(({ waited }) => waited),
  },
  {
    name: 'dreamos_held_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'For how long consumers held messages until they settled or lost them.',
    samples: histograms(({ held }) => held),
  },
];

/** In the order of the table; those without a sample are left out. Each sample says of which root, since several may be scraped on a machine. */
export function families(measured: Measured): MetricFamily[] {
  return familyTable.flatMap(({ samples: samplesOf, ...row }) => {
    const samples = samplesOf(measured).map((one) => ({ ...one, labels: { root: measured.root, ...one.labels } }));
    return samples.length === 0 ? [] : [{ ...row, samples }];
  });
}

// Without a 0 first, nobody sees the first of them as an increase.
const fromTheFirst = { delivered: 0, claimed: 0, acked: 0, nacked: 0, lease_expired: 0, dead: 0 };
const kinds: ReadonlySet<string> = new Set(eventKinds);

/** What a script wrote into a log may be called anything, and each name would be another series for good. */
function knownEvents(events: Readonly<Record<string, number>>): Record<string, number> {
  return { ...fromTheFirst, ...Object.fromEntries(Object.entries(events).filter(([kind]) => kinds.has(kind))) };
}

const perDoubling = 8;
/** 2^k ms: each doubling from 4 ms to 4 min, then each second one to 3 days. Always the same, or rates over them mean nothing. */
const doublings = [...Array.from({ length: 17 }, (_, i) => i + 2), 20, 22, 24, 26, 28];

/** Our buckets end there as well, so nothing is guessed. In seconds. */
function distributionOf({
  counts,
  first,
  zero,
  count,
  sum,
}: Histogram): Pick<MetricSample, 'count' | 'sum' | 'buckets'> {
  const below = (most: number): number =>
    counts.reduce((all, times, i) => (first + i <= most ? all + times : all), zero);
  return {
    count,
    sum: sum / 1000,
    buckets: doublings.map((k) => ({ le: upperBound(k * perDoubling) / 1000, count: below(k * perDoubling) })),
  };
}
