/** What the build of the native program says where something of it is not here, and what it leaves behind: nothing. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const project = join(import.meta.dirname, '../..');
const dir = mkdtempSync(join(tmpdir(), 'dreamos-build-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test.for(['no-such-compiler', 'false'])(
  'names the compiler %s that it cannot build with, and changes nothing',
  (cc) => {
    const program = join(project, 'dist/native/dreamos');
    const before = readFileSync(program);
    const env = { ...process.env, CC: cc, TMPDIR: dir };
    const words = [join(project, 'scripts/build-native.mjs'), '--quick'];
    const { status, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8', env });
    expect(status).toBe(1);
    expect(stderr.split('\n')[0]).toMatch(
      new RegExp(`^The native program (?:is built with|was not built, because).*\\b${cc}\\b`),
    );
    expect(stderr).toContain('Without it everything works by Node as before.');
    expect(readdirSync(dir)).toEqual([]);
    expect(readFileSync(program).equals(before)).toBe(true);
  },
);
