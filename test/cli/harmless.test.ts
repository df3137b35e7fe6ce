import { expect, test } from 'vitest';
import { harmless, harmlessJson } from '../../src/cli/harmless.ts';

test('escape sequences, control characters and bidi controls are written out', () => {
  expect(harmless('\u001B[31mred\u0007\u009B2J\u202Egpj.exe\u2066')).toBe(
    '\\x1b[31mred\\x07\\x9b2J\\u202egpj.exe\\u2066',
  );
});

test('a line stays one line, a block keeps its lines and tabs', () => {
  expect(harmless('a\nb\tc\r')).toBe('a\\nb\\tc\\r');
  expect(harmless('a\r\nb\tc\rd', 'block')).toBe('a\nb\tc\\rd');
});

test('invisible tag characters, which can smuggle a sentence, become visible', () => {
  expect(harmless('hi\u{E0041}')).toBe('hi\\u{e0041}');
});

test('half of a surrogate pair is written out, emoji and their joiners stay', () => {
  expect(harmless('\uD800 👩‍💻 ✔️')).toBe('\\ud800 👩‍💻 ✔️');
});

test('JSON has no steering character, and parses to the same text', () => {
  const text = '\u001B[2J \u009B \u007F \u202E \u{E0041} "quoted" ö 👍';
  const line = harmlessJson({ text });
  // oxlint-disable-next-line no-control-regex -- they are what must not be there
  expect(line).not.toMatch(/[\u0000-\u001F\u007F-\u009F\u202E]/);
  expect(line).not.toContain('\u{E0041}');
  expect(JSON.parse(line)).toEqual({ text });
});
