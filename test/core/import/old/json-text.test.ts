import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJson } from '../../../../src/core/import/old/json-text.ts';
import { placeAt, placeText } from '../../../../src/model/basics/json-place.ts';

describe('readJson', () => {
  it('reads what JSON.parse reads, and finds each element of a list', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue({ maxDepth: 3 })), fc.constantFrom(undefined, 2), (list, indent) => {
        const text = JSON.stringify(list, null, indent);
        const json = readJson(text);
        if (!json.ok) throw new Error(json.problem);
        expect(json.value).toEqual(JSON.parse(text));
        const parts = (json.elements.get('') ?? []).map(
          ([start, end]) => JSON.parse(text.slice(start, end)) as unknown,
        );
        expect(parts).toEqual(JSON.parse(text));
      }),
    );
  });

  it('refuses what JSON.parse refuses', () => {
    const base = '{"a":[1,-2.5e3,"x\\u00e9\\n",true,null,{}],"b":""}';
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '0',
      '1',
      '-',
      '.',
      'e',
      'tru',
      '\n',
      ' ',
      '/',
      '\u00e9',
    );
    fc.assert(
      fc.property(fc.nat(base.length), fc.nat(4), pieces, (at, length, piece) => {
        const text = base.slice(0, at) + piece + base.slice(at + length);
        let parses = true;
        try {
          JSON.parse(text);
        } catch {
          parses = false;
        }
        expect([text, readJson(text).ok]).toEqual([text, parses]);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['', 'nothing but white space', 'line 1, column 1'],
    ['{"a":1,}', 'expected a property name in double quotes', 'line 1, column 8'],
    ['[1 2]', 'expected a comma or ]', 'line 1, column 4'],
    ['{"a" 1}', 'expected a colon after the property name', 'line 1, column 6'],
    ['{\n  "a": 1 // one\n}', 'a comment, which JSON does not have', 'line 2, column 10'],
    ['{"a": nope}', 'expected a value', 'line 1, column 7'],
    ['["\\x"]', 'an escape that JSON does not have', 'line 1, column 3'],
    ['["a\nb"]', 'a line end or control character inside a string', 'line 1, column 4'],
    ['["a', 'the text ends inside a string', 'line 1, column 4'],
    ['{"a":', 'the text ends too early: expected a value', 'line 1, column 6'],
    ['{} {}', 'something follows the end of the JSON value', 'line 1, column 4'],
  ])('says of %j what is wrong and where', (text, problem, place) => {
    const json = readJson(text);
    expect(json.ok ? '' : [json.problem, placeText(placeAt(text, json.at))]).toEqual([problem, place]);
  });

  it.each([
    ['{"a":1,"a":2}', true],
    ['{"a":1,"\\u0061":2}', true],
    ['[12345678901234567890]', true],
    ['[1e999]', true],
    ['[0.1, 1.50, 100, -7, true]', false],
    ['{"a":{"b":1},"c":{"b":1}}', false],
  ])('knows whether the value of %s says all', (text, lossy) => {
    expect(readJson(text)).toMatchObject({ ok: true, lossy });
  });
});
