import { expect, test } from 'vitest';
import { broken, cutLine, fitted, widthOf } from '../../src/cli/fit.ts';

test('a remark is broken at spaces, and what is to be pasted stays whole', () => {
  expect(broken('one two three', 8)).toBe('one two\n  three');
  expect(broken('Error: none.\n  Next: Who it is: dreamos agent list; or: dreamos status', 24)).toBe(
    'Error: none.\n  Next: Who it is:\n    dreamos agent list;\n    or: dreamos status',
  );
  expect(broken('one `dreamos send bob "a b"` two', 12)).toBe('one\n  `dreamos send bob "a b"`\n  two');
  expect(broken('one dreamos process two', 12)).toBe('one dreamos\n  process\n  two');
  expect(broken('one two three', Infinity)).toBe('one two three');
});

test('colours take no room, and wide characters take two columns', () => {
  expect(widthOf('\u001B[31mab\u001B[39m')).toBe(2);
  expect(cutLine('日本語', 5)).toBe('日本…');
  expect(cutLine('日本語', 6)).toBe('日本語');
  expect(broken('\u001B[31mError:\u001B[39m one', 10)).toBe('\u001B[31mError:\u001B[39m one');
});

test('of a table that is too wide first what says nothing goes, then the widest column is cut, then the last goes', () => {
  const head = ['name', 'dead', 'subject'];
  expect(fitted(head, [['a', '0', 'x']], 80)).toEqual({ head, rows: [['a', '0', 'x']], widths: undefined });
  const long = 'x'.repeat(30);
  expect(fitted(head, [['a', '0', long]], 20)).toEqual({
    head: ['name', 'subject'],
    rows: [['a', long]],
    widths: [4, 14],
  });
  expect(fitted(head, [['a', '1', long]], 16)).toMatchObject({ head: ['name', 'dead'] });
});
