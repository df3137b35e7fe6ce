import type { FileContext } from '../disk/context.ts';
import { ensureFolder, forgetFolder } from '../disk/folders.ts';
import { oldReachLog, reachLog } from '../names/reach-name.ts';

/** Of each of two files: the one before goes when the next one is full. */
const mostBytes = 512 * 1024;

/** A line of what went wrong in a hook, which itself says nothing: reach/hook.log. */
export async function note(ctx: FileContext, line: string): Promise<void> {
  const path = reachLog(ctx.layout);
  await ensureFolder(ctx, ctx.layout.reach);
  if (((await ctx.disk.stat(path))?.size ?? 0) > mostBytes) await ctx.disk.rename(path, oldReachLog(ctx.layout));
  if (!(await ctx.disk.append(path, `${line}\n`))) forgetFolder(ctx, ctx.layout.reach);
}
