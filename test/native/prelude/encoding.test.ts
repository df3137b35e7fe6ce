import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { HostTextDecoder } from '../../../native/prelude/encoding.ts';

/** What decoding gives, or that it fails. */
function decoded(
  decoder: { decode(bytes: Uint8Array, options: { stream: boolean }): string },
  bytes: Uint8Array,
): string {
  try {
    return decoder.decode(bytes, { stream: true });
  } catch {
    return 'no UTF-8';
  }
}

test('with stream a character that is cut at the end is no error, and what cannot begin one is', () => {
  const points = [0x41, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff];
  const edges = [0x80, 0xbf, 0xc1, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff, 0x9f, 0xa0, 0x8f, 0x90];
  for (let round = 0; round < 20_000; round++) {
    const whole = Buffer.from(
      Array.from({ length: 1 + randomInt(6) }, () => String.fromCodePoint(points[randomInt(points.length)] ?? 0)).join(
        '',
      ),
    );
    const bytes = whole.subarray(0, randomInt(whole.length + 1));
    if (bytes.length > 0 && round % 3 === 0) bytes[randomInt(bytes.length)] = edges[randomInt(edges.length)] ?? 0;
    const own = decoded(new HostTextDecoder('utf-8', { fatal: true, ignoreBOM: true }), bytes);
    expect(own, bytes.toString('hex')).toBe(decoded(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }), bytes));
  }
});
