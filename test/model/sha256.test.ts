import { expect, test } from 'vitest';
import { sha256 } from '../../src/model/basics/sha256.ts';

// FIPS 180-2, appendix B.
test.each([
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
])('the sha256 of %s is the one of the standard, as text and as bytes', (text, digest) => {
  expect(sha256(text)).toBe(digest);
  expect(sha256(Buffer.from(text))).toBe(digest);
});

test('a text is hashed as UTF-8', () => {
  expect(sha256('ü€😀')).toBe(sha256(Buffer.from('ü€😀', 'utf8')));
});
