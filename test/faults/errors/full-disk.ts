/** A real disk that runs full: of space, or of inodes, at every moment of a command; and one that can't be written. */
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Stage } from '../kill/stage.ts';
import { judge, runPlainly } from './judge.ts';

const run = promisify(execFile);
const pageBytes = 4096;
/** No command of the scenarios takes more of either. */
const mostLeft = 64;

export type Scarce = 'space' | 'inodes';

export interface FullDisk {
  readonly problems: string[];
  /** How many times the command met the full disk. */
  readonly met: number;
}

/** Why no disk can be mounted here; `undefined`: it can. */
export async function cannotMount(dir: string): Promise<string | undefined> {
  try {
    await mounted(join(dir, 'try'), 'size=64k', () => Promise.resolve());
    return undefined;
  } catch (error) {
    return `a tmpfs cannot be mounted (${(error as Error).message.trim().split('\n').at(-1) ?? ''})`;
  }
}

/** Plays a command with room for nothing, for one page (or inode), for two …, until it no longer notices. */
export async function playFull(stage: Stage, dir: string, scarce: Scarce): Promise<FullDisk> {
  const problems: string[] = [];
  let met = 0;
  for (let left = 0; left <= mostLeft; left++) {
    const place = join(dir, `full-${stage.name}-${scarce}-${left}`);
    let noticed = false;
    await mounted(place, 'size=1m,nr_inodes=600', async () => {
      const play = await stage.fresh(place);
      const restore = scarce === 'space' ? fillSpace(place, left) : fillInodes(place, left);
      const ending = await runPlainly(stage, play);
      restore();
      noticed = ending.code !== 0 || (!stage.warns && ending.stderr.includes('"warning"'));
      const judged = await judge(stage, play, ending);
      problems.push(
        ...judged.problems.map((problem) => `${stage.scenario.name}, with room for ${left} ${scarce}: ${problem}`),
      );
    });
    if (!noticed) return { problems, met };
    met++;
  }
  problems.push(`${stage.scenario.name} still fails with room for ${mostLeft} ${scarce}`);
  return { problems, met };
}

/** Plays a command on a disk that is mounted read-only. */
export async function playReadOnly(stage: Stage, dir: string): Promise<FullDisk> {
  const problems: string[] = [];
  const place = join(dir, `read-only-${stage.name}`);
  await mounted(place, 'size=8m', async () => {
    const play = await stage.fresh(place);
    const before = tree(place);
    await run('mount', ['-o', 'remount,ro', place]);
    const ending = await runPlainly(stage, play);
    await run('mount', ['-o', 'remount,rw', place]);
    const say = (problem: string) => problems.push(`${stage.scenario.name}, on a read-only disk: ${problem}`);
    if (ending.code === 0) say('it says that it is done');
    if (!ending.stderr.includes('read-only')) say(`it does not say so: ${ending.stderr}`);
    if (tree(place) !== before) say('something has changed');
    for (const problem of (await judge(stage, play, ending)).problems) say(problem);
  });
  return { problems, met: 1 };
}

/** A tmpfs at `place` while `work` runs. */
async function mounted(place: string, options: string, work: () => Promise<void>): Promise<void> {
  mkdirSync(place, { recursive: true });
  await run('mount', ['-t', 'tmpfs', '-o', options, 'dreamos-test', place]);
  try {
    await work();
  } finally {
    await run('umount', ['-l', place]);
    rmSync(place, { recursive: true, force: true });
  }
}

/** Leaves so many pages. @returns frees the space again */
function fillSpace(place: string, pages: number): () => void {
  const file = join(place, 'filler');
  let bytes = 0;
  writeFileSync(file, '');
  try {
    for (;;) {
      writeFileSync(file, Buffer.alloc(pageBytes), { flag: 'a' });
      bytes += pageBytes;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
  truncateSync(file, Math.max(0, bytes - pages * pageBytes));
  return () => rmSync(file);
}

function fillInodes(place: string, inodes: number): () => void {
  const folder = join(place, 'fillers');
  mkdirSync(folder);
  let made = 0;
  try {
    for (;;) writeFileSync(join(folder, String(++made)), '');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
  for (let n = 0; n < inodes; n++) rmSync(join(folder, String(--made)));
  return () => rmSync(folder, { recursive: true });
}

function tree(place: string): string {
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .map((file) => join(file.parentPath, file.name))
    .sort()
    .join('\n');
}
