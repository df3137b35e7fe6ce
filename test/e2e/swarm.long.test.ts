import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test, vi } from 'vitest';

const story = join(import.meta.dirname, '../../scripts/swarm/run.mjs');

// It takes 12 s on a quiet machine, and after a minute in which nothing moves it says so itself.
vi.setConfig({ testTimeout: 240_000 });

interface Verdict {
  readonly tasks: number;
  readonly killed: readonly string[];
  readonly lost: readonly string[];
  readonly faults: readonly string[];
}

test('ten agents do a hundred tasks once each, never two at one, though five processes are killed and one is paused', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [story, '--json', '--pace', '0.4']);
  const { tasks, killed, lost, faults } = JSON.parse(stdout) as Verdict;
  expect(faults).toEqual([]);
  expect(tasks).toBe(100);
  expect(killed).toHaveLength(5);
  expect(new Set(killed.filter((name) => !name.startsWith('coord-')))).toEqual(new Set(['hana', 'dora', 'finn']));
  // Paused for longer than its lease: what it was at was done by another one, and it was told so.
  expect(lost).toContain('gus');
});
