/** The packed packages, installed by npm without a network: which program runs then, and that it finds the other. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
// @ts-expect-error It has no types.
import { packCommand, packPlatform } from '../../scripts/pack-native.mjs';

const project = join(import.meta.dirname, '../..');
const platform = `${process.platform}-${process.arch}`;
const dir = mkdtempSync(join(tmpdir(), 'dreamos-packages-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

let dreamos: string;
let native: string;

beforeAll(async () => {
  native = await packPlatform(platform, join(project, 'dist/native/dreamos'), dir);
  dreamos = await packCommand([platform], dir, withDependencies);
}, 60_000);

/** npm has no network here, so what dreamos depends on lies in its package. */
async function withDependencies(folder: string): Promise<void> {
  const file = join(folder, 'package.json');
  const own = JSON.parse(readFileSync(file, 'utf8'));
  const list = execFileSync('npm', ['ls', '--omit=dev', '--all', '--parseable'], { cwd: project, encoding: 'utf8' });
  for (const from of list.trim().split('\n').slice(1))
    cpSync(from, join(folder, relative(project, from)), { recursive: true, filter: isOfCommand });
  writeFileSync(file, JSON.stringify({ ...own, bundleDependencies: Object.keys(own.dependencies) }, undefined, 2));
}

/** Half of all files are zod's; the command has its own copy of what it needs of it. */
function isOfCommand(file: string): boolean {
  return !/[\\/]zod[\\/](?!package\.json$)/.test(file);
}

function run(program: string, words: readonly string[], env: NodeJS.ProcessEnv = {}, cwd = dir) {
  const clean = { ...process.env, DREAMOS_RUNTIME: undefined, DREAMOS_NODE_SCRIPT: undefined, HOME: dir };
  return spawnSync(program, words, { cwd, env: { ...clean, ...env }, encoding: 'utf8', timeout: 60_000 });
}

/** npm's own settings of this run are not its. */
function npm(cwd: string, ...words: readonly string[]): void {
  const env = Object.fromEntries(
    Object.keys(process.env).map((name) => [name, /^npm_/i.test(name) ? undefined : process.env[name]]),
  );
  const all = ['install', '--offline', '--no-audit', '--no-fund', '--no-update-notifier', ...words];
  const { status, stdout, stderr } = run('npm', all, env, cwd);
  expect({ status, said: status === 0 ? '' : stdout + stderr }).toEqual({ status: 0, said: '' });
}

function place(name: string): string {
  const folder = join(dir, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  return folder;
}

function runtimeOf(program: string): string {
  const { stdout, stderr } = run(program, ['--version', '--json']);
  return stderr === '' ? JSON.parse(stdout).runtime : stderr;
}

/** One verb that the native program does and one that it leaves to Node, with what they say. */
function expectBoth(program: string): void {
  const root = mkdtempSync(join(dir, 'root-'));
  const env = { DREAMOS_ROOT: root };
  expect(run(program, ['init', 'a', 'b', '--root', root], env)).toMatchObject({ status: 0 });
  expect(run(program, ['send', 'a', 'hello', '--as', 'b'], env)).toMatchObject({ status: 0, stderr: '' });
  expect(run(program, ['search', 'hello'], env).stdout).toContain('hello');
}

describe('installed from its packages', { timeout: 60_000 }, () => {
  let local: string;
  beforeAll(() => {
    local = place('local');
    npm(local, dreamos, native);
  }, 60_000);
  const own = (...names: string[]) => join(local, 'node_modules', ...names);

  test('in a project it is the native program, which finds Node for the rest', () => {
    expect(runtimeOf(own('.bin/dreamos'))).toBe('native');
    expectBoth(own('.bin/dreamos'));
  });

  test('for all users it is the native program', () => {
    const prefix = join(dir, 'global');
    npm(dir, '--global', '--prefix', prefix, dreamos, native);
    expect(runtimeOf(join(prefix, 'bin/dreamos'))).toBe('native');
    expectBoth(join(prefix, 'bin/dreamos'));
  });

  test('with scripts off it is the native program, too: there are none', () => {
    const off = place('off');
    npm(off, '--ignore-scripts', dreamos, native);
    expect(runtimeOf(join(off, 'node_modules/.bin/dreamos'))).toBe('native');
    expectBoth(join(off, 'node_modules/.bin/dreamos'));
  });

  test('without a package for the platform it runs by Node', () => {
    const without = place('without');
    npm(without, dreamos);
    expect(existsSync(join(without, 'node_modules/@dreamos'))).toBe(false);
    expect(runtimeOf(join(without, 'node_modules/.bin/dreamos'))).toBe('node');
    expectBoth(join(without, 'node_modules/.bin/dreamos'));
  });

  test('in the platform package the program finds dreamos: beside it, around it, and out of a store', () => {
    const program = own('@dreamos', `native-${platform}`, 'dreamos');
    expect(runtimeOf(program)).toBe('native');
    expectBoth(program);

    const nested = join(dir, 'nested/node_modules/dreamos');
    cpSync(own('dreamos'), nested, { recursive: true });
    cpSync(own('@dreamos'), join(nested, 'node_modules/@dreamos'), { recursive: true });
    expectBoth(join(nested, `node_modules/@dreamos/native-${platform}/dreamos`));

    const store = join(dir, 'pnpm/node_modules/.pnpm');
    const kept = join(store, 'dreamos@0/node_modules/dreamos');
    const packages = join(store, `@dreamos+native-${platform}@0/node_modules/@dreamos`);
    cpSync(own('dreamos'), kept, { recursive: true });
    cpSync(own('@dreamos'), packages, { recursive: true });
    symlinkSync(kept, join(dir, 'pnpm/node_modules/dreamos'));
    expectBoth(join(packages, `native-${platform}/dreamos`));
  });

  test('a program of another version leaves all to Node', () => {
    const mixed = join(dir, 'mixed');
    cpSync(local, mixed, { recursive: true, verbatimSymlinks: true });
    const [command, manifest] = [
      join(mixed, 'node_modules/.bin/dreamos'),
      join(mixed, 'node_modules/dreamos/package.json'),
    ];
    expect(runtimeOf(command)).toBe('native');
    const text = readFileSync(manifest, 'utf8');
    writeFileSync(manifest, text.replace('"version": "', '"version": "9.'));
    expect(runtimeOf(command)).toBe('node');
    expect(runtimeOf(join(mixed, 'node_modules/@dreamos', `native-${platform}`, 'dreamos'))).toBe('node');
    expectBoth(command);
  });

  test('the package of the program lists what is in it: the engine, and what is bundled', () => {
    const text = readFileSync(own('@dreamos', `native-${platform}`, 'sbom.cdx.json'), 'utf8');
    const { components } = JSON.parse(text) as { components: { name: string }[] };
    const names = components.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['quickjs-ng', 'commander', 'zod', 'ulid']));
    expect(names).not.toContain('chokidar');
  });

  test('the packages name what npm chooses them by', () => {
    const read = (...names: string[]) => JSON.parse(readFileSync(own(...names, 'package.json'), 'utf8'));
    const [os, cpu] = platform.split('-');
    const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
    expect(read('@dreamos', `native-${platform}`)).toMatchObject({ version, os: [os], cpu: [cpu] });
    expect(read('dreamos').optionalDependencies).toEqual({ [`@dreamos/native-${platform}`]: version });
    expect(basename(native)).toBe(`dreamos-native-${platform}-${version}.tgz`);
  });
});
