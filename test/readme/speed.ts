import { markdownTable } from './markdown-table.ts';

/** bench/results.json, as bench/report.mjs writes it. */
export interface BenchResults {
  readonly benchmarks: Readonly<Record<string, Outcome | undefined>>;
}

interface Outcome {
  /** ISO time. */
  readonly at: string;
  readonly quick: boolean;
  readonly machine: Readonly<Record<'cpu' | 'memory' | 'system' | 'disk' | 'node', string>>;
  readonly absent: readonly string[];
  readonly rows: readonly { readonly what: string; readonly parts: readonly Part[] }[];
  readonly results: unknown;
}

interface Part {
  readonly label: string;
  readonly measured: string;
}

type Lanes = Readonly<Record<string, { rates: readonly number[]; median: number; durable: boolean } | undefined>>;

/** What is published of results.json. */
export const published = [
  ...['startup', 'reach', 'send', 'batch', 'claim', 'depth', 'watch', 'fanout', 'memory', 'contention'],
  ...['server', 'engines', 'bridge'],
];
const ours = 'dreamos';
const raw = 'raw system calls';
const disk = 'the disk: write 1 KiB + fsync';

/**
 * How fast it is, beside others and beside itself: made of results.json, never typed.
 * @throws when a benchmark is missing or was a quick run, because then there is nothing to publish
 */
export function speed({ benchmarks }: BenchResults): string {
  const outcomes = published.map((name) => {
    const outcome = benchmarks[name];
    if (outcome === undefined) throw new Error(`results.json has no "${name}". Run all of them: npm run bench`);
    if (outcome.quick) throw new Error(`"${name}" in results.json is of a quick run. Run it at full length.`);
    return outcome;
  });
  const dates = distinct(outcomes.map(({ at }) => at.slice(0, 10))).sort();
  const machines = distinct(outcomes.map(({ machine }) => describe(machine)));
  const absent = distinct(outcomes.flatMap((outcome) => outcome.absent.map((why) => why.replace(/\.$/, ''))));
  const lanes = (name: string) => benchmarks[name]?.results as Lanes;
  const [send, batch, claim] = [lanes('send'), lanes('batch'), lanes('claim')];
  const rounds = [send, batch, claim].flatMap((of) => Object.values(of).map((lane) => lane?.rates.length ?? 0));
  return [
    `Messages a second, of 1 KiB each, by one producer and one consumer. All write to the same disk and, unless marked, answer
when the message is synced; every message is accounted for. Medians of at least ${Math.min(...rounds)} interleaved rounds. The raw system
calls are those that a send or a claim cannot do without, in a bare loop.`,
    peers(send, batch, claim),
    `The disk alone: ${whole(send[disk]?.median)} synced writes of 1 KiB a second. In brackets: claimed and acked 100 at once.${
      absent.length === 0 ? '' : ` Absent: ${absent.join('; ')}.`
    }`,
    'What each benchmark comes to, most of it as a ratio:',
    inShort(outcomes),
    `(${dates.join(' and ')}; ${machines.join(' and ')}. To repeat it: npm run bench)`,
  ].join('\n\n');
}

function peers(send: Lanes, batch: Lanes, claim: Lanes): string {
  const rest = Object.keys(send)
    .filter((name) => ![ours, raw, disk].includes(name))
    .sort((a, b) => rate(send, b) - rate(send, a));
  const rows = [ours, raw, ...rest].map((name) => {
    const inBatches = Object.keys(batch).find((lane) => lane.startsWith(`${name}, `) && !lane.endsWith(', one by one'));
    const atOnce = claim[`${name}, 100 at once`];
    return [
      send[name]?.durable === false ? `${name} (not durable)` : name,
      whole(send[name]?.median),
      inBatches === undefined ? '' : whole(batch[inBatches]?.median),
      whole(claim[name]?.median) + (atOnce === undefined ? '' : ` (${whole(atOnce.median)})`),
    ];
  });
  const command = ['`dreamos send --batch`', '', whole(batch['dreamos send --batch, with its start']?.median), ''];
  return markdownTable(
    [['', 'sends, one by one', 'sends, 100 at once', 'claim + ack'], ...rows.toSpliced(1, 0, command)],
    [1, 2, 3],
  );
}

function inShort(outcomes: readonly Outcome[]): string {
  const rows = outcomes.flatMap((outcome) =>
    outcome.rows.flatMap(({ what, parts }) => parts.map(({ label, measured }) => [`${what}: ${label}`, measured])),
  );
  return markdownTable([['', 'measured'], ...rows], [1]);
}

function describe({ cpu, memory, system, disk: place, node }: Outcome['machine']): string {
  return `${cpu}, ${memory}, ${system}, ${place}, Node ${node}`;
}

function rate(lanes: Lanes, name: string): number {
  return lanes[name]?.median ?? 0;
}

function whole(number: number | undefined): string {
  return number === undefined ? '' : Math.round(number).toLocaleString('en');
}

function distinct(words: readonly string[]): string[] {
  return [...new Set(words)];
}
