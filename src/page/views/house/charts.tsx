import type { Stats, StatsRow } from '../../../contract/numbers/stats.ts';
import { change, place, to } from '../../base/place.ts';
import type { View } from '../../base/view.ts';
import { count, many, span } from '../../base/words.ts';
import { look, me } from '../../data/api.ts';
import { useLook } from '../../data/use-look.ts';
import { Choice } from '../../parts/ask/choice.tsx';
import { LineChart, mostSeries, type Series } from '../../parts/chart/line-chart.tsx';
import { Spark } from '../../parts/chart/spark.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Heading } from '../../parts/heading.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Shown } from '../../parts/shown.tsx';
import { Tabs } from '../../parts/tabs.tsx';
import { None, Number, Span } from '../../parts/when.tsx';
import { Times } from './times.tsx';

/** What happened, in numbers (help numbers). */
export const charts: View = { path: 'charts', menu: { name: 'Charts', group: 'House', press: 'h' }, Show: Charts };

const windows = ['5m', '1h', '24h', '7d'] as const;
const groupings = ['mailbox', 'agent', 'type', 'topic'] as const;

function Charts() {
  const { query } = place.value;
  const window = query.get('window') ?? '1h';
  const by = (query.get('by') ?? 'mailbox') as (typeof groupings)[number];
  // It reads event logs: not at every event.
  const seen = useLook(`stats ${window} ${by}`, (signal) => look('stats', { window, by }, signal), {
    when: false,
    everyMs: 10_000,
  });
  return (
    <>
      <Heading title="Charts">
        <Choice label="How far back" value={window} options={windows} onChange={(text) => change({ window: text })} />
      </Heading>
      <Tabs
        label="By what"
        tabs={groupings.map((name) => ({
          href: to(['charts'], { by: name, window }),
          name: `By ${name}`,
          here: name === by,
        }))}
      />
      <Shown look={seen}>{(stats) => <Numbers stats={stats} />}</Shown>
      <Times />
    </>
  );
}

function Numbers({ stats }: { stats: Stats }) {
  const { rows, since, until, slow, hot, by } = stats;
  const most = rows.toSorted((a, b) => b.arrived - a.arrived);
  const self = me.value ?? '<agent>';
  if (rows.length === 0)
    return (
      <Empty
        type={
          by === 'topic' ? `dreamos publish builds "done" --as ${self}` : `dreamos send <agent> "hello" --as ${self}`
        }
      >
        Nothing happened in this time.
      </Empty>
    );
  return (
    <>
      <Arrivals stats={stats} rows={most} />
      {slow.map(({ name, times }) => (
        <p key={name}>
          {name} takes {times.toFixed(1)} times as long as the others.
        </p>
      ))}
      {hot.map(({ name, times }) => (
        <p key={name}>
          {name} sends {times.toFixed(1)} times as much as the others.
        </p>
      ))}
      <Rows of={`Numbers by ${by}`} columns={columnsOf(by)} rows={most} keyOf={({ name }) => name} />
      <p class="quiet foot">
        {many(rows.length, by, by === 'mailbox' ? 'mailboxes' : `${by}s`)},{' '}
        {span(Date.parse(until) - Date.parse(since))}
        {stats.diskFreeShare !== null && ` · ${Math.round(stats.diskFreeShare * 100)} % of the disk is free`}
        {stats.agents.map(({ state, count: n }) => ` · ${n} ${state}`)}
      </p>
    </>
  );
}

/** The busiest by themselves, all others as one. */
function Arrivals({ stats, rows }: { stats: Stats; rows: readonly StatsRow[] }) {
  const parts = Math.max(1, ...rows.map(({ series }) => series.length));
  const start = Date.parse(stats.since) / 1000;
  const step = (Date.parse(stats.until) / 1000 - start) / parts;
  const times = Array.from({ length: parts }, (_, i) => start + i * step);
  const shown = rows.length > mostSeries ? rows.slice(0, mostSeries - 1) : rows;
  const others = rows.slice(shown.length);
  const series: Series[] = shown.map(({ name, series: values }) => ({ name, values }));
  if (others.length > 0)
    series.push({
      name: many(others.length, 'other'),
      values: times.map((_, i) => others.reduce((sum, row) => sum + (row.series[i] ?? 0), 0)),
    });
  return (
    <section>
      <h2>What arrived</h2>
      <LineChart label={`What arrived, by ${stats.by}`} times={times} series={series} say={count} />
    </section>
  );
}

const share = (value: number | null) => (value === null ? <None /> : `${(value * 100).toFixed(value < 0.1 ? 1 : 0)} %`);
const rate = (value: number | null) => (value === null ? <None /> : value.toFixed(value < 10 ? 1 : 0));

function columnsOf(by: Stats['by']): readonly Column<StatsRow>[] {
  const head: Column<StatsRow>[] = [
    { name: by[0]?.toUpperCase() + by.slice(1), cell: ({ name }) => name },
    {
      name: 'Shape',
      from: 'medium',
      cell: ({ name, series }) => <Spark values={series} label={`Arrivals of ${name}`} />,
    },
    { name: 'Arrived', number: true, cell: ({ arrived }) => <Number n={arrived} /> },
    { name: 'In/min', number: true, from: 'medium', cell: ({ inPerMinute }) => rate(inPerMinute) },
  ];
  const ends: Column<StatsRow>[] = [
    { name: 'Done', number: true, cell: ({ acked }) => <Number n={acked} /> },
    { name: 'Dead', number: true, cell: ({ dead }) => <Number n={dead} /> },
    { name: 'Held p50', number: true, from: 'medium', cell: ({ heldP50Ms }) => <Span ms={heldP50Ms} /> },
    { name: 'Held p95', number: true, from: 'wide', cell: ({ heldP95Ms }) => <Span ms={heldP95Ms} /> },
    { name: 'Errors', number: true, from: 'wide', cell: ({ errorShare }) => share(errorShare) },
  ];
  const waits: Column<StatsRow>[] = [
    { name: 'Waited p50', number: true, from: 'medium', cell: ({ waitedP50Ms }) => <Span ms={waitedP50Ms} /> },
    { name: 'Waited p95', number: true, from: 'wide', cell: ({ waitedP95Ms }) => <Span ms={waitedP95Ms} /> },
    {
      name: 'Backlog',
      number: true,
      cell: ({ backlog }) => (backlog === undefined || backlog === null ? <None /> : <Number n={backlog} />),
    },
  ];
  if (by === 'mailbox') return [...head, ...ends, ...waits];
  return by === 'agent' ? [...head, ...ends] : head;
}
