import type { MetricFamily, MetricSample } from '../../../contract/numbers/metrics.ts';
import { count, many, span } from '../../base/words.ts';
import { look } from '../../data/api.ts';
import { useLook } from '../../data/use-look.ts';
import { Shown } from '../../parts/shown.tsx';

/** How long mail waited and was held, of all that the logs know: histograms of /v1/metrics, as Prometheus has them. */
export function Times() {
  const seen = useLook('metrics', (signal) => look('metrics', {}, signal), { when: false, everyMs: 30_000 });
  return (
    <Shown look={seen}>
      {({ items }) => (
        <div class="pair">
          <Histogram family={find(items, 'dreamos_waited_seconds')} title="How long it waited" />
          <Histogram family={find(items, 'dreamos_held_seconds')} title="How long it was held" />
        </div>
      )}
    </Shown>
  );
}

const find = (all: readonly MetricFamily[], name: string): MetricFamily | undefined =>
  all.find((family) => family.name === name);

interface Bar {
  /** Seconds; above the one before. */
  readonly le: number;
  readonly count: number;
}

/** @returns how many fell into each bucket, of all mailboxes; what is empty at both ends is left out */
function barsOf(samples: readonly MetricSample[]): Bar[] {
  const below = new Map<number, number>();
  for (const { buckets = [], count: all = 0 } of samples) {
    for (const bucket of buckets) below.set(bucket.le, (below.get(bucket.le) ?? 0) + bucket.count);
    below.set(Infinity, (below.get(Infinity) ?? 0) + all);
  }
  const sorted = [...below].sort(([a], [b]) => a - b);
  const bars = sorted.map(([le, n], i) => ({ le, count: n - (sorted[i - 1]?.[1] ?? 0) }));
  const first = bars.findIndex((bar) => bar.count > 0);
  return first < 0 ? [] : bars.slice(first, bars.findLastIndex((bar) => bar.count > 0) + 1);
}

const [width, barHeight] = [360, 20];

function Histogram({ family, title }: { family: MetricFamily | undefined; title: string }) {
  const bars = barsOf(family?.samples ?? []);
  const most = Math.max(1, ...bars.map((bar) => bar.count));
  const all = bars.reduce((sum, bar) => sum + bar.count, 0);
  const inner = width - 150;
  return (
    <section>
      <h2>{title}</h2>
      {bars.length === 0 ? (
        <p class="quiet">Nothing was measured yet.</p>
      ) : (
        <svg
          class="histogram"
          viewBox={`0 0 ${width} ${bars.length * barHeight}`}
          role="img"
          aria-label={`${title}, of ${many(all, 'message')}: ${bars.map(({ le, count: n }) => `${upTo(le)} ${n}`).join(', ')}`}
        >
          {bars.map(({ le, count: n }, i) => (
            <g key={le}>
              <text x={78} y={i * barHeight + 14} text-anchor="end">
                {upTo(le)}
              </text>
              <rect
                x={86}
                y={i * barHeight + 3}
                width={Math.max(n > 0 ? 1 : 0, (n / most) * inner)}
                height={barHeight - 6}
                rx={2}
              />
              <text class="quiet" x={92 + (n / most) * inner} y={i * barHeight + 14}>
                {count(n)}
              </text>
            </g>
          ))}
        </svg>
      )}
    </section>
  );
}

const upTo = (seconds: number): string => (seconds === Infinity ? 'longer' : `≤ ${span(seconds * 1000)}`);
