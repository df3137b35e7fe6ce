import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatCursor,
  formatKept,
  keptHead,
  keptRows,
  parseCursor,
  parseKept,
} from '../../../../src/storage/file/names/cursor.ts';

describe('a cursor', () => {
  const day = fc
    .date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true })
    .map((at) => at.toISOString().slice(0, 10));
  const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);

  const place = fc.record(
    { bytes: fc.nat(), check: fc.stringMatching(/^[0-9a-z]{1,7}$/) },
    { requiredKeys: ['bytes'] },
  );
  const position = fc
    .dictionary(name, fc.dictionary(day, place, { maxKeys: 3 }), { maxKeys: 4 })
    .map(
      (plainly) => new Map(Object.entries(plainly).map(([of, days]) => [of, new Map(Object.entries(days))] as const)),
    );
  const id = '01JD3Y6Q0V8M5T2B7K9XWZ4RCE';

  test('is read back as it was written, by itself or from its file, and has at most 200 bytes', () => {
    fc.assert(
      fc.property(position, (one) => {
        const text = formatCursor(one);
        if (text !== undefined) expect(parseCursor(text)).toEqual(one);
        expect(text?.length ?? 0).toBeLessThanOrEqual(200);
        expect(parseKept(id, keptHead(id) + keptRows(one))).toEqual(one);
      }),
    );
    expect(parseCursor(formatKept({ id, bytes: 7 }))).toEqual({ id, bytes: 7 });
  });

  test('whose file has another head, or a line that is none, is not to be had from it', () => {
    const rows = keptRows(new Map([['bob', new Map([['2026-11-20', { bytes: 1 }]])]]));
    expect(parseKept(id, rows)).toBeUndefined();
    expect(parseKept(id, keptHead(id.replace('01', '02')) + rows)).toBeUndefined();
    expect(parseKept(id, `${keptHead(id)}\0\0\n${rows}`)).toBeUndefined();
    expect(parseKept(id, `${keptHead(id)}${rows}${rows.slice(0, 9)}`)).toEqual(parseKept(id, keptHead(id) + rows));
  });

  test('of before there were checks is still one', () => {
    const text = `c1.${Buffer.from('[["bob","2026-11-20",17],["#","2026-11-19",0]]').toString('base64url')}`;
    expect(parseCursor(text)).toEqual(
      new Map([
        ['bob', new Map([['2026-11-20', { bytes: 17 }]])],
        ['#', new Map([['2026-11-19', { bytes: 0 }]])],
      ]),
    );
  });

  test('of any other text is refused as one', () => {
    const near = fc
      .tuple(fc.constantFrom('c1.', 'c2.'), fc.json())
      .map(([prefix, json]) => `${prefix}${Buffer.from(json).toString('base64url')}`);
    fc.assert(
      fc.property(fc.oneof(fc.string(), near), (text) => {
        try {
          expect(parseCursor(text)).toBeInstanceOf(Map);
          expect(text).toMatch(/^c[12]\./);
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
    [['bob', '2026-99-99', 1]],
    [['bob', '2026-02-31', 1]],
    [['bob', 1]],
    [['bob', '2026-11-20', 1, '../x']],
    [{}],
    [1],
    {},
  ])('that says %j is refused', (said) => {
    for (const prefix of ['c1.', 'c2.']) {
      const text = prefix + Buffer.from(JSON.stringify(said)).toString('base64url');
      expect(() => parseCursor(text)).toThrow(expect.objectContaining({ code: 'CURSOR_INVALID' }));
    }
  });

  test.for(['r12', 'r12.MQVV52'])('of a root in an engine, %s, is told from what is none', (text) => {
    expect(() => parseCursor(text)).toThrow(
      expect.objectContaining({ code: 'CURSOR_INVALID', message: expect.stringContaining('of a root in an engine') }),
    );
  });
});
