import { expect, test } from 'vitest';
import { bytesIn } from '../../../src/model/basics/bytes.ts';

test.each([
  ['0', 0],
  ['1048576', 1_048_576],
  ['12B', 12],
  ['10MB', 10_000_000],
  ['10mb', 10_000_000],
  ['10 MB', 10_000_000],
  ['10MiB', 10_485_760],
  ['1.5kB', 1500],
  ['0.001kB', 1],
  ['2GiB', 2_147_483_648],
  ['1TB', 1e12],
])('%s is %i bytes', (text, bytes) => {
  expect(bytesIn(text)).toBe(bytes);
});

test.each(['', 'MB', '10M', '10XB', '1.5', '1.5B', '10iB', '-1MB', '999999999999999TB'])(
  '"%s" is no number of bytes',
  (text) => {
    expect(bytesIn(text)).toBeUndefined();
  },
);
