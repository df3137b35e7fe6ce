import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { setUpFile } from '../../src/setup/apply.ts';
import type { Editor } from '../../src/setup/editor.ts';
import {
  keepHostFile,
  putHostFile,
  readHostFile,
  removeEmptyFoldersOf,
  removeHostFile,
  replaceHostFile,
  whileHeld,
} from '../../src/storage/file/disk/foreign/host-files.ts';
import { scratch } from '../scratch.ts';

describe("another program's file", () => {
  test('is replaced only while it is what was read', () => {
    const path = join(scratch(), 'a.json');
    expect(readHostFile(path)).toBeUndefined();
    expect(replaceHostFile(path, Buffer.from('1'), undefined)).toBe(true);
    const read = readHostFile(path);
    writeFileSync(path, 'theirs');
    expect(replaceHostFile(path, Buffer.from('2'), read)).toBe(false);
    expect(replaceHostFile(path, Buffer.from('2'), undefined)).toBe(false);
    expect(read && removeHostFile(path, read)).toBe(false);
    expect(readFileSync(path, 'utf8')).toBe('theirs');
    expect(readdirSync(join(path, '..'))).toEqual(['a.json']);
  });

  test('is looked at again when its program writes it meanwhile, and has both in the end', async () => {
    const dir = scratch();
    const path = join(dir, 'a.txt');
    writeFileSync(path, 'a');
    let writes = 0;
    const editor: Editor = {
      async add(text = '') {
        // As a program would that writes between our look and our rename.
        if (writes++ < 3) writeFileSync(path, `${text}b`);
        return `${text}!`;
      },
      strip: async (text) => text,
      has: async () => false,
      lacks: async () => [],
      remarks: async () => [],
      snippet: async () => '',
    };
    await setUpFile({ path, hosts: ['claude'], parts: ['hooks'], editor }, { dryRun: false });
    expect(readFileSync(path, 'utf8')).toBe('abbb!');
    const never: Editor = { ...editor, add: async (text = '') => (writeFileSync(path, `${text}c`), `${text}!`) };
    await expect(
      setUpFile({ path, hosts: ['claude'], parts: ['hooks'], editor: never }, { dryRun: false }),
    ).rejects.toMatchObject({ code: 'STATE_CHANGED', kind: 'conflict' });
  });

  test('is one at a time', async () => {
    const path = join(scratch(), 'a.json');
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 6 }, () =>
        whileHeld(path, async () => {
          most = Math.max(most, ++inside);
          await new Promise((resolve) => setTimeout(resolve, 5));
          inside--;
        }),
      ),
    );
    expect(most).toBe(1);
    expect(readdirSync(join(path, '..'))).toEqual([]);
  });

  test('has what killed ones have left beside it swept once it is old', async () => {
    const dir = scratch();
    const path = join(dir, 'a.json');
    const [old, fresh, other] = [
      '.dreamos-setup-a.json.lock.1.lock',
      '.dreamos-setup-a.json.lock.2.lock',
      '.dreamos-setup-b.json.lock.1.lock',
    ];
    for (const name of [old, fresh, other]) mkdirSync(join(dir, name ?? ''));
    const hourAgo = Date.now() / 1000 - 3600;
    utimesSync(join(dir, old ?? ''), hourAgo, hourAgo);
    utimesSync(join(dir, other ?? ''), hourAgo, hourAgo);
    await whileHeld(path, async () => undefined);
    expect(readdirSync(dir).sort()).toEqual([fresh, other]);
  });

  test('is kept beside it, a link as a link, and never over what is there', () => {
    const dir = scratch();
    const [file, link, kept] = ['file', 'link', 'kept'].map((name) => join(dir, name)) as [string, string, string];
    writeFileSync(file, 'x', { mode: 0o750 });
    symlinkSync('file', link);
    keepHostFile(file, kept);
    keepHostFile(link, `${kept}-link`);
    expect(statSync(kept).mode & 0o777).toBe(0o750);
    writeFileSync(file, 'y');
    keepHostFile(file, kept);
    expect(readFileSync(kept, 'utf8')).toBe('x');
    putHostFile(link, Buffer.from('z'), 0o700);
    expect(readFileSync(file, 'utf8')).toBe('y');
    expect(readFileSync(link, 'utf8')).toBe('z');
    expect(readFileSync(`${kept}-link`, 'utf8')).toBe('y');
  });

  test('leaves no empty folder behind below the one that stays', () => {
    const dir = scratch();
    mkdirSync(join(dir, 'a', 'b', 'c'), { recursive: true });
    writeFileSync(join(dir, 'a', 'x'), '');
    removeEmptyFoldersOf(join(dir, 'a', 'b', 'c', 'file'), dir);
    expect(readdirSync(join(dir, 'a'))).toEqual(['x']);
    removeEmptyFoldersOf(join(dir, 'file'), dir);
    expect(existsSync(dir)).toBe(true);
  });
});
