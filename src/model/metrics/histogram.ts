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

/** As plain JSON, so that it is kept and merged as it is. Milliseconds. */
export interface Histogram {
  /** How many there are in each bucket, by its index. */
  readonly buckets: { [index: string]: number };
  /** Of these nothing has passed: 0, or less, by a clock that was set. */
  zero: number;
  count: number;
  sum: number;
}

export function emptyHistogram(): Histogram {
  return { buckets: {}, zero: 0, count: 0, sum: 0 };
}

export function record(into: Histogram, value: number, times = 1): void {
  into.count += times;
  if (!(value > 0)) {
    into.zero += times;
    return;
  }
  into.sum += value * times;
  const index = bucketOf(value);
  into.buckets[index] = (into.buckets[index] ?? 0) + times;
}

export function merge(into: Histogram, other: Histogram): void {
  into.zero += other.zero;
  into.count += other.count;
  into.sum += other.sum;
  for (const index in other.buckets) into.buckets[index] = (into.buckets[index] ?? 0) + (other.buckets[index] ?? 0);
}

/**
 * The value that the share `q` of all is not above; `undefined`: there is none. It is the middle, by logarithm, of the bucket
 * in which the value lies that has the rank `ceil(q * count)`, so at most 4.4 % off.
 */
export function quantile({ buckets, zero, count }: Histogram, q: number): number | undefined {
  if (count === 0) return undefined;
  const rank = Math.max(1, Math.ceil(q * count));
  let seen = zero;
  if (rank <= seen) return 0;
  const indexes = Object.keys(buckets)
    .map(Number)
    .sort((a, b) => a - b);
  for (const index of indexes) {
    seen += buckets[index] ?? 0;
    if (rank <= seen) return 2 ** ((index - 0.5) / perDoubling);
  }
  return undefined;
}
