import type { FileContext } from './context.ts';

/**
 * Makes a file that a script wrote under a wide umask as private as ours. Not one that has a second name: that may lie
 * outside of the root, and its mode is not ours to change.
 */
export async function makeFilePrivate(ctx: FileContext, path: string): Promise<void> {
  const stat = await ctx.disk.stat(path);
  if (stat?.kind === 'file' && stat.links === 1 && (stat.mode & 0o077) !== 0) await ctx.disk.makePrivate(path);
}
