/** Memory of the native program: what hands it out, and a message for which there is none. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
// @ts-expect-error It has no types.
import { engineSources } from '../../scripts/native-tools.mjs';
import { missing, said, skips } from '../lack.ts';

const lack = await missing('cc');
const project = join(import.meta.dirname, '../..');
const dir = mkdtempSync(join(tmpdir(), 'dreamos-memory-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test.skipIf(skips(lack))(
  said('blocks taken, resized and given back at random keep what is in them', lack),
  async () => {
    const program = join(dir, 'memory');
    const strict = ['-std=gnu11', '-O1', '-g', '-Wall', '-Wextra', '-Werror', '-fsanitize=address,undefined'];
    const headers = ['-isystem', (await engineSources()) as string, `-I${join(project, 'native/host')}`];
    const source = join(import.meta.dirname, 'memory.c');
    execFileSync('cc', [...strict, '-fno-sanitize-recover', ...headers, source, '-o', program]);
    const run = (...words: string[]) =>
      spawnSync(program, words, {
        encoding: 'utf8',
        env: { ASAN_OPTIONS: 'detect_leaks=0:allocator_may_return_null=1' },
      });
    expect(run()).toMatchObject({ status: 0, stdout: 'ok\n', stderr: '' });
    const ends = {
      status: 1,
      stderr: expect.stringContaining('Error: dreamos gets no more memory.\n  Next: ') as string,
    };
    expect(run('too', 'many')).toMatchObject(ends);
    expect(run('too-much')).toMatchObject(ends);
  },
);

/** A mailbox with one message, and its reader under a limit; each has a copy of its own. */
function mailbox(words: readonly string[], input: string) {
  const root = join(dir, `root-${words.length}`);
  execFileSync(process.execPath, [join(project, 'bin/dreamos.cjs'), 'init', 'a', '--root', root], { stdio: 'ignore' });
  const program = join(project, 'dist/native/dreamos');
  const env = { ...process.env, DREAMOS_RUNTIME: 'native', DREAMOS_AGENT: 'a' };
  execFileSync(program, ['send', 'a', ...words, '--root', root], { input, env });
  return (limit: string) => {
    const copy = `${root}-copy`;
    rmSync(copy, { recursive: true, force: true });
    cpSync(root, copy, { recursive: true });
    const line = `ulimit ${limit} && exec ${program} read --json --root ${copy}`;
    const { status, stderr } = spawnSync('sh', ['-c', line], { encoding: 'utf8', env, maxBuffer: 1 << 24 });
    expect(readdirSync(join(copy, 'agent_mailboxes/a/corrupt')), limit).toEqual([]);
    return { status, stderr };
  };
}

test('a message that there is no memory to read is not taken for a broken one', () => {
  const read = mailbox(['-'], 'ü"\n'.repeat(200_000));
  const ends = Array.from({ length: 40 }, (_, i) => read(`-v ${4000 + 500 * i}`));
  const failed = ends.filter(({ status }) => status !== 0);
  expect(failed.length).toBeGreaterThan(5);
  expect(failed.length).toBeLessThan(ends.length);
  // ENOMEM of a call of the system is an error of the disk.
  for (const { status, stderr } of failed) expect(stderr).toMatch(status === 7 ? /ENOMEM/ : /gets no more memory/);
});

test('a message of as many levels as one may have is read on a small stack', () => {
  const read = mailbox(['hello', '--data-file', '-'], `${'['.repeat(990)}${']'.repeat(990)}`);
  for (const kilobytes of [256, 512, 1024, 2047, 2048, 4096])
    expect(read(`-s ${kilobytes}`), String(kilobytes)).toEqual({ status: 0, stderr: '' });
});
