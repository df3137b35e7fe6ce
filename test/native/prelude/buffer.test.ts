import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { HostBuffer } from '../../../native/prelude/buffer.ts';

const bytes = fc.uint8Array({ maxLength: 40 });
const few = fc.uint8Array({ maxLength: 24, max: 2 });
const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 30 }), fc.string({ unit: 'grapheme', maxLength: 30 }));
const encoding = fc.constantFrom(
  'utf8',
  'utf-8',
  'latin1',
  'binary',
  'hex',
  'base64',
  'base64url',
) as fc.Arbitrary<BufferEncoding>;
const host = (all: Uint8Array): HostBuffer => HostBuffer.from(all);
const node = (all: Uint8Array): Buffer => Buffer.from(all);

test('texts become the bytes that Node makes of them, also with halves of characters', () => {
  const odd = fc.oneof(text, fc.string({ unit: fc.constantFrom('\ud83d', '\ude00', 'a', 'é') }));
  fc.assert(
    fc.property(odd, fc.constantFrom('utf8' as const, 'latin1' as const), (written, by) => {
      expect([...HostBuffer.from(written, by)]).toEqual([...Buffer.from(written, by)]);
    }),
    { numRuns: 1000 },
  );
  // Beyond ASCII nobody writes it.
  fc.assert(
    fc.property(
      fc.string({ maxLength: 12 }),
      fc.constantFrom('base64' as const, 'base64url' as const, 'hex' as const),
      (written, by) => {
        expect([...HostBuffer.from(written, by)]).toEqual([...Buffer.from(written, by)]);
      },
    ),
    { numRuns: 1000 },
  );
});

test('bytes become the texts that Node makes of them, as a whole and in parts', () => {
  fc.assert(
    fc.property(
      bytes,
      encoding,
      fc.integer({ min: -5, max: 50 }),
      fc.integer({ min: -5, max: 50 }),
      (all, by, start, end) => {
        expect(host(all).toString(by)).toBe(node(all).toString(by));
        expect(host(all).toString(by, start, end)).toBe(node(all).toString(by, start, end));
      },
    ),
    { numRuns: 1000 },
  );
});

test('what is looked for is found where Node finds it, from both ends', () => {
  const wanted = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 3, max: 2 }),
    fc.integer({ min: -3, max: 260 }),
    fc.constantFrom('\0', '\0\u0001'),
  );
  fc.assert(
    fc.property(few, wanted, fc.option(fc.integer({ min: -30, max: 30 }), { nil: undefined }), (all, value, from) => {
      expect(host(all).indexOf(value, from)).toBe(node(all).indexOf(value, from));
      expect(host(all).lastIndexOf(value, from)).toBe(node(all).lastIndexOf(value, from));
      expect(host(all).includes(value, from)).toBe(node(all).includes(value as string, from));
    }),
    { numRuns: 3000 },
  );
});

test('writing leaves out what does not fit, and says how much was written', () => {
  fc.assert(
    fc.property(
      text,
      fc.integer({ min: 0, max: 20 }),
      fc.constantFrom('utf8' as const, 'latin1' as const),
      (written, start, by) => {
        const [one, other] = [HostBuffer.alloc(20), Buffer.alloc(20)];
        expect(one.write(written, start, by)).toBe(other.write(written, start, by));
        expect([...one]).toEqual([...other]);
      },
    ),
  );
});

test('parts share their bytes, copies do not', () => {
  const whole = HostBuffer.from([1, 2, 3, 4]);
  whole.slice(1, 3)[0] = 9;
  whole.subarray(2)[0] = 8;
  HostBuffer.from(whole)[3] = 7;
  expect([...whole]).toEqual([1, 9, 8, 4]);
  expect(whole.slice(1)).toBeInstanceOf(HostBuffer);
});

test('joined, compared and read as numbers they are as in Node', () => {
  fc.assert(
    fc.property(fc.array(bytes), fc.option(fc.nat(60), { nil: undefined }), (parts, length) => {
      expect([...HostBuffer.concat(parts, length)]).toEqual([...Buffer.concat(parts, length)]);
    }),
  );
  fc.assert(
    fc.property(few, few, (one, other) => {
      expect(host(one).equals(other)).toBe(node(one).equals(other));
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), fc.nat(4), fc.nat(0xffffffff), (all, at, value) => {
      expect(host(all).readUInt32LE(at)).toBe(node(all).readUInt32LE(at));
      expect(host(all).readUInt32BE(at)).toBe(node(all).readUInt32BE(at));
      const [one, other] = [host(all), node(all)];
      expect(one.writeUInt32LE(value, at)).toBe(other.writeUInt32LE(value, at));
      expect([...one]).toEqual([...other]);
    }),
  );
});

test('what Node does otherwise than an array is done as Node does, or refused', () => {
  const own = (prototype: object): string[] => Object.getOwnPropertyNames(prototype);
  const inherited = own(Object.getPrototypeOf(Uint8Array.prototype) as object).filter((name) => name !== 'constructor');
  const otherwise = own(Buffer.prototype).filter((name) => inherited.includes(name) && name !== 'subarray');
  expect(own(HostBuffer.prototype)).toEqual(expect.arrayContaining(otherwise));
  expect(() => HostBuffer.alloc(3).fill(1)).toThrow('Buffer.fill is not in the native program');
});
