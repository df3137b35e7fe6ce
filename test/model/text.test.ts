import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { cut, loneSurrogateIn, wellFormed } from '../../src/model/basics/text.ts';

const pair = '\ud83d\ude00';

test('a text is cut to so many units, and never within a character', () => {
  expect(cut('abc', 3)).toBe('abc');
  expect(cut('abcd', 3)).toBe('ab…');
  expect(cut(`a${pair}${pair}`, 4)).toBe(`a${pair}…`);
  expect(cut(`ab${pair}${pair}`, 4)).toBe('ab…');
  fc.assert(
    fc.property(fc.string({ unit: 'binary', size: 'medium' }), fc.integer({ min: 1, max: 30 }), (text, most) => {
      const shown = cut(text, most);
      expect(shown.length).toBeLessThanOrEqual(most);
      expect(loneSurrogateIn(shown)).toBeUndefined();
    }),
  );
});

test('half a character is found, and written as everybody writes it', () => {
  expect(loneSurrogateIn(`a${pair}`)).toBeUndefined();
  expect(loneSurrogateIn('a\ud83d!')).toBe('\ud83d');
  expect(loneSurrogateIn('\ude00\ud83d')).toBe('\ude00');
  expect(wellFormed(`\ude00${pair}\ud83d`)).toBe(`\ufffd${pair}\ufffd`);
});
