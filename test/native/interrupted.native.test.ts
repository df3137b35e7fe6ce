/** A signal in the middle of a call of the system, as strace makes it seem: what was begun is done, as it is by Node. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { missing, said, skips } from '../lack.ts';

const lack = await missing('strace');
const project = join(import.meta.dirname, '../..');
const dir = mkdtempSync(join(tmpdir(), 'dreamos-interrupted-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const root = join(dir, 'root');
execFileSync(process.execPath, [join(project, 'bin/dreamos.cjs'), 'init', 'a', 'b', '--root', root]);

describe('a send natively', () => {
  test.skipIf(skips(lack)).for(['openat,?open', 'pread64', 'write', 'fsync', 'close'])(
    said('is not ended by a signal in any %s', lack),
    (call) => {
      const log = join(dir, 'log');
      const program = [join(project, 'dist/native/dreamos'), 'send', 'b', 'hello', '--as', 'a', '--root', root];
      // Of calls without end, the first of each two.
      const words = ['-o', log, '-e', `trace=${call}`, '-e', `inject=${call}:error=EINTR:when=1+2`, ...program];
      const { status, stderr } = spawnSync('strace', words, { encoding: 'utf8', timeout: 30_000 });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(readFileSync(log, 'utf8')).toContain('(INJECTED)');
    },
  );
});
