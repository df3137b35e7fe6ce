import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { evidenceModule, upToDate } from './sections.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

test('the generated sections of the README are up to date (else: npm run readme)', () => {
  expect(readme).toBe(upToDate(readme));
});

test('the evidence in `help guarantees` is up to date (else: npm run readme)', () => {
  expect(readFileSync(new URL('../../src/cli/help/evidence.ts', import.meta.url), 'utf8')).toBe(evidenceModule());
});

test('every command that the README shows is one that dreamos has', () => {
  const verbs = new Set([...readme.matchAll(/^\| `([a-z]+)/gm)].map(([, verb]) => verb));
  const shown = [...readme.matchAll(/(?:^|[(`|] ?|\$ )dreamos ([a-z]+)/gm)].map(([, verb]) => verb);
  expect(shown.length).toBeGreaterThan(10);
  expect(shown.filter((verb) => !verbs.has(verb))).toEqual([]);
});
