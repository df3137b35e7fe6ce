import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const command = join(import.meta.dirname, '../../bin/dreamos.cjs');

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'dreamos-cache-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const folder = (): string => join(home, '.cache/dreamos');

function run(env: NodeJS.ProcessEnv = {}): void {
  expect(dreamos(['--version'], env)).toEqual({
    status: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
  });
}

function dreamos(words: readonly string[], env: NodeJS.ProcessEnv = {}): { status: number | null; stdout: string } {
  const { XDG_CACHE_HOME: _xdg, NODE_COMPILE_CACHE: _node, NODE_DISABLE_COMPILE_CACHE: _off, ...own } = process.env;
  const { status, stdout } = spawnSync(process.execPath, [command, ...words], {
    env: { ...own, HOME: home, ...env },
    encoding: 'utf8',
    timeout: 20_000,
  });
  return { status, stdout };
}

function cacheFile(): string {
  const names = readdirSync(folder());
  expect(names).toHaveLength(1);
  return join(folder(), names[0] ?? '');
}

describe('the code cache of bin/dreamos.cjs', () => {
  it('is private, and is left as it is while it fits', () => {
    run();
    expect(statSync(folder()).mode & 0o777).toBe(0o700);
    expect(statSync(cacheFile()).mode & 0o777).toBe(0o600);
    const { ino } = statSync(cacheFile());
    run();
    expect(statSync(cacheFile()).ino).toBe(ino);
  });

  it.each([
    ['empty', () => Buffer.alloc(0)],
    ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)],
    // V8 itself does not see this and would die of it.
    ['changed in one bit', (bytes: Buffer) => ((bytes[4096] = (bytes[4096] ?? 0) ^ 1), bytes)],
  ])('that is %s is not used but replaced', (_how, damage) => {
    run();
    const path = cacheFile();
    const damaged = damage(readFileSync(path));
    writeFileSync(path, damaged);
    run();
    expect(readFileSync(path).equals(damaged)).toBe(false);
  });

  it('that somebody else could have written is not used but replaced', () => {
    run();
    const path = cacheFile();
    chmodSync(path, 0o666);
    const { ino } = statSync(path);
    run();
    expect(statSync(path).ino).not.toBe(ino);
  });

  it('of older builds goes when there are many', () => {
    run();
    for (let i = 0; i < 40; i++) {
      const old = join(folder(), `old-${i}.cache`);
      writeFileSync(old, '');
      utimesSync(old, i, i);
    }
    rmSync(join(folder(), readdirSync(folder()).find((name) => !name.startsWith('old-')) ?? ''));
    run();
    const left = readdirSync(folder());
    expect(left).toHaveLength(30);
    expect(left).toContain('old-39.cache');
    expect(left).not.toContain('old-0.cache');
    expect(left.filter((name) => !name.startsWith('old-'))).toHaveLength(1);
  });

  it('is where NODE_COMPILE_CACHE says', () => {
    run({ NODE_COMPILE_CACHE: join(home, 'elsewhere') });
    expect(readdirSync(join(home, 'elsewhere'))).toContain('dreamos');
    expect(existsSync(folder())).toBe(false);
  });

  it('is not needed: without a place for it, or switched off, the command runs as well', () => {
    run({ XDG_CACHE_HOME: '/proc/nowhere' });
    run({ HOME: join(home, 'missing') });
    run({ NODE_DISABLE_COMPILE_CACHE: '1' });
    expect(existsSync(folder())).toBe(false);
  });
});

describe('the build of the verbs that are called often', () => {
  // The same words in the launcher and in the build, or a verb would be looked for where it is not.
  const verbs = ['bin/dreamos.cjs', 'scripts/build.mjs'].map((file) => {
    const [, list = ''] = /often = \[(.*?)\]/.exec(readFileSync(join(command, '../..', file), 'utf8')) ?? [];
    return list.split(', ').map((word) => word.slice(1, -1));
  });

  it('is known to the launcher and to the build', () => {
    expect(verbs[0]).toContain('send');
    expect(verbs[0]).toEqual(verbs[1]);
  });

  it.each(verbs[0] ?? [])('has %s, wherever the verb stands', (verb) => {
    for (const words of [
      [verb, '--help'],
      ['--json', '--as', 'x', '--root', home, verb, '--help'],
    ]) {
      const { status, stdout } = dreamos(words);
      expect(status).toBe(0);
      expect(stdout).toContain(`Usage: dreamos ${verb}`);
    }
    expect(readdirSync(folder())).toEqual([expect.stringContaining(`-${verb}.cache`)]);
  });

  it.each([
    ['status', 'read'],
    ['--as', 'send', 'status'],
    ['help', 'send'],
    ['--root', 'read', 'watch', '--wait', '1ms'],
  ])('is not taken for another verb: %s %s %s', (...words) => {
    dreamos(words);
    expect(readdirSync(folder())).toEqual([expect.stringContaining('-any.cache')]);
  });
});
