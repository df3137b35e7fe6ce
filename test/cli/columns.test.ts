import { expect, test } from 'vitest';
import { columns, wrap } from '../../src/cli/help/columns.ts';

test('a text is broken at spaces and behind commas, and never wider than it may be', () => {
  expect(wrap('one two, three', 8)).toBe('one two,\nthree');
  expect(wrap('{"a","b","c"}', 9)).toBe('{"a","b",\n"c"}');
  expect(wrap('short', 9)).toBe('short');
});

test('a word that is wider than the page has a line of its own', () => {
  expect(wrap('a incomprehensible b', 5)).toBe('a\nincomprehensible\nb');
});

test('what is wider than the page although it has bars is broken at one', () => {
  expect(wrap('{"a":"one|two|three","b":"x|y"}', 14)).toBe('{"a":"one|two|\nthree",\n"b":"x|y"}');
});

test('texts stand in one column, also behind a label that is too long', () => {
  expect(
    columns(
      [
        ['ack', 'one'],
        ['schedule add', 'two'],
      ],
      5,
    ),
  ).toBe('  ack    one\n  schedule add\n         two');
});
