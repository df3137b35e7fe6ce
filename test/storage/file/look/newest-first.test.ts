import { expect, test } from 'vitest';
import { newestFirst } from '../../../../src/storage/file/look/newest-first.ts';

const names = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `k${String((i * 7919) % 1_000_003).padStart(13, '0')}.i${i}`);

test.each([0, 1, 4096, 4097, 20_000])('of %i names the newest come first, each once', (count) => {
  const all = names(count);
  expect([...newestFirst(all)]).toEqual([...all].sort().reverse());
});

test('what is as new as the place where it goes on, or newer, is left out', () => {
  const all = names(10_000);
  const inOrder = [...all].sort().reverse();
  expect([...newestFirst(all, inOrder[5000])]).toEqual(inOrder.slice(5001));
});

test('the first page costs no sorting of the others', () => {
  const all = names(100_000);
  let compared = 0;
  class Counted {
    readonly text: string;
    constructor(text: string) {
      this.text = text;
    }
    toString(): string {
      compared++;
      return this.text;
    }
  }
  // Sorting turns what is no text into one, each time that it looks.
  const counted = all.map((text) => new Counted(text)) as unknown as string[];
  const first: string[] = [];
  for (const name of newestFirst(counted)) if (first.push((name as unknown as Counted).text) === 100) break;
  expect(first).toEqual([...all].sort().reverse().slice(0, 100));
  // Sorting all takes more than 30 looks at each.
  expect(compared).toBeLessThan(10 * all.length);
});
