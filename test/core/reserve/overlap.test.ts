import { expect, test } from 'vitest';
import { below, overlap, patternOf } from '../../../src/core/reserve/overlap.ts';

const meets = (one: string, other: string): boolean => {
  const found = overlap(patternOf(one), patternOf(other));
  // Whoever came first.
  expect(overlap(patternOf(other), patternOf(one))).toBe(found);
  return found;
};

test.for([
  ['src/a.ts', 'src/a.ts'],
  ['src', 'src/a.ts'],
  ['src/a/b', 'src/'],
  ['.', 'anything/at/all'],
  ['src/*.ts', 'src/a.ts'],
  ['src/**', 'src/a/b/c.ts'],
  ['src/**', 'src'],
  ['**/*.ts', 'a.ts'],
  ['**/*.ts', 'src/**/index.*'],
  ['src/**/a.ts', 'src/a.ts'],
  ['src/?.ts', 'src/[a-c].ts'],
  ['src/a*b', 'src/*ab'],
  ['src/[!a].ts', 'src/b.ts'],
  ['src/[]x].ts', 'src/].ts'],
  ['src/[[:alpha:]].ts', 'src/a.ts'],
  // A folder that a pattern matches is meant with all below it.
  ['src/*', 'src/a/b.ts'],
  ['src/a.ts', 'src/a.ts/b'],
  ['app/[...slug]', 'app/\\[...slug]/page.tsx'],
  ['**', 'a.b/c'],
  ['README.md', 'readme.MD'],
  ['caf\u00E9.md', 'cafe\u0301.md'],
  ['src/[A-C].ts', 'src/b.ts'],
  ['ΟΔΟΣ', 'οδοσ'],
  ['İ*', 'İx'],
  ['[ẞ]', 'ẞ'],
  ['src/\\*.ts', 'src/*.ts'],
  // Names that frameworks give to files.
  ['app/[id]/page.tsx', 'app/[id]/page.tsx'],
  ['app/[id]/page.tsx', 'app/\\[id]/page.tsx'],
  ['app/[id]/page.tsx', 'app/i/page.tsx'],
  ['app/[[...slug]]/page.tsx', 'app/\\[\\[...slug]]/page.tsx'],
  // Unclosed, it is a character.
  ['a[b', 'a[b'],
  ['/home/x/a.ts', '/home/*/a.ts'],
])('%s and %s may mean one file', ([one = '', other = '']) => {
  expect(meets(one, other)).toBe(true);
});

test.for([
  ['src/a.ts', 'src/b.ts'],
  ['src/a.ts', 'src/a.tsx'],
  ['src', 'source'],
  ['src/*.ts', 'src/*.js'],
  ['**/*.ts', '**/*.md'],
  ['src/*.ts', 'src/a.ts/b.ts'],
  ['src/**/x/a.ts', 'lib/**'],
  ['src/[ab].ts', 'src/c.ts'],
  ['src/[!0-9].ts', 'src/5.ts'],
  ['src/\\*.ts', 'src/a.ts'],
  ['app/\\[id]/page.tsx', 'app/i/page.tsx'],
  ['*.md', 'docs'],
  ['/home/x/a.ts', '/home/y/a.ts'],
])('%s and %s never mean one file', ([one = '', other = '']) => {
  expect(meets(one, other)).toBe(false);
});

test('a pattern in a folder is about that folder, whatever its name looks like', () => {
  const inFolder = below('/home/[x]/p', patternOf('src/*.ts'));
  expect(overlap(inFolder, patternOf('/home/\\[x]/p/src/a.ts'))).toBe(true);
  expect(overlap(inFolder, patternOf('/home/**/a.ts'))).toBe(true);
  expect(overlap(inFolder, patternOf('/home/x/p/src/a.ts'))).toBe(false);
  expect(overlap(inFolder, patternOf('/'))).toBe(true);
});

/** All words of these letters, up to so many. */
function words(letters: readonly string[], most: number, between = ''): string[] {
  let last = [''];
  const all: string[] = [];
  for (let i = 0; i < most; i++) {
    last = last.flatMap((word) => letters.map((letter) => (word === '' ? letter : `${word}${between}${letter}`)));
    all.push(...last);
  }
  return all;
}

