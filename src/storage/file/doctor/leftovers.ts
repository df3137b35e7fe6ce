import type { FileContext } from '../disk/context.ts';
import type { Finding } from '../../port/upkeep.ts';
import { pathIn } from '../names/path.ts';

/** What killed processes leave behind, by its age. */
export async function* sweep(
  ctx: FileContext,
  dir: string,
  isLeftover: (name: string) => boolean,
  ageMs: number,
  fix: boolean,
): AsyncGenerator<Finding> {
  for (const name of (await ctx.disk.list(dir)) ?? []) {
    const path = pathIn(dir, name);
    if (!isLeftover(name) || !(await olderThan(ctx, path, ageMs))) continue;
    const fixed = fix && (await ctx.disk.remove(path));
    yield { rule: 'leftover', level: 'info', message: `${path} was left by a process that died.`, fixed };
  }
}

/** Or dated as far in the future, by a clock that was ahead: it is not of a moment ago either, and else would never be old. */
export async function olderThan(ctx: FileContext, path: string, ageMs: number): Promise<boolean> {
  const stat = await ctx.disk.stat(path);
  return stat !== undefined && Math.abs(ctx.clock.now() - stat.mtimeMs) > ageMs;
}
