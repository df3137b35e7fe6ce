/** What is written in C beside Node's own: digests, and UTF-8, of random bytes and of what nearly is UTF-8. */
import { execFileSync } from 'node:child_process';
import { isUtf8 } from 'node:buffer';
import { hash, randomBytes, randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { missing, said, skips } from '../lack.ts';

const lack = await missing('cc');
const project = join(import.meta.dirname, '../..');
const host = join(project, 'native/host/text');
const rounds = 20_000;

/** Lengths around the blocks of the digests, and characters of each length around those that are not allowed. */
function someBytes(): Buffer {
  const kind = randomInt(4);
  if (kind === 0) return randomBytes(randomInt(300));
  if (kind === 1) return randomBytes(64 * randomInt(20) + randomInt(-10, 11) + 10);
  const points = [0x41, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xfffd, 0xffff, 0x10000, 0x10ffff];
  const text = Array.from({ length: randomInt(40) }, () => String.fromCodePoint(points[randomInt(points.length)] ?? 0));
  const bytes = Buffer.from(text.join(''));
  if (kind === 2 || bytes.length === 0) return bytes;
  const edges = [
    0x00, 0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff, 0x9f, 0xa0, 0x8f, 0x90,
  ];
  for (let n = 0; n < 3; n++) bytes[randomInt(bytes.length)] = edges[randomInt(edges.length)] ?? 0;
  return bytes.subarray(0, randomInt(bytes.length + 1));
}

test.skipIf(skips(lack))(said('sha1, sha256 and UTF-8 of the native program are those of Node', lack), () => {
  const dir = mkdtempSync(join(tmpdir(), 'dreamos-digest-'));
  try {
    const program = join(dir, 'digest');
    const sources = [join(import.meta.dirname, 'digest.c'), join(host, 'digest.c'), join(host, 'utf8.c')];
    const strict = ['-std=gnu11', '-O1', '-g', '-Wall', '-Wextra', '-Werror', '-fsanitize=address,undefined'];
    execFileSync('cc', [...strict, '-fno-sanitize-recover', `-I${host}`, ...sources, '-o', program]);
    const inputs = Array.from({ length: rounds }, someBytes);
    const framed = inputs.flatMap((bytes) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    });
    const lines = execFileSync(program, { input: Buffer.concat(framed), maxBuffer: 1 << 30 })
      .toString()
      .split('\n');
    const valid = inputs.filter((bytes) => isUtf8(bytes)).length;
    expect(valid).toBeGreaterThan(rounds / 10);
    expect(valid).toBeLessThan(rounds * 0.9);
    for (const [i, bytes] of inputs.entries()) {
      const repaired = Buffer.from(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
      const expected = [
        hash('sha1', bytes),
        hash('sha256', bytes),
        isUtf8(bytes) ? '1' : '0',
        repaired.toString('hex'),
        '',
      ];
      expect(lines[i]?.split(' '), bytes.toString('hex')).toEqual(expected);
    }
  } finally {
    rmSync(dir, { recursive: true });
  }
});
