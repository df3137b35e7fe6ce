/** A folder that is served again by a disk which takes its time, or hangs (slow-disk.py). */
import { spawn } from 'node:child_process';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './e2e/rig.ts';

const script = join(dirname(fileURLToPath(import.meta.url)), 'slow-disk.py');

export interface SlowDisk {
  readonly dir: string;
  /** How long each call takes; seconds. */
  takes(seconds: number | 'hang'): void;
  end(): Promise<void>;
}

/** @param place a folder of its own */
export async function slowDisk(place: string): Promise<SlowDisk> {
  const [folder = '', dir = '', delay = ''] = ['real', 'seen', 'delay'].map((name) => join(place, name));
  mkdirSync(folder, { recursive: true });
  mkdirSync(dir);
  const takes = (seconds: number | 'hang'): void => writeFileSync(delay, String(seconds));
  takes(0);
  const child = spawn('/usr/bin/python3', [script, folder, dir, delay], { stdio: ['pipe', 'ignore', 'pipe'] });
  const ended = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
  let said = '';
  child.stderr.on('data', (text) => (said += String(text)));
  const before = statSync(place).dev;
  await until('it is mounted', () => {
    if (child.exitCode !== null) throw new Error(`No disk: ${said}`);
    return statSync(dir).dev !== before;
  });
  return {
    dir,
    takes,
    end: async () => {
      takes(0);
      child.stdin.end();
      await ended;
    },
  };
}
