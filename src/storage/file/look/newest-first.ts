/** Names that begin with their time, newest first. Of a million the first page is there without the others being sorted. */

// So many are sorted at once; of more, those that come first are picked out.
const atOnce = 4096;

/** @param before only those that are smaller */
export function* newestFirst(names: readonly string[], before?: string): Generator<string, void, void> {
  let left = before === undefined ? names : names.filter((name) => name < before);
  while (left.length > atOnce) {
    const picked = newest(left, atOnce);
    yield* picked;
    const last = picked.at(-1) ?? '';
    left = left.filter((name) => name < last);
  }
  yield* [...left].sort().reverse();
}

/** The newest so many, in their order. */
function newest(names: readonly string[], count: number): string[] {
  let picked: string[] = [];
  let least = '';
  for (const name of names) {
    if (name <= least) continue;
    picked.push(name);
    if (picked.length < 2 * count) continue;
    picked = picked.sort().reverse().slice(0, count);
    least = picked.at(-1) ?? '';
  }
  return picked.sort().reverse().slice(0, count);
}
