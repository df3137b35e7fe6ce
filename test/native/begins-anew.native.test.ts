/** The built native program, each verb with each option: what goes on in Node finds all as it was before. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { isNative } from '../../src/contract/native.ts';
import { lines } from '../program/lines.ts';

const project = join(import.meta.dirname, '../..');
const program = join(project, 'dist/native/dreamos');
const dir = mkdtempSync(join(tmpdir(), 'dreamos-native-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const root = join(dir, 'root');
const script = join(dir, 'in-node.cjs');
writeFileSync(
  script,
  "console.log(JSON.stringify({ words: process.argv.slice(2), stdin: require('node:fs').readFileSync(0, 'utf8') }));",
);
execFileSync(process.execPath, [join(project, 'bin/dreamos.cjs'), 'init', 'reviewer', 'planner', '--root', root]);

function contentsOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort((a, b) => (a < b ? -1 : 1))
    .map((name) => {
      const status = statSync(join(folder, name));
      const bytes = status.isFile() ? readFileSync(join(folder, name)) : '';
      return `${name} ${status.mode} ${status.mtimeMs} ${createHash('sha256').update(bytes).digest('hex')}`;
    });
}

function run(words: readonly string[], at: string, input = 'given by stdin') {
  const env = {
    PATH: process.env['PATH'],
    HOME: dir,
    DREAMOS_ROOT: at,
    DREAMOS_AGENT: 'planner',
    DREAMOS_NODE_SCRIPT: script,
  };
  return spawnSync(program, words, { cwd: dir, env, input, encoding: 'utf8', timeout: 30_000 });
}

const native = lines.filter(({ verb, option }) => isNative(verb, option === undefined ? {} : { [option]: true }));
const others = lines.filter((line) => !native.includes(line));

describe('the native program', () => {
  test.for(others)('begins "$words" anew in Node', ({ words }) => {
    const before = contentsOf(root);
    const { stdout, stderr, status } = run(words, root);
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(JSON.parse(stdout)).toEqual({ words, stdin: 'given by stdin' });
    expect(contentsOf(root)).toEqual(before);
  });

  test.for(native)('does "$words" by itself, and never finds that it is too late for Node', ({ words }) => {
    const own = mkdtempSync(join(dir, 'own-'));
    cpSync(root, own, { recursive: true });
    const { stdout, stderr, status } = run(words, own);
    expect(stdout).not.toContain('given by stdin"');
    expect(stderr).not.toMatch(/too late|unexpected/i);
    expect(status).toBeLessThan(8);
    expect(status).not.toBe(1);
  });

  test.each<[words: string[], input: string]>([
    [['send', 'reviewer'], 'body'],
    [['send', 'reviewer', '-'], 'body'],
    [['send', 'reviewer', 'x', '-'], 'more'],
    [['send', 'reviewer', 'x', '--data', '-'], '{}'],
    [['send', 'reviewer', 'x'], ''],
  ])('begins %s anew before it has taken anything, where the settings ask for what it cannot do', (words, input) => {
    const own = mkdtempSync(join(dir, 'own-'));
    cpSync(root, own, { recursive: true, preserveTimestamps: true });
    const config = ['config', 'set', 'secrets', 'refuse', '--root', own];
    execFileSync(process.execPath, [join(project, 'bin/dreamos.cjs'), ...config]);
    const before = contentsOf(own);
    const { stdout, stderr, status } = run(words, own, input);
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(JSON.parse(stdout)).toEqual({ words, stdin: input });
    expect(contentsOf(own)).toEqual(before);
  });

  test('leaves what the audit notes of mail to Node, before it has changed anything', () => {
    const own = mkdtempSync(join(dir, 'audited-'));
    cpSync(root, own, { recursive: true });
    const inNode = (...words: string[]): string =>
      execFileSync(process.execPath, [join(project, 'bin/dreamos.cjs'), ...words, '--root', own], { encoding: 'utf8' });
    // So that whoever reads or acks would note that he is there.
    inNode('agent', 'start', 'planner');
    const id = inNode('send', 'planner', 'hello', '--as', 'reviewer').trim();
    inNode('read', 'planner', '--as', 'planner');
    inNode('config', 'set', 'audit=all');
    const before = contentsOf(own);
    for (const words of [
      ['send', 'reviewer', 'hello'],
      ['reply', id, 'done', '--ack'],
      ['read', 'planner'],
      ['ack', id],
    ]) {
      expect(JSON.parse(run(words, own).stdout)).toMatchObject({ words });
      expect(contentsOf(own)).toEqual(before);
    }
  });

  test('tells what it is', () => {
    expect(JSON.parse(run(['--version', '--json'], root).stdout)).toMatchObject({ runtime: 'native' });
  });

  test('runs in Node where DREAMOS_RUNTIME=node says so', () => {
    const env = { ...process.env, DREAMOS_RUNTIME: 'node', DREAMOS_NODE_SCRIPT: script };
    expect(spawnSync(program, ['ack', 'x'], { env, input: '', encoding: 'utf8' }).stdout).toContain(
      '"words":["ack","x"]',
    );
  });

  test('puts no file of mail in the place of a standard descriptor that is closed', () => {
    for (const closed of ['<&-', '>&-', '2>&-', '<&- >&- 2>&-']) {
      const env = { PATH: process.env['PATH'], HOME: dir, DREAMOS_ROOT: root };
      spawnSync('sh', ['-c', `'${program}' send reviewer hello --as planner ${closed}`], { cwd: dir, env });
    }
    const { stdout } = run(['peek', 'reviewer', '-n', '9', '--json'], root);
    const bodies = stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { message: { body: string } }).message.body);
    expect(bodies).toEqual(['hello', 'hello', 'hello', 'hello']);
  });
});