/** What a pattern means by other means: a regular expression, asked of each path there is. */
function matcher(pattern: string): (path: string) => boolean {
  const name = (text: string): string =>
    text.replace(/\[[^\]]*\]|[^[]/g, (piece) => ({ '*': '[^/]*', '?': '[^/]', '.': '\\.' })[piece] ?? piece);
  const parts = pattern.split('/').map((part) => (part === '**' ? '(?:[^/]+/)*' : `${name(part)}/`));
  const more = /[*?][^/]*\.|\.[^/]*[*?]/.test(pattern.split('/').at(-1) ?? '') ? '' : '(?:[^/]+/)*';
  const isIt = new RegExp(`^${parts.join('')}${more}$`);
  return (path) => isIt.test(`${path}/`);
}

/** A bit for each that a pattern means: whether two have one in common is asked a hundred thousand times. */
function meaningsOf(patterns: readonly string[], everything: readonly string[]): bigint[] {
  return patterns.map((pattern) => {
    const isIt = matcher(pattern);
    return BigInt(`0b0${everything.map((path) => (isIt(path) ? '1' : '0')).join('')}`);
  });
}

/** Every two of them, by what is there. */
function expectExact(patterns: readonly string[], everything: readonly string[]): void {
  const meanings = meaningsOf(patterns, everything);
  const compiled = patterns.map((pattern) => patternOf(pattern));
  for (const [i, one] of compiled.entries()) {
    for (const [j, other] of compiled.entries()) {
      const both = ((meanings[i] ?? 0n) & (meanings[j] ?? 0n)) !== 0n;
      if (overlap(one, other) !== both)
        expect.fail(`${patterns[i]} and ${patterns[j]}: ${both ? 'some' : 'none'} fits both`);
    }
  }
}

test('two patterns of names conflict exactly when some name fits both', () => {
  expectExact(words(['a', 'b', '*', '?'], 4), words(['a', 'b'], 8));
});

test('two patterns of paths conflict exactly when some path fits both', () => {
  expectExact(words(['a', 'b', '*', '**', 'a?', '*.b'], 3, '/'), words(['a', 'b', 'ab', 'a.b'], 5, '/'));
});

test('a file is meant by exactly the patterns that it fits', () => {
  const patterns = words(['a', 'b', '*', '**', 'a?', '*.b', 'a.b'], 3, '/');
  const compiled = patterns.map((pattern) => patternOf(pattern));
  const files = words(['a', 'b', 'ab', 'a.b'], 3, '/').map((path) => ({ path, pattern: patternOf(path, true) }));
  for (const [i, pattern] of patterns.entries()) {
    const isIt = matcher(pattern);
    const met = files.filter((file) => overlap(compiled[i] ?? [], file.pattern));
    expect(met, pattern).toEqual(files.filter(({ path }) => isIt(path)));
  }
});

test('classes are never taken for apart when some name fits both', () => {
  const names = words(['a', 'b', 'c'], 3);
  const patterns = words(['a', '*', '[ab]', '[^a]', '[b-c]'], 3);
  const meanings = meaningsOf(patterns, names);
  const compiled = patterns.map((pattern) => patternOf(pattern));
  let apart = 0;
  for (const [i, one] of compiled.entries()) {
    for (const [j, other] of compiled.entries()) {
      const found = overlap(one, other);
      if (!found) apart++;
      if (!found && ((meanings[i] ?? 0n) & (meanings[j] ?? 0n)) !== 0n)
        expect.fail(`${patterns[i]} and ${patterns[j]}`);
    }
  }
  // It is no answer to say so of all.
  expect(apart).toBeGreaterThan(patterns.length);
});

test('a pattern with many stars is no work for ever', () => {
  const stars = `${'*a'.repeat(100)}b`;
  expect(meets(stars, `${'a'.repeat(200)}c`)).toBe(false);
  expect(meets(`${'**/a/'.repeat(50)}b`, `${'a/**/'.repeat(50)}c`)).toBe(true);
  expect(meets(`a[${'\\'.repeat(201)}`, 'b')).toBe(false);
});
