import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { gathered, readTarGz, writeTarGz } from '../../../../../src/storage/file/disk/foreign/tar-gz.ts';
import { scratch } from '../../../../scratch.ts';

const text = (bytes: Buffer): string => bytes.toString();
const path = (): string => join(scratch(), 'a.tar.gz');

async function contents(file: string): Promise<[string, string][]> {
  const all: [string, string][] = [];
  for await (const { name, parts } of readTarGz(file)) all.push([name, text(await gathered(parts))]);
  return all;
}

async function* inParts(count: number, part: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let n = 0; n < count; n++) yield await Promise.resolve(part.slice());
}

test('what is written, whole or in parts, is read back, also by tar', async () => {
  const file = path();
  await writeTarGz(file, async (add) => {
    await add({ name: 'one', bytes: Buffer.from('1') });
    await add({ name: 'folder/none', bytes: Buffer.alloc(0) });
    await add({ name: 'two', size: 6, parts: inParts(3, Buffer.from('ab')) });
  });
  expect(await contents(file)).toEqual([
    ['one', '1'],
    ['folder/none', ''],
    ['two', 'ababab'],
  ]);
  expect(text(execFileSync('tar', ['-xzOf', file, 'two']))).toBe('ababab');
});

test('what nobody wanted of an entry is passed over', async () => {
  const file = path();
  await writeTarGz(file, async (add) => {
    for (const name of ['one', 'two'])
      await add({ name, size: 1 << 20, parts: inParts(16, Buffer.alloc(1 << 16, name)) });
  });
  const names: string[] = [];
  for await (const { name } of readTarGz(file)) names.push(name);
  expect(names).toEqual(['one', 'two']);
});

test('what does not fit in the memory is passed on part by part', async () => {
  const file = path();
  const part = Buffer.alloc(1 << 18, 'dreamos ');
  const count = 64;
  await writeTarGz(file, (add) => add({ name: 'large', size: count * part.length, parts: inParts(count, part) }));
  const sizes: number[] = [];
  for await (const { parts: read } of readTarGz(file)) for await (const one of read) sizes.push(one.length);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(count * part.length);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(1 << 20);
});

test('one that is longer or shorter than was said is no file', async () => {
  for (const size of [5, 7])
    await expect(
      writeTarGz(path(), (add) => add({ name: 'two', size, parts: inParts(3, Buffer.from('ab')) })),
    ).rejects.toBeInstanceOf(Error);
});

test('what the filler throws is thrown, and a disk that is there already refuses', async () => {
  const refusal = new Error('no');
  await expect(writeTarGz(path(), () => Promise.reject(refusal))).rejects.toBe(refusal);
  const file = path();
  writeFileSync(file, 'x');
  await expect(writeTarGz(file, () => Promise.resolve())).rejects.toMatchObject({ code: 'DISK_FAILED' });
  expect(text(readFileSync(file))).toBe('x');
});

test('a file that is cut off, no gzip, or missing is told from one that ends', async () => {
  const file = path();
  await writeTarGz(file, (add) => add({ name: 'one', bytes: Buffer.alloc(5000, 'abc') }));
  const whole = readFileSync(file);
  for (const bytes of [
    whole.subarray(0, whole.length - 9),
    whole.subarray(0, 20),
    Buffer.from('text'),
    Buffer.alloc(0),
  ]) {
    writeFileSync(file, bytes);
    await expect(contents(file)).rejects.toMatchObject({ code: 'CORRUPT' });
  }
  await expect(contents(join(scratch(), 'none'))).rejects.toMatchObject({ code: 'DISK_FAILED' });
});
