import fs, { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { ExportFolder, lookAtExport } from '../../../../../src/storage/file/disk/foreign/export-file.ts';
import { scratch } from '../../../../scratch.ts';
import { refusal } from '../../../contract/rig.ts';

const token = '0000000000';
let dir: string;
beforeEach(() => {
  dir = scratch();
});

function left(name: string): string {
  const path = join(dir, `.dreamos-export-${name}`);
  mkdirSync(path);
  writeFileSync(join(path, 'next.db'), '');
  utimesSync(path, 0, 0);
  return path;
}

/** From now on the system refuses this call for this path. */
function refuse(call: 'rmSync' | 'readdirSync' | 'mkdirSync', refused: string, code: string): void {
  const real = fs[call] as (path: unknown, ...more: unknown[]) => never;
  vi.spyOn(fs, call).mockImplementation((path: unknown, ...more: unknown[]) => {
    if (path === refused) throw Object.assign(new Error(code), { code });
    return real(path, ...more);
  });
  syncBuiltinESMExports();
  onTestFinished(() => {
    vi.restoreAllMocks();
    syncBuiltinESMExports();
  });
}

test.each(['EPERM', 'EACCES', 'ENOENT', 'EBUSY'])(
  'what a killed export has left is removed, and what cannot be (%s) stays',
  (code) => {
    const [theirs, ours] = [left('1111111111'), left('2222222222')];
    refuse('rmSync', theirs, code);
    const { path } = new ExportFolder(dir, token);
    expect([theirs, ours, path].map(existsSync)).toEqual([true, false, true]);
  },
);

test('a folder that nobody may list can be exported into', () => {
  refuse('readdirSync', dir, 'EACCES');
  expect(existsSync(new ExportFolder(dir, token).path)).toBe(true);
});

test('where no folder can be made, the one that is there is named', async () => {
  refuse('mkdirSync', join(dir, `.dreamos-export-${token}`), 'EACCES');
  const { code, message, hint } = await refusal(Promise.resolve().then(() => new ExportFolder(dir, token)));
  expect({ code, message, hint }).toEqual({
    code: 'DISK_FAILED',
    message: `Could not make a folder in ${dir}: permission denied, EACCES.`,
    hint: `Look at whose it is and at its mode: \`ls -ld ${dir}\`.`,
  });
});

test('a folder that is not there is named as a shell takes it', async () => {
  const folder = join(dir, 'my mail');
  const { hint } = await refusal(Promise.resolve().then(() => lookAtExport(join(folder, 'x.db'), dir + '-root')));
  expect(hint).toBe(`mkdir -p '${folder}'`);
});
