/** A small disk in memory, that runs full of space or of inodes. */
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
export const pageBytes = 4096;

export type Scarce = 'space' | 'inodes';

/** Why no disk can be mounted here; `undefined`: it can. */
export async function cannotMount(dir: string): Promise<string | undefined> {
  try {
    await mounted(join(dir, 'try'), 'size=64k', () => Promise.resolve());
    return undefined;
  } catch (error) {
    return `a tmpfs cannot be mounted (${(error as Error).message.trim().split('\n').at(-1) ?? ''})`;
  }
}

/** A tmpfs at `place` while `work` runs. */
export async function mounted(place: string, options: string, work: () => Promise<void>): Promise<void> {
  mkdirSync(place, { recursive: true });
  await run('mount', ['-t', 'tmpfs', '-o', options, 'dreamos-test', place]);
  try {
    await work();
  } finally {
    await run('umount', ['-l', place]);
    rmSync(place, { recursive: true, force: true });
  }
}

let fillers = 0;

/** Leaves so many pages, or inodes. @returns frees them again */
export function fill(place: string, scarce: Scarce, left = 0): () => void {
  const filler = join(place, `filler-${fillers++}`);
  return scarce === 'space' ? fillSpace(filler, left) : fillInodes(filler, left);
}

function fillSpace(filler: string, pages: number): () => void {
  let bytes = 0;
  writeFileSync(filler, '');
  untilFull(() => {
    writeFileSync(filler, Buffer.alloc(pageBytes), { flag: 'a' });
    bytes += pageBytes;
  });
  truncateSync(filler, Math.max(0, bytes - pages * pageBytes));
  return () => rmSync(filler);
}

function fillInodes(filler: string, inodes: number): () => void {
  const made: string[] = [];
  untilFull(() => {
    const name = `${filler}-${made.length}`;
    writeFileSync(name, '');
    made.push(name);
  });
  for (const name of made.splice(Math.max(0, made.length - inodes))) rmSync(name);
  return () => made.forEach((name) => rmSync(name));
}

function untilFull(take: () => void): void {
  try {
    for (;;) take();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
