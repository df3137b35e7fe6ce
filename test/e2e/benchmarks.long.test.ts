/** That the benchmarks run and would notice a lost message. What they measure is no matter of tests. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { project } from './rig.ts';

interface Results {
  readonly benchmarks: Readonly<
    Record<string, { readonly rows: readonly { what: string; parts: { measured: string }[] }[] }>
  >;
}

const names = [
  'startup',
  'reach',
  'send',
  'batch',
  'claim',
  'depth',
  'watch',
  'fanout',
  'memory',
  'stats',
  'contention',
  'tasks',
  'metrics',
  'export',
  'settings',
  'security',
  'audit',
  'server',
  'bridge',
];

test('every benchmark runs, prints its figures in short, and writes its figures', { timeout: 300_000 }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'dreamos-e2e-'));
  try {
    const json = join(dir, 'results.json');
    const ended = spawnSync(
      process.execPath,
      [join(project, 'bench', 'run.mjs'), '--quick', '--json', json, '--dir', dir],
      {
        encoding: 'utf8',
      },
    );
    expect(ended.stderr).not.toContain('Error');
    expect(ended.status).toBe(0);
    const { benchmarks } = JSON.parse(readFileSync(json, 'utf8')) as Results;
    // Of engines only where their peers are installed, which a fresh clone has not.
    expect(Object.keys(benchmarks).filter((name) => name !== 'engines')).toEqual(names);
    for (const { rows } of Object.values(benchmarks)) {
      expect(rows).not.toHaveLength(0);
      for (const { what } of rows) expect(ended.stdout).toContain(what);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test('a contestant that loses, doubles or changes a message ends the benchmark', async () => {
  const { checkAll, makeTexts } = (await import(join(project, 'bench', 'texts.mjs'))) as {
    checkAll(who: string, sent: readonly string[], received: readonly string[]): void;
    makeTexts(count: number): string[];
  };
  const sent = makeTexts(3);
  const [a = '', b = '', c = ''] = sent;
  checkAll('all', sent, [c, a, b]);
  expect(() => checkAll('loses', sent, [a, b])).toThrow('2 received');
  expect(() => checkAll('doubles', sent, [a, b, b])).toThrow('2 different');
  expect(() => checkAll('changes', sent, [a, b, c.replace('fox', 'box')])).toThrow('1 changed');
});
