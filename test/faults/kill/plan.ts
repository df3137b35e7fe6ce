/** Runs `work` for all, two at a time. */
export async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all([worker(), worker()]);
}

/** `count` of the items, by seed, in their order. */
export function choose<T>(items: readonly T[], count: number, seed: number): T[] {
  const random = randomFrom(seed);
  const ranked = items.map((item, index) => ({ item, index, rank: random() }));
  const taken = ranked.sort((a, b) => a.rank - b.rank).slice(0, count);
  return taken.sort((a, b) => a.index - b.index).map(({ item }) => item);
}

/** A small generator of numbers in [0, 1): the same seed, the same numbers (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
