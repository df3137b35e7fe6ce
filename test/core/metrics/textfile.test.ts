import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { replaceTextfile } from '../../../src/core/metrics/textfile.ts';
import { scratch } from '../../scratch.ts';
import { expectRefusal, refusal } from '../rig.ts';

const [old, fresh] = ['# HELP dreamos_x Old.\n', '# HELP dreamos_x New.\n'];
let dir: string;
let path: string;
beforeEach(() => {
  dir = scratch();
  path = join(dir, 'dreamos.prom');
});

/** The system does something else at this call. */
function spyOn(call: 'openSync' | 'mkdirSync' | 'mkdir', does: (...args: never[]) => unknown): void {
  vi.spyOn(fs, call).mockImplementation(does as never);
  syncBuiltinESMExports();
  onTestFinished(() => {
    vi.restoreAllMocks();
    syncBuiltinESMExports();
  });
}

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

const sample = (root: string, name = 'x'): string =>
  `# HELP dreamos_x X.\ndreamos_${name}{root="${root}",mailbox="a"} 1\n`;

test("another root's is left as it is, and both are named", async () => {
  await replaceTextfile(path, sample('/srv/a \\"b\\"'));
  const { kind, code, message, hint } = await refusal(replaceTextfile(path, sample('/srv/c')));
  expect({ kind, code, hint }).toEqual({
    kind: 'conflict',
    code: 'ALREADY_EXISTS',
    hint: `Name another file, or take that one away: rm ${path}`,
  });
  expect(message).toBe(
    `${path} holds the metrics of another root, /srv/a "b", and these are of /srv/c: it was left as it is.`,
  );
  expect(text()).toBe(sample('/srv/a \\"b\\"'));
  await replaceTextfile(path, sample('/srv/a \\"b\\"', 'y'));
  expect(text()).toContain('dreamos_y');
});

test.each(['node_load1 3\n', '# by hand\n', '\n', 'dreamos_x 1\n'])(
  'one with a line %j that is not ours is left as it is',
  async (line) => {
    fs.writeFileSync(path, sample('/srv/a') + line);
    await expectRefusal(replaceTextfile(path, sample('/srv/a')), 'ALREADY_EXISTS');
    expect(text()).toBe(sample('/srv/a') + line);
  },
);

test('one that another program writes meanwhile is its own, and is not called written', async () => {
  const open = fs.openSync;
  spyOn('openSync', (...args) => {
    fs.writeFileSync(path, 'theirs');
    vi.mocked(fs.openSync).mockImplementation(open);
    return Reflect.apply(open, fs, args) as number;
  });
  await expectRefusal(replaceTextfile(path, fresh), 'STATE_CHANGED');
  expect(text()).toBe('theirs');
});

test('where it cannot be written the file that was named is told of, and what to look at', async () => {
  const said = async (file: string): Promise<unknown> => {
    const { code, message, hint } = await refusal(replaceTextfile(file, fresh));
    expect(message).not.toContain('.dreamos-');
    return { code, message: message.replaceAll(dir, '…'), hint: hint?.replaceAll(dir, '…') };
  };
  fs.writeFileSync(join(dir, 'file'), '');
  expect(await said(join(dir, 'no where', 'at', 'x.prom'))).toEqual({
    code: 'DISK_FAILED',
    message: 'Could not write …/no where/at/x.prom: there is no folder …/no where/at.',
    hint: "mkdir -p '…/no where/at'",
  });
  for (const below of ['x.prom', 'at/x.prom'])
    expect(await said(join(dir, 'file', below))).toEqual({
      code: 'DISK_FAILED',
      message: `Could not write …/file/${below}: …/file is no folder.`,
      hint: 'ls -ld …/file',
    });
  await replaceTextfile(path, old);
  for (const code of ['EACCES', 'EROFS']) {
    spyOn('mkdirSync', () => {
      throw Object.assign(new Error(code), { code });
    });
    spyOn('mkdir', (_: unknown, done: (error: unknown) => void) => done(Object.assign(new Error(code), { code })));
    expect(await said(path)).toMatchObject({ code: 'DISK_FAILED', hint: 'ls -ld …' });
  }
  expect(text()).toBe(old);
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
