import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Dreamos } from '../../src/library/dreamos.ts';
import { init } from '../../src/library/library.ts';

/** The library on a root of its own, with the agents planner, who acts, and reviewer. */
export async function openLibrary(time = { nowMs: Date.now() }): Promise<Dreamos> {
  // What is written beside the root, such as a backup, goes with it.
  const folder = mkdtempSync(join(tmpdir(), 'dreamos-contract-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const root = join(folder, 'mail');
  const clock = { now: () => time.nowMs, uptime: () => performance.now() };
  const env = { DREAMOS_CONFIG_HOME: join(root, 'user') };
  return init({ root, clock, as: 'planner', agents: ['planner', 'reviewer'], warn: () => undefined, env });
}
