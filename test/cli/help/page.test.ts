import { expect, test } from 'vitest';
import { pageIn } from '../../../src/cli/help/page.ts';

test('paragraphs and points are filled, and code stays as it is', () => {
  const code = '```sh\ndreamos send reviewer hello\n```';
  expect(pageIn(`# Head\n\none two\nthree four\n\n- five six seven\n  eight\n- nine\n\n${code}\n`, 13)).toBe(
    `# Head\n\none two three\nfour\n\n- five six\n  seven eight\n- nine\n\n${code}\n`,
  );
});

test('a table that is too wide has its cells broken at spaces', () => {
  const table = '| key | what |\n| --- | ---- |\n| a   | one two three four |';
  expect(pageIn(table, 40)).toBe(table);
  expect(pageIn(table, 14)).toBe('key  what\na    one two\n     three\n     four');
});
