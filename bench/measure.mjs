// Interleaved runs (A B C A B C …), so that a disk that slows down for a minute slows all of them, and medians.

/** @param {readonly number[]} values */
export function median(values) {
  return quantile(values, 0.5);
}

/** @param {readonly number[]} values @param {number} q between 0 and 1 */
export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (high - low) * (at - Math.floor(at));
}

/** @param {readonly number[]} values */
export function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The median of what each pair says: what disturbs one round disturbs both halves of its ratio. */
export function medianRatio(numerators, denominators) {
  return median(numerators.map((value, i) => value / denominators[i]));
}

export async function secondsOf(work) {
  const start = performance.now();
  const result = await work();
  return { seconds: (performance.now() - start) / 1000, result };
}

/**
 * Runs every lane once a round; where there are several rounds, one before them warms up and does not count.
 * @param {readonly { name: string, run(round: number): Promise<number> }[]} lanes
 * @returns {Promise<Map<string, number[]>>} by lane, a figure for each round
 */
export async function interleave(lanes, { rounds, onRound = () => {} }) {
  const figures = new Map(lanes.map(({ name }) => [name, []]));
  for (let round = rounds > 1 ? 0 : 1; round <= rounds; round++) {
    onRound(round, rounds);
    for (const lane of lanes) {
      const figure = await lane.run(round);
      if (round > 0) figures.get(lane.name).push(figure);
    }
  }
  return figures;
}
