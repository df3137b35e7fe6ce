import type { Context } from '../../cli/context.ts';
import { harmless } from '../../cli/harmless.ts';
import { durationOption, given, oneOf } from '../../cli/input/parse.ts';
import { sparkline } from '../../cli/numbers/sparkline.ts';
import type { Stats, StatsRow } from '../../contract/numbers/stats.ts';
import { stats } from '../../core/metrics/stats.ts';
import { checkSpan, formatDuration } from '../../model/duration.ts';
import { csvLine } from '../../model/metrics/csv.ts';
import { groupings, type NumberName, numberNames, numberTable } from '../../model/metrics/numbers.ts';
import { usage } from '../../model/refusals.ts';

export async function statsCommand(
  context: Context,
  names: readonly string[],
  options: { window?: string; by?: string; csv?: boolean },
): Promise<void> {
  const { output } = context;
  if (options.csv && output.json) throw usage('It is told as CSV or as JSON.', 'Use one of --csv and --json.');
  const windowMs = durationOption(options.window, '--window');
  checkSpan('--window', windowMs, 1);
  const how = given({
    windowMs,
    by: options.by === undefined ? undefined : oneOf(options.by, groupings, 'grouping'),
  });
  const told = await stats(await context.session(), names.length > 0 ? names : undefined, how);
  if (options.csv) return output.data(csvOf(told));
  if (output.json) return output.item(told, () => '');
  if (told.rows.length === 0) return output.note(await noRows(context, told));
  const columns = columnsOf(told, output.screen?.columns);
  await output.rows(
    told.rows,
    columns.map(([title]) => title),
    (row) => columns.map(([, cell]) => cell(row)),
  );
  for (const line of remarks(told)) await output.note(harmless(line));
}

async function noRows(context: Context, { by }: Stats): Promise<string> {
  return by === 'mailbox' ? context.noAgents() : `Nothing is known of any ${by} in this time.`;
}

type Column = readonly [title: string, cell: (row: StatsRow) => string];

/** Those that can be told of such a thing. A row of a number that has too few samples says so by a dash. @param width of the terminal; none: no bars */
function columnsOf({ by }: Stats, width: number | undefined): Column[] {
  const tells = (name: NumberName): boolean => (numberTable[name].of as readonly string[]).includes(by);
  const shown = titles.filter(([, name]) => tells(name));
  const arrivals = by === 'agent' ? 'claims' : 'arrivals';
  const isWide = width !== undefined && width >= 60 + 10 * shown.length;
  return [
    [by, ({ name }) => name],
    ...(width === undefined
      ? []
      : ([[arrivals, (row) => sparkline(isWide ? row.series : inEight(row.series))]] as Column[])),
    ...shown.map(([title, name]): Column => [title, (row) => cellOf(name, row[name])]),
    ...(by === 'mailbox'
      ? ([
          ['backlog', ({ backlog }) => String(backlog ?? '-')],
          ['oldest', ({ oldestReadyMs }) => (typeof oldestReadyMs === 'number' ? formatDuration(oldestReadyMs) : '-')],
        ] as Column[])
      : []),
  ];
}

/** So many are never cut: of longer times each, so that the newest is still there. */
function inEight(series: readonly number[]): number[] {
  const sums = Array<number>(8).fill(0);
  for (const [at, value] of series.entries()) {
    const part = Math.floor((at * sums.length) / series.length);
    sums[part] = (sums[part] ?? 0) + value;
  }
  return sums;
}

const titles: readonly (readonly [title: string, name: NumberName])[] = [
  ['in/min', 'inPerMinute'],
  ['out/min', 'outPerMinute'],
  ['waited p50', 'waitedP50Ms'],
  ['p95', 'waitedP95Ms'],
  ['held p50', 'heldP50Ms'],
  ['p95', 'heldP95Ms'],
  ['1st try', 'firstAttemptShare'],
  ['again', 'redeliveredShare'],
  ['dead', 'deadShare'],
  ['on time', 'onTimeShare'],
  ['errors', 'errorShare'],
  ['score', 'scoreMean'],
];

function cellOf(name: NumberName, value: number | null): string {
  if (value === null) return 'no data';
  const { unit } = numberTable[name];
  if (unit === 'ms') return formatDuration(value);
  if (unit === 'share') return `${(value * 100).toFixed(value > 0 && value < 0.1 ? 1 : 0)}%`;
  return value.toFixed(value > 0 && value < 10 ? 2 : 0);
}

function remarks({ by, knownSince, rows, slow, hot, agents, diskFreeShare, since, until }: Stats): string[] {
  const states = agents.map(({ state, count }) => `${count} ${state}`);
  const isOfOne = by === 'mailbox' || by === 'topic';
  const ages = isOfOne
    ? rows.flatMap((row) => (row.knownSince === undefined ? [] : [`${row.name} from ${row.knownSince}`]))
    : [`all from ${knownSince}`];
  const corrupt = rows.filter((row) => (row.corrupt ?? 0) > 0);
  return [
    `From ${since} to ${until}. What each number is: dreamos help numbers`,
    ...(knownSince === undefined ? [] : [`Known, and rates of the time since: ${ages.join(', ')}`]),
    ...slow.map(
      ({ name, times, count }) =>
        `${name} is slow: it holds claims ${times.toFixed(1)} times as long as the others (${count} claims)`,
    ),
    ...hot.map(
      ({ name, times, count }) =>
        `${name} sends much: ${count} messages, ${times.toFixed(1)} times as many as the others`,
    ),
    ...corrupt.map(({ name, corrupt: count }) => `${name}: ${count} in corrupt/`),
    ...(states.length > 0 ? [`Agents: ${states.join(', ')}`] : []),
    ...(diskFreeShare === null ? [] : [`Disk: ${(diskFreeShare * 100).toFixed(0)}% free`]),
  ];
}

/** Every number as it is; of what is not known nothing. */
function csvOf({ rows, by, since, until }: Stats): string {
  const head = [
    by,
    'since',
    'until',
    'arrived',
    'acked',
    'dead',
    'backlog',
    'corrupt',
    'oldestReadyMs',
    ...numberNames,
  ];
  const lines = rows.map((row) => [
    row.name,
    row.knownSince ?? since,
    until,
    row.arrived,
    row.acked,
    row.dead,
    row.backlog,
    row.corrupt,
    row.oldestReadyMs,
    ...numberNames.map((name) => row[name]),
  ]);
  return [head, ...lines].map(csvLine).join('');
}
