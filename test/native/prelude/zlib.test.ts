import * as nodeZlib from 'node:zlib';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import * as zlib from '../../../native/prelude/node/zlib.ts';

const raw = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  fc
    .array(fc.constantFrom('a message, ', 'and another '), { maxLength: 200 })
    .map((parts) => Buffer.from(parts.join(''))),
);

test('what one packs the other unpacks, with the same checksum', () => {
  fc.assert(
    fc.property(raw, (bytes) => {
      expect(Buffer.from(zlib.gunzipSync(nodeZlib.gzipSync(bytes)))).toEqual(Buffer.from(bytes));
      expect(nodeZlib.inflateRawSync(zlib.deflateRawSync(bytes))).toEqual(Buffer.from(bytes));
      expect(zlib.crc32(bytes)).toBe(nodeZlib.crc32(bytes));
    }),
  );
});

test('no flipped bit passes, no more is made than is allowed, and what is cut short fails', () => {
  fc.assert(
    fc.property(raw, fc.nat(), fc.nat(7), (bytes, at, bit) => {
      const packed = nodeZlib.gzipSync(bytes);
      // Of the header's first ten bytes, time and system say nothing of what is packed.
      const place = 10 + (at % (packed.length - 10));
      const spoilt = Buffer.from(packed);
      spoilt[place] = (spoilt[place] ?? 0) ^ (1 << bit);
      let unpacked: Uint8Array | undefined;
      try {
        unpacked = zlib.gunzipSync(spoilt, { maxOutputLength: 10_000 });
      } catch (error) {
        expect((error as NodeJS.ErrnoException).code).toMatch(/^(?:Z_DATA_ERROR|ERR_BUFFER_TOO_LARGE)$/);
      }
      // A bit of the padding behind the last block may be anything.
      if (unpacked) expect(Buffer.from(unpacked)).toEqual(Buffer.from(bytes));
    }),
    { numRuns: 500 },
  );
  const packed = nodeZlib.gzipSync(Buffer.alloc(10_000));
  expect(() => zlib.gunzipSync(packed, { maxOutputLength: 9999 })).toThrow('larger than 9999');
  expect(() => zlib.gunzipSync(packed.subarray(0, 12))).toThrow('unexpected end of file');
});
