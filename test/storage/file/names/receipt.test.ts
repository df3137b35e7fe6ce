import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatReceipt, parseReceipt } from '../../../../src/storage/file/names/receipt.ts';
import { entryName, ids, token } from './any-name.ts';

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
