import * as fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { replaceTextfile } from '../../../src/core/metrics/textfile.ts';
import { scratch } from '../../scratch.ts';
import { expectRefusal } from '../rig.ts';

const [old, fresh] = ['# HELP dreamos_x Old.\n', '# HELP dreamos_x New.\n'];
let dir: string;
let path: string;
beforeEach(() => {
  dir = scratch();
  path = join(dir, 'dreamos.prom');
});

const text = (): string => fs.readFileSync(path, 'utf8');

test('a textfile is made, and replaced in one step with the mode that it has', async () => {
  await replaceTextfile(path, old);
  expect(text()).toBe(old);
  fs.chmodSync(path, 0o640);
  const before = fs.statSync(path).ino;
  await replaceTextfile(path, fresh);
  expect(text()).toBe(fresh);
  expect(fs.statSync(path).ino).not.toBe(before);
  expect(fs.statSync(path).mode & 0o777).toBe(0o640);
  // Beside it lies nothing that a collector might read.
  expect(fs.readdirSync(dir)).toEqual(['dreamos.prom']);
});

test('an empty file is filled, and where a link leads the file is replaced', async () => {
  fs.writeFileSync(join(dir, 'real'), '');
  fs.symlinkSync('real', path);
  await replaceTextfile(path, fresh);
  expect(fs.readlinkSync(path)).toBe('real');
  expect(text()).toBe(fresh);
});

test('what is something else is left as it is', async () => {
  fs.writeFileSync(path, '#!/bin/sh\n');
  await expectRefusal(replaceTextfile(path, fresh), 'ALREADY_EXISTS');
  expect(text()).toBe('#!/bin/sh\n');
});

test('one that cannot be written stays as it was', async () => {
  await replaceTextfile(path, old);
  fs.chmodSync(path, 0o400);
  await expectRefusal(replaceTextfile(path, fresh), 'DISK_FAILED');
  expect(text()).toBe(old);
  fs.mkdirSync(join(dir, 'folder'));
  await expectRefusal(replaceTextfile(join(dir, 'folder'), fresh), 'DISK_FAILED');
  await expectRefusal(replaceTextfile(join(dir, 'nowhere', 'dreamos.prom'), fresh), 'DISK_FAILED');
  expect(fs.readdirSync(dir).sort()).toEqual(['dreamos.prom', 'folder']);
});

test('of several at once each puts down a whole one', async () => {
  const texts = Array.from({ length: 8 }, (_, i) => `# HELP dreamos_x ${'y'.repeat(i * 10_000)}\n`);
  await Promise.all(texts.map((one) => replaceTextfile(path, one)));
  expect(texts).toContain(text());
});
