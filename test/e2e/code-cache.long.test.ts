import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const command = join(import.meta.dirname, '../../bin/dreamos.cjs');
const dist = join(import.meta.dirname, '../../dist');

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

/** Of dist/<name>, if there is one. */
function cacheOf(name: string): string | undefined {
  const [, hash] = /^\/\/ build ([0-9a-f]{16})$/m.exec(readFileSync(join(dist, name), 'latin1').slice(0, 100)) ?? [];
  const cache = readdirSync(folder()).find((file) => file.startsWith(hash ?? '?'));
  return cache && join(folder(), cache);
}

function cacheFile(): string {
  const file = cacheOf('dreamos.cjs');
  if (file === undefined) throw new Error('There is no cache.');
  return file;
}

/** Whether the next run adds what it uses: when the cache has become twice as old as it was when it was written. */
function grow(when: 'now' | 'not yet'): void {
  const atMs = Date.now() + (when === 'now' ? -3_600_000 : 3_600_000);
  utimesSync(cacheFile(), atMs / 1000, atMs / 1000);
}

describe('the code cache of bin/dreamos.cjs', () => {
  it('is private, and is left as it is while it fits', () => {
    run();
    expect(statSync(folder()).mode & 0o777).toBe(0o700);
    expect(statSync(cacheFile()).mode & 0o777).toBe(0o600);
    grow('not yet');
    const { ino } = statSync(cacheFile());
    run();
    expect(statSync(cacheFile()).ino).toBe(ino);
  });

  it('takes in what later commands use, and keeps what earlier ones did', () => {
    dreamos(['send', '--help']);
    const first = statSync(cacheFile()).size;
    grow('now');
    dreamos(['init', 'box', '--root', join(home, 'root')]);
    const second = statSync(cacheFile()).size;
    expect(second).toBeGreaterThan(first * 1.1);
    grow('now');
    const { ino } = statSync(cacheFile());
    run();
    expect(statSync(cacheFile()).ino).not.toBe(ino);
    expect(statSync(cacheFile()).size).toBeGreaterThan(second * 0.99);
  });

  it('is there for each file of the build that a command reads, and a send reads one', () => {
    const root = join(home, 'root');
    const read = (): string[] => ['dreamos.cjs', 'mcp.cjs', 'rare.cjs', 'seldom.cjs'].filter(cacheOf);
    dreamos(['init', 'box', '--root', root]);
    rmSync(folder(), { recursive: true });
    for (const words of ['send box hello --as box', 'read box', 'ack --as box', 'status', 'list box']) {
      dreamos([...words.split(' '), '--root', root]);
      expect(read(), words).toEqual(['dreamos.cjs']);
    }
    dreamos(['agent', 'list', '--root', root]);
    expect(read()).toEqual(['dreamos.cjs', 'rare.cjs']);
    dreamos(['help', 'exit-codes']);
    expect(read()).toEqual(['dreamos.cjs', 'rare.cjs', 'seldom.cjs']);
    dreamos(['mcp', '--as', 'box', '--root', root]);
    expect(read()).toEqual(['dreamos.cjs', 'mcp.cjs', 'rare.cjs', 'seldom.cjs']);
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
    const own = cacheFile();
    const older = (i: number): string => `${String(i).padStart(16, '0')}-v20.19.0-x64.cache`;
    for (let i = 0; i < 40; i++) {
      writeFileSync(join(folder(), older(i)), '');
      utimesSync(join(folder(), older(i)), i, i);
    }
    rmSync(own);
    run();
    const left = readdirSync(folder());
    expect(left).toHaveLength(30);
    expect(left).toContain(basename(own));
    expect(left).toContain(older(39));
    expect(left).not.toContain(older(0));
  });

  it('takes no file of somebody else with it when it goes', () => {
    mkdirSync(folder(), { recursive: true });
    const foreign = Array.from({ length: 40 }, (_, i) => [`old-${i}.cache`, `${i}`, `note ${i}.txt`][i % 3] ?? '');
    for (const name of foreign) {
      writeFileSync(join(folder(), name), '');
      utimesSync(join(folder(), name), 1, 1);
    }
    run();
    expect(readdirSync(folder())).toEqual(expect.arrayContaining(foreign));
    expect(readdirSync(folder())).toHaveLength(41);
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
