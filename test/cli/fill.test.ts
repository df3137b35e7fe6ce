import { expect, test } from 'vitest';
import { fill } from '../../src/cli/help/columns.ts';

test('a remark is filled to 80 columns: its paragraphs, and what stands behind a label', () => {
  const words = 'word '.repeat(20).trim();
  const filled = fill(`${words}\n${words}\n\n  exit 75   ${words}\n  exit 0    done\n\nThe end.`);
  expect(filled.split('\n').every((line) => line.length <= 80)).toBe(true);
  expect(filled).toMatch(/^word (word ){14}word\nword/);
  expect(filled).toMatch(/\n\n {2}exit 75 {3}word (word )+word\n {12}word/);
  expect(filled).toMatch(/word\n {2}exit 0 {4}done\n\nThe end\.$/);
  expect(fill('Exit 3: nothing came.')).toBe('Exit 3: nothing came.');
});
