import { createHash } from 'node:crypto';
import { beforeEach, expect, test, vi } from 'vitest';

let sha256: (data: string | Uint8Array) => string;

// Each with a budget of its own for what is hashed by hand.
beforeEach(async () => {
  vi.resetModules();
  ({ sha256 } = await import('../../src/model/basics/sha256.ts'));
});

const expected = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

test.each([0, 1, 3, 54, 55, 56, 57, 63, 64, 65, 118, 119, 120, 127, 128, 1000, 16_000])(
  'the hash by hand of %i bytes is the one of node:crypto',
  (length) => {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 7919 + length) % 256);
    expect(sha256(bytes)).toBe(expected(bytes));
    expect(sha256('ü€😀')).toBe(expected('ü€😀'));
  },
);

test('nothing changes when there is more to hash than is worth doing by hand', () => {
  const text = 'é'.repeat(3000);
  for (let i = 0; i < 5; i++) expect(sha256(text + i)).toBe(expected(text + i));
  expect(sha256(new Uint8Array(100_000))).toBe(expected(new Uint8Array(100_000)));
});
