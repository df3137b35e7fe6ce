import { assert, constantFrom, maxSafeInteger, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { compareNames, inEnglish, random } from '../../../native/prelude/language.ts';

const char = constantFrom(...Array.from('abcxyzABCXYZ0189_-,;:!?.(){}@*/&#%+<=>|~$'));
const name = string({ unit: char, maxLength: 5 });

test('names are compared as Node compares them in English', () => {
  assert(
    property(name, name, (one, other) => {
      expect(compareNames(one, other)).toBe(one.localeCompare(other, 'en'));
    }),
    { numRuns: 3000 },
  );
});

test('whole numbers are written as Node writes them in English', () => {
  assert(
    property(maxSafeInteger(), (number) => {
      expect(inEnglish(number)).toBe(number.toLocaleString('en'));
    }),
  );
});

test('what else there is of languages is left to Node', () => {
  expect(() => compareNames('ä', 'b')).toThrow('to Node: String.localeCompare');
  expect(() => inEnglish(1.5)).toThrow('to Node: Number.toLocaleString');
});

test('random numbers fill [0, 1)', () => {
  const some = Array.from({ length: 2000 }, random);
  expect(new Set(some).size).toBe(2000);
  expect(some.every((number) => number >= 0 && number < 1)).toBe(true);
  // Each tenth gets a tenth of them, give or take eight standard deviations.
  const tenths = some.map((number) => Math.floor(number * 10));
  for (let tenth = 0; tenth < 10; tenth++)
    expect(Math.abs(tenths.filter((one) => one === tenth).length - 200)).toBeLessThan(108);
});
