import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createIds } from '../../../../src/model/id.ts';
import type { EntryName } from '../../../../src/storage/file/names/entry-name.ts';
import { formatReceipt, parseReceipt } from '../../../../src/storage/file/names/receipt.ts';

const ids = createIds();
const base32 = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'.split('');
const token = fc.string({ unit: fc.constantFrom(...base32), minLength: 10, maxLength: 10 });
const time = fc.integer({ min: 0, max: 9_999_999_999_999 });

const anyName: fc.Arbitrary<EntryName> = fc.record(
  {
    tag: fc.constantFrom('t', 'u', 'd', 'k'),
    time,
    id: fc.integer({ min: 0, max: 2 ** 48 - 1 }).map((at) => ids.next(at)),
    rank: fc.integer({ min: 0, max: 3 }),
    attempt: fc.integer({ min: 0, max: 1000 }),
    token,
    settled: token,
    expiresAt: fc.integer({ min: 0, max: 253_402_300_799_999 }),
    range: fc.record({
      offset: fc.integer({ min: 0, max: 999_999_999_999 }),
      length: fc.integer({ min: 0, max: 75_000_000 }),
    }),
    handedIn: fc.string({ unit: fc.constantFrom(...'0123456789abcdef'.split('')), minLength: 32, maxLength: 32 }),
    withdrawn: fc.constant(true),
    order: fc.record({
      key: fc.string({ unit: fc.constantFrom(...'0123456789abcdef'.split('')), minLength: 16, maxLength: 16 }),
      life: fc.integer({ min: 0, max: 999_999 }),
    }),
    unknown: fc.constant(['z9', 'nNEW_tag-1']),
  },
  { requiredKeys: ['tag', 'time', 'id', 'rank', 'attempt'] },
);
// What was handed in is a file of its own.
const entryName = anyName.map(({ range, ...name }): EntryName => (name.handedIn || !range ? name : { ...name, range }));

describe('a receipt', () => {
  test('is read back as it was written', () => {
    fc.assert(
      fc.property(entryName, token, (fields, of) => {
        const name = { ...fields, tag: 'd' as const, token: of };
        expect(parseReceipt(formatReceipt('bob', name))).toEqual({ mailbox: 'bob', name });
      }),
    );
  });

  test('of any other text is refused as one', () => {
    const near = fc
      .tuple(fc.string(), fc.string())
      .map(([a, b]) => `${a}:d1795165200000.i01KAGZ0000000000000000000A.p2.a1${b}`);
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), near), (text) => {
        expect(() => parseReceipt(text)).toThrow(expect.objectContaining({ code: 'RECEIPT_INVALID' }));
      }),
    );
  });

  test.for(['../bob', 'a/b', '', '.bob', 'b'.repeat(65), 'bob\n'])('for the mailbox %j is refused', (mailbox) => {
    const good = formatReceipt('bob', { tag: 'd', time: 1, id: ids.next(0), rank: 2, attempt: 1, token: 'ABCDEFGHJK' });
    expect(parseReceipt(good).mailbox).toBe('bob');
    expect(() => parseReceipt(good.replace('bob', mailbox))).toThrow(
      expect.objectContaining({ code: 'RECEIPT_INVALID' }),
    );
  });
});
