import * as nodeFs from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as fs from '../../../native/prelude/node/fs.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'prelude-'));
  nodeFs.writeFileSync(join(dir, 'file'), 'text');
  nodeFs.mkdirSync(join(dir, 'full/er'), { recursive: true });
  nodeFs.symlinkSync('nowhere', join(dir, 'link'));
  nodeFs.symlinkSync('loop', join(dir, 'loop'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** What is thrown, without the place; with what Node says in the same words. */
function thrown(work: () => unknown): object {
  try {
    work();
  } catch (error) {
    const { code, errno, syscall, path, dest, message } = error as NodeJS.ErrnoException & { dest?: string };
    return { code, errno, syscall, path, dest, message };
  }
  return {};
}

type Both = typeof fs & typeof nodeFs;

test.each<[string, (by: Both, at: (name: string) => string) => unknown]>([
  ['open what is not there', (by, at) => by.openSync(at('no'), 'r')],
  ['create what is there', (by, at) => by.openSync(at('file'), 'wx')],
  ['open below a file', (by, at) => by.openSync(at('file/x'), 'r')],
  ['open a loop', (by, at) => by.openSync(at('loop'), 'r')],
  ['open a link and not follow it', (by, at) => by.openSync(at('link'), by.constants.O_NOFOLLOW)],
  ['open what is too long', (by, at) => by.openSync(at('x'.repeat(300)), 'r')],
  ['close twice', (by) => by.closeSync(9999)],
  ['read a folder', (by, at) => by.readSync(by.openSync(at('full'), 'r'), Buffer.alloc(1))],
  ['rename what is not there', (by, at) => by.renameSync(at('no'), at('other'))],
  ['rename over a folder', (by, at) => by.renameSync(at('file'), at('full'))],
  ['link over a file', (by, at) => by.linkSync(at('file'), at('link'))],
  ['unlink a folder', (by, at) => by.unlinkSync(at('no'))],
  ['remove a full folder', (by, at) => by.rmdirSync(at('full'))],
  ['make a folder again', (by, at) => by.mkdirSync(at('full'))],
  ['list a file', (by, at) => by.readdirSync(at('file'))],
  ['list nothing', (by, at) => by.readdirSync(at('no'))],
  ['look at nothing', (by, at) => by.statSync(at('no'))],
  ['look at nothing itself', (by, at) => by.lstatSync(at('no'))],
  ['read what is no link', (by, at) => by.readlinkSync(at('file'))],
  ['change the mode of nothing', (by, at) => by.chmodSync(at('no'), 0o600)],
  ['touch nothing', (by, at) => by.lutimesSync(at('no'), 1, 1)],
  ['a path with a zero byte', (by, at) => by.openSync(`${at('file')}\0x`, 'r')],
])('%s: the error that Node throws', (_, work) => {
  const at = (name: string): string => join(dir, name);
  const own = thrown(() => work(fs as Both, at));
  expect(own).toEqual(thrown(() => work(nodeFs as Both, at)));
  expect(own).toHaveProperty('code', expect.any(String));
});

test('what is told of a file is what Node tells', () => {
  for (const name of ['file', 'full', 'link']) {
    const own = fs.lstatSync(join(dir, name));
    const node = nodeFs.lstatSync(join(dir, name));
    for (const fact of ['mode', 'size', 'mtimeMs', 'nlink', 'ino', 'uid', 'gid', 'dev', 'rdev'] as const)
      expect(own?.[fact], fact).toBe(node[fact]);
    for (const kind of ['isFile', 'isDirectory', 'isSymbolicLink', 'isFIFO', 'isSocket'] as const)
      expect(own?.[kind]()).toBe(node[kind]());
  }
  expect(fs.lstatSync(join(dir, 'no'), { throwIfNoEntry: false })).toBeUndefined();
  expect(fs.lstatSync(join(dir, 'file/x'), { throwIfNoEntry: false })).toBeUndefined();
});

test('what is written is read, from any place', () => {
  const path = join(dir, 'new');
  const fd = fs.openSync(path, 'wx', 0o600);
  expect(fs.writeSync(fd, 'Wörter')).toBe(7);
  fs.fsyncSync(fd);
  fs.closeSync(fd);
  expect(nodeFs.readFileSync(path, 'utf8')).toBe('Wörter');
  const again = fs.openSync(path);
  const bytes = Buffer.alloc(4);
  expect(fs.readSync(again, bytes, 1, 3, 3)).toBe(3);
  expect(bytes.toString()).toBe('\0rte');
  fs.closeSync(again);
  expect(fs.readFileSync(path, 'utf8')).toBe('Wörter');
  expect(fs.readdirSync(dir)).toEqual(nodeFs.readdirSync(dir));
  expect(fs.constants).toMatchObject(
    Object.fromEntries(Object.keys(fs.constants).map((name) => [name, nodeFs.constants[name as 'O_CREAT']])),
  );
});
