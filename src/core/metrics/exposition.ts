/** OpenMetrics 1.0: https://prometheus.io/docs/specs/om/open_metrics_spec/ */
import type { MetricFamily, MetricSample } from '../../contract/numbers/metrics.ts';

export const metricsFormats = ['openmetrics', 'prometheus'] as const;
export type MetricsFormat = (typeof metricsFormats)[number];

/**
 * What a scraper reads: OpenMetrics 1.0, of the type `application/openmetrics-text; version=1.0.0; charset=utf-8`, or the older
 * text that node_exporter's textfile collector takes, `text/plain; version=0.0.4`.
 */
export function metricsText(families: readonly MetricFamily[], format: MetricsFormat = 'openmetrics'): string {
  const isOpen = format === 'openmetrics';
  const lines = families.flatMap((family) => linesOf(family, isOpen));
  return `${[...lines, ...(isOpen ? ['# EOF'] : [])].join('\n')}\n`;
}

const suffixes: Partial<Record<MetricFamily['type'], string>> = { counter: '_total', info: '_info' };

/** What the samples of a family are called, but for the parts of a histogram or summary. */
export function sampleNameOf({ name, type }: Pick<MetricFamily, 'name' | 'type'>): string {
  return `${name}${suffixes[type] ?? ''}`;
}

function linesOf({ name, type, help, unit, samples }: MetricFamily, isOpen: boolean): string[] {
  const sampleName = sampleNameOf({ name, type });
  // The older text knows no family whose samples have another name, and no info.
  const called = isOpen ? name : sampleName;
  const told = !isOpen && type === 'info' ? 'gauge' : type;
  const text = isOpen ? escaped(help) : help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return [
    `# HELP ${called} ${text}`,
    `# TYPE ${called} ${told}`,
    ...(isOpen && unit !== undefined ? [`# UNIT ${called} ${unit}`] : []),
    ...samples.flatMap((sample) => sampleLines(sampleName, sample)),
  ];
}

function sampleLines(name: string, { labels, value, count, sum, buckets = [] }: MetricSample): string[] {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  const own = pairs.join(',');
  if (value !== undefined) return [`${name}{${own}} ${value}`];
  const all = [...buckets, ...(buckets.length > 0 ? [{ le: Infinity, count: count ?? 0 }] : [])];
  return [
    ...all.map((bucket) => `${name}_bucket{${own},le="${bound(bucket.le)}"} ${bucket.count}`),
    `${name}_sum{${own}} ${sum ?? 0}`,
    `${name}_count{${own}} ${count ?? 0}`,
  ];
}

/** As OpenMetrics wants it, in both texts: another text of it would be another series. */
function bound(le: number): string {
  return le === Infinity ? '+Inf' : Number.isInteger(le) ? `${le}.0` : String(le);
}

function escaped(text: string): string {
  return /[\\\n"]/.test(text) ? text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"') : text;
}
