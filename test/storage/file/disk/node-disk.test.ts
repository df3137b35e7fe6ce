import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nodeDisk } from '../../../../src/storage/file/disk/node-disk.ts';
import { scratch } from '../../../scratch.ts';

test('of folders that are moved to one name the first gets it, until that is empty again', async () => {
  const disk = nodeDisk();
  const dir = scratch();
  const staged = async (name: string): Promise<string> => {
    await disk.makeDir(join(dir, name));
    await disk.create(join(dir, name, name), new Uint8Array(), { sync: false });
    return join(dir, name);
  };
  const [first, second, target] = [await staged('first'), await staged('second'), join(dir, 'target')];
  expect(await disk.moveFolder(first, target)).toBe('moved');
  expect(await disk.moveFolder(second, target)).toBe('taken');
  expect(await disk.list(target)).toEqual(['first']);
  await disk.remove(join(target, 'first'));
  expect(await disk.moveFolder(second, target)).toBe('moved');
  expect(await disk.list(target)).toEqual(['second']);
  expect(await disk.moveFolder(second, target)).toBe('missing');
  expect(await disk.moveFolder(target, join(dir, 'nowhere', 'target'))).toBe('missing');
  writeFileSync(join(dir, 'file'), '');
  expect(await disk.moveFolder(target, join(dir, 'file'))).toBe('taken');
});

test('a folder is listed aside as it is listed at once', async () => {
  const disk = nodeDisk();
  const dir = scratch();
  writeFileSync(join(dir, 'file'), '');
  symlinkSync(dir, join(dir, 'link'));
  const listed = async (path: string, aside: boolean) => (await disk.list(path, { aside }))?.sort();
  for (const aside of [false, true]) {
    expect(await listed(dir, aside)).toEqual(['file', 'link']);
    for (const none of ['nowhere', 'file', 'file/below', 'link'])
      expect(await listed(join(dir, none), aside), none).toBeUndefined();
    const longName = join(dir, 'x'.repeat(300));
    const failing = (async () => disk.list(longName, { aside }))();
    await expect(failing).rejects.toMatchObject({
      code: 'DISK_FAILED',
      message: expect.stringContaining('ENAMETOOLONG'),
    });
  }
});

// Signals and timers come with a turn of the event loop, and awaiting what is already there is none.
test.each(['list', 'read'] as const)(
  'a command that does nothing but %s still hears of signals and timers',
  async (method) => {
    const disk = nodeDisk();
    const dir = scratch();
    const file = join(dir, 'file');
    writeFileSync(file, 'x');
    let heard = false;
    const timer = setTimeout(() => (heard = true), 1);
    const until = performance.now() + 2000;
    while (!heard && performance.now() < until) {
      await (method === 'list' ? disk.list(dir) : disk.read(file, { maxBytes: 10 }));
    }
    clearTimeout(timer);
    expect(heard).toBe(true);
  },
);

test('of a file system it is told how many bytes it has, and how many are left', async () => {
  const space = await nodeDisk().space(scratch());
  expect(space.bytes).toBeGreaterThan(1_000_000);
  expect(space.freeBytes).toBeGreaterThan(0);
  expect(space.freeBytes).toBeLessThanOrEqual(space.bytes);
});
