import type { FileContext } from '../disk/context.ts';
import type { FileStat } from '../disk/disk.ts';
import type { Finding } from '../../port/upkeep.ts';
import { type Leftover } from '../names/beside.ts';
import { pathIn } from '../names/path.ts';

/** What killed processes leave behind, by its age. */
export async function* sweep(
  ctx: FileContext,
  dir: string,
  leftoverOf: (name: string) => Leftover | undefined,
  ageMs: number,
  fix: boolean,
): AsyncGenerator<Finding> {
  for (const name of (await ctx.disk.list(dir)) ?? []) {
    const path = pathIn(dir, name);
    const leftover = leftoverOf(name);
    if (leftover === undefined || !(await olderThan(ctx, path, ageMs))) continue;
    if (leftover === 'perhaps') {
      const message = `${path} was left by an older dreamos that died, or is a copy that somebody made.`;
      yield { rule: 'leftover', level: 'info', message, hint: `If it is not yours: rm ${path}` };
      continue;
    }
    const fixed = fix && (await ctx.disk.remove(path));
    yield leftBehind(path, fixed);
  }
}

export async function olderThan(ctx: FileContext, path: string, ageMs: number): Promise<boolean> {
  const stat = await ctx.disk.stat(path);
  return stat !== undefined && isOlder(ctx, stat, ageMs);
}

/** Or dated as far in the future, by a clock that was ahead: it is not of a moment ago either, and else would never be old. */
export function isOlder({ clock }: FileContext, { mtimeMs }: FileStat, ageMs: number): boolean {
  return Math.abs(clock.now() - mtimeMs) > ageMs;
}

/** A folder that was being made, with what lies in it. */
export async function* sweepStaged(ctx: FileContext, dir: string, fix: boolean): AsyncGenerator<Finding, void, void> {
  if (fix) for (const name of (await ctx.disk.list(dir)) ?? []) await ctx.disk.remove(pathIn(dir, name));
  yield leftBehind(dir, fix && (await ctx.disk.removeDir(dir)));
}

export function leftBehind(path: string, fixed: boolean): Finding {
  return { rule: 'leftover', level: 'info', message: `${path} was left by a process that died.`, fixed };
}
