import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatCursor, parseCursor } from '../../../../src/storage/file/names/cursor.ts';

describe('a cursor', () => {
  const day = fc
    .date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true })
    .map((at) => at.toISOString().slice(0, 10));
  const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);

  test('is read back as it was written', () => {
    fc.assert(
      fc.property(fc.dictionary(name, fc.dictionary(day, fc.nat()), { noNullPrototype: true }), (plainly) => {
        const position = new Map(
          Object.entries(plainly).map(([of, days]) => [of, new Map(Object.entries(days))] as const),
        );
        expect(parseCursor(formatCursor(position))).toEqual(position);
      }),
    );
  });

  test('of any other text is refused as one', () => {
    const near = fc.json().map((json) => `c1.${Buffer.from(json).toString('base64url')}`);
    fc.assert(
      fc.property(fc.oneof(fc.string(), near), (text) => {
        try {
          expect(parseCursor(text)).toBeInstanceOf(Map);
          expect(text.startsWith('c1.')).toBe(true);
        } catch (error) {
          expect(error).toMatchObject({ code: 'CURSOR_INVALID', kind: 'invalid' });
        }
      }),
    );
  });

  test.for([
    [['../x']],
    [['bob', '2026-11-20', -1]],
    [['bob', '2026-11-20', 0.5]],
    [['bob', '../../x', 1]],
    [['bob', 1]],
    [{}],
    [1],
    {},
  ])('that says %j is refused', (said) => {
    const text = `c1.${Buffer.from(JSON.stringify(said)).toString('base64url')}`;
    expect(() => parseCursor(text)).toThrow(expect.objectContaining({ code: 'CURSOR_INVALID' }));
  });
});
