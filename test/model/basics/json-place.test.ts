import { expect, test } from 'vitest';
import { placeInJson } from '../../../src/model/basics/json-place.ts';

const text = `{
  "lease": "5m",
  "list": [1, {"deep": [true, null]}, "a\\"\\u00e9]"],
  "empty": {}, "none": [],
  "lease": -1.5e3
}
`;

test.for([
  [[], 1, 1],
  [['list'], 3, 3],
  [['list', 0], 3, 12],
  [['list', 1], 3, 15],
  [['list', 1, 'deep'], 3, 16],
  [['list', 1, 'deep', 1], 3, 31],
  [['list', 2], 3, 39],
  [['none'], 4, 16],
] as const)('the field %j begins at line %d, column %d', ([path, line, column]) => {
  expect(placeInJson(text, path)).toEqual({ line, column });
});

test('of a field that is there twice the last one counts, as JSON.parse has it; of one that is missing what is around it', () => {
  expect(placeInJson(text, ['lease'])).toEqual({ line: 5, column: 3 });
  expect(placeInJson(text, ['list', 1, 'missing'])).toEqual({ line: 3, column: 15 });
  expect(placeInJson(text, ['list', 9])).toEqual({ line: 3, column: 3 });
  expect(placeInJson(text, ['missing'])).toEqual({ line: 1, column: 1 });
});

test.for([
  ['', 1, 1, 'a value'],
  ['{\n  "a": 1,\n}', 3, 1, 'a field'],
  ['{\n  "a": 1\n  "b": 2\n}', 3, 3, '"," or "}"'],
  ['{"a": soon}', 1, 7, 'a value'],
  ['{"a": 01}', 1, 8, '"," or "}"'],
  ["{'a': 1}", 1, 2, 'a field'],
  ['{"a" 1}', 1, 6, '":"'],
  ['{"a": [1 2]}', 1, 10, '"," or "]"'],
  ['{"a": [1,]}', 1, 10, 'a value'],
  ['{"a": 1', 1, 8, '"," or "}"'],
  ['{"a": "x', 1, 7, 'not closed'],
  ['{"a": "x\n"}', 1, 9, 'not closed'],
  ['{"a": "\\x"}', 1, 8, 'escape'],
  ['{"a": 1}}', 1, 9, 'nothing more'],
  ['// note\n{}', 1, 1, 'a value'],
  ['\u{feff}{}', 1, 1, 'a value'],
  ['{"a": 1]', 1, 8, '"," or "}"'],
] as const)('%j is no JSON at line %d, column %d', ([broken, line, column, fault]) => {
  expect(() => JSON.parse(broken) as unknown).toThrow(SyntaxError);
  expect(placeInJson(broken)).toEqual({ line, column, fault: expect.stringContaining(fault) as string });
});

test('it finds a fault exactly where JSON.parse refuses, however a text is cut or spoilt', () => {
  const isJson = (some: string): boolean => {
    try {
      JSON.parse(some);
      return true;
    } catch {
      return false;
    }
  };
  const spoilers = ['', '"', '\\', '{', '}', '[', ']', ',', ':', '0', '-', 'e', '.', 't', '\n', '\u0001', ' '];
  for (let at = 0; at <= text.length; at++) {
    for (const spoiler of spoilers) {
      for (const spoilt of [
        text.slice(0, at) + spoiler,
        text.slice(0, at) + spoiler + text.slice(at),
        text.slice(0, at) + spoiler + text.slice(at + 1),
      ])
        expect(placeInJson(spoilt).fault === undefined, JSON.stringify(spoilt)).toBe(isJson(spoilt));
    }
  }
});

test('neither depth nor length is too much', () => {
  const deep = 200_000;
  expect(placeInJson('['.repeat(deep))).toMatchObject({ column: deep + 1 });
  expect(placeInJson(`${'['.repeat(deep)}${']'.repeat(deep)}`)).toEqual({ line: 1, column: 1 });
  expect(placeInJson(`["${'x'.repeat(5_000_000)}", 1`)).toMatchObject({ column: 5_000_007 });
});

test('more levels than are asked for are a fault where they begin', () => {
  const fault = expect.stringContaining('too deeply (more than 3 levels)') as string;
  expect(placeInJson('{"a": [\n [[]]]}', ['a'], 3)).toEqual({ line: 2, column: 3, fault });
  expect(placeInJson('{"a": [\n []]}', ['a'], 3)).toEqual({ line: 1, column: 2 });
});
