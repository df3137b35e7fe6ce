/** What somebody sees of a bug of the native program: a call of the system fails, as strace makes it, where nobody expects it. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { missing, said, skips } from '../lack.ts';

const lack = await missing('strace');
const program = join(import.meta.dirname, '../../dist/native/dreamos');
const env = { PATH: process.env['PATH'], DREAMOS_NODE_SCRIPT: join(import.meta.dirname, '../../bin/dreamos.cjs') };

test.skipIf(skips(lack))(said('an error that nobody has caught is told with what to type next', lack), () => {
  const words = [
    '-o',
    '/dev/null',
    '-e',
    'trace=pipe,pipe2',
    '-e',
    'inject=pipe,pipe2:error=EMFILE',
    program,
    'status',
  ];
  const { status, stderr } = spawnSync('strace', words, { encoding: 'utf8', env });
  expect(status).toBe(1);
  expect(stderr).toMatch(/^Error: EMFILE: too many open files, uv_signal_start\n(?: {4}at .*\n)+ {2}Next: .*\n$/);
  expect(stderr).toContain('DREAMOS_RUNTIME=node in front of the same command');
});

test('DREAMOS_DEBUG=1 shows lines, so it runs by Node, unless the native program is named', () => {
  const runtime = (given: object) => {
    const { stdout } = spawnSync(program, ['--version', '--json'], { encoding: 'utf8', env: { ...env, ...given } });
    return (JSON.parse(stdout) as { runtime: string }).runtime;
  };
  expect(runtime({})).toBe('native');
  expect(runtime({ DREAMOS_DEBUG: '1' })).toBe('node');
  expect(runtime({ DREAMOS_DEBUG: '' })).toBe('native');
  expect(runtime({ DREAMOS_DEBUG: '1', DREAMOS_RUNTIME: 'native' })).toBe('native');
});
