import { describe, expect, test } from 'vitest';
import {
  bucketOf,
  emptyHistogram,
  histogramIn,
  histogramJson,
  merge,
  quantile,
  record,
  upperBound,
} from '../../../src/model/metrics/histogram.ts';

/** The same numbers in each run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('a histogram', () => {
  test('has each value in the bucket whose ends are around it, on the boundaries too', () => {
    for (let index = -80; index < 300; index++) {
      const upper = upperBound(index);
      expect(bucketOf(upper)).toBe(index + 0);
      expect(bucketOf(upper * 1.0001)).toBe(index + 1);
    }
  });

  test('tells quantiles at most 4.4 % off the exact ones', () => {
    const random = randomNumbers(7);
    for (const count of [1, 2, 10, 1000, 20_000]) {
      const values = Array.from({ length: count }, () => 10 ** (random() * 7));
      const histogram = emptyHistogram();
      for (const value of values) record(histogram, value);
      values.sort((a, b) => a - b);
      for (const q of [0, 0.01, 0.5, 0.9, 0.95, 0.99, 1]) {
        const exact = values[Math.max(1, Math.ceil(q * count)) - 1] ?? NaN;
        expect(Math.abs((quantile(histogram, q) ?? NaN) / exact - 1)).toBeLessThan(0.0443);
      }
    }
  });

  test('is merged by adding: in any order it is what one of all would be', () => {
    const random = randomNumbers(9);
    const [all, one, other] = [emptyHistogram(), emptyHistogram(), emptyHistogram()];
    for (let i = 0; i < 1000; i++) {
      // Whole numbers, whose sums are exact in any order.
      const value = Math.floor(random() * 5000) - 10;
      record(all, value);
      record(i % 3 === 0 ? one : other, value);
    }
    merge(one, other);
    expect(one).toEqual(all);
  });

  test('has nothing to tell of none, and counts what took no time, or less', () => {
    const histogram = emptyHistogram();
    expect(quantile(histogram, 0.5)).toBeUndefined();
    record(histogram, 0);
    record(histogram, -5);
    expect(histogram).toEqual({ counts: [], first: 0, zero: 2, count: 2, sum: 0 });
    expect(quantile(histogram, 0.99)).toBe(0);
  });

  test('is read as it was kept, and nothing of what is no histogram', () => {
    const histogram = emptyHistogram();
    for (const value of [700, 0.01, 3, 3, 1e9, 0]) record(histogram, value);
    expect(histogramIn(JSON.parse(JSON.stringify(histogramJson(histogram))))).toEqual(histogram);
    for (const odd of [{}, null, 7, [], ['x', -1], [0, 0, 1e9, 1], [0, 0, 0.5, 1], [0, 0, 3]])
      expect(histogramIn(odd)).toEqual(emptyHistogram());
    expect(histogramIn([9, 1, 4, 2, 6, 'x'])).toEqual({ counts: [2, 0, 0], first: 4, zero: 1, count: 3, sum: 9 });
  });
});
