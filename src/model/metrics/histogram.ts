/**
 * Durations, counted by their size: a bucket ends at a power of 2^(1/8), so a quantile is at most 4.4 % off, and two
 * histograms are merged by adding. The boundaries are those of Prometheus' native histograms of schema 3 and of
 * OpenTelemetry's exponential histograms of scale 3 (opentelemetry.io/docs/specs/otel/metrics/data-model).
 */

const perDoubling = 8;

/** The index of the bucket that a value lies in: of those with 2^((index - 1)/8) < value <= 2^(index/8). @param value above 0 */
export function bucketOf(value: number): number {
  // No negative zero.
  const index = Math.ceil(Math.log2(value) * perDoubling) + 0;
  // Math.log2 may miss by a hair what lies on a boundary.
  if (value > upperBound(index)) return index + 1;
  return value <= upperBound(index - 1) ? index - 1 : index;
}

/** The largest value of a bucket. */
export function upperBound(index: number): number {
  return 2 ** (index / perDoubling);
}

// From a nanosecond to thirty thousand years; what is beyond is counted with these, so that nobody makes the arrays long.
const [leastIndex, greatestIndex] = [bucketOf(1e-6), bucketOf(1e15)];

/** Milliseconds. */
export interface Histogram {
  /** How many there are in each bucket, from that with the index `first` on. */
  readonly counts: number[];
  first: number;
  /** Of these nothing has passed: 0, or less, by a clock that was set. */
  zero: number;
  count: number;
  sum: number;
}

export function emptyHistogram(): Histogram {
  return { counts: [], first: 0, zero: 0, count: 0, sum: 0 };
}

export function record(into: Histogram, value: number, times = 1): void {
  into.count += times;
  if (!(value > 0)) {
    into.zero += times;
    return;
  }
  into.sum += value * times;
  const index = Math.min(greatestIndex, Math.max(leastIndex, bucketOf(value)));
  reach(into, index, index);
  into.counts[index - into.first]! += times;
}

export function merge(into: Histogram, other: Histogram): void {
  into.zero += other.zero;
  into.count += other.count;
  into.sum += other.sum;
  const { counts, first } = other;
  if (counts.length === 0) return;
  reach(into, first, first + counts.length - 1);
  const mine = into.counts;
  const offset = first - into.first;
  for (let i = 0; i < counts.length; i++) mine[offset + i]! += counts[i]!;
}

/** Has a count for each bucket from one to another. */
function reach(histogram: Histogram, lowest: number, highest: number): void {
  const { counts } = histogram;
  if (counts.length === 0) histogram.first = lowest;
  for (; histogram.first > lowest; histogram.first--) counts.unshift(0);
  while (histogram.first + counts.length <= highest) counts.push(0);
}

/** As it is kept: the sum, how many were 0, and the index and the count of each bucket that has any. */
export function histogramJson({ counts, first, zero, sum }: Histogram): number[] {
  const json = [sum, zero];
  for (const [i, times] of counts.entries()) if (times > 0) json.push(first + i, times);
  return json;
}

/** What was kept; what somebody has written in its place counts for nothing. */
export function histogramIn(json: unknown): Histogram {
  const histogram = emptyHistogram();
  if (!Array.isArray(json)) return histogram;
  histogram.sum = countIn(json[0]);
  histogram.zero = countIn(json[1]);
  histogram.count = histogram.zero;
  for (let at = 2; at + 1 < json.length; at += 2) {
    const [index, times] = [json[at] as unknown, countIn(json[at + 1])];
    if (typeof index !== 'number' || !Number.isInteger(index) || index < leastIndex || index > greatestIndex) continue;
    reach(histogram, index, index);
    histogram.counts[index - histogram.first]! += times;
    histogram.count += times;
  }
  return histogram;
}

export function countIn(value: unknown): number {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value) ? value : 0;
}

/**
 * The value that the share `q` of all is not above; `undefined`: there is none. It is the middle, by logarithm, of the bucket
 * in which the value lies that has the rank `ceil(q * count)`, so at most 4.4 % off.
 */
export function quantile({ counts, first, zero, count }: Histogram, q: number): number | undefined {
  if (count === 0) return undefined;
  const rank = Math.max(1, Math.ceil(q * count));
  let seen = zero;
  if (rank <= seen) return 0;
  for (const [i, times] of counts.entries()) {
    seen += times;
    if (rank <= seen) return 2 ** ((first + i - 0.5) / perDoubling);
  }
  return undefined;
}
