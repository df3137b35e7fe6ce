/** A real disk that runs full: of space, or of inodes, at every moment of a command; and one that can't be written. */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fill, mounted, type Scarce } from '../../tmpfs.ts';
import type { Stage } from '../kill/stage.ts';
import { judge, runPlainly } from './judge.ts';

const run = promisify(execFile);
/** No command of the scenarios takes more of either; most takes the one that makes a root. */
const mostLeft = 160;

export interface FullDisk {
  readonly problems: string[];
  /** How many times the command met the full disk. */
  readonly met: number;
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
      const restore = fill(place, scarce, left);
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

function tree(place: string): string {
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .map((file) => join(file.parentPath, file.name))
    .sort()
    .join('\n');
}
