/** A linked worktree of git (`git worktree add`) shares the root of the main one: what lies beside it goes with it. */
import { basename, dirname, join, resolve } from 'node:path';
import type { Disk } from '../disk.ts';

/**
 * The top of the main worktree, where this file stands at the top of a linked one; `undefined`: it is a submodule's, the
 * repository is a bare one, or the file is another user's, who could lead everybody's mail elsewhere by it.
 */
export async function mainWorktreeOf(disk: Disk, gitFile: string): Promise<string | undefined> {
  const owner = (await disk.stat(gitFile))?.uid;
  const me = disk.userId();
  if (me !== undefined && owner !== me) return undefined;
  const [, gitDir] = /^gitdir: (.+)$/m.exec((await textOf(disk, gitFile)) ?? '') ?? [];
  if (gitDir === undefined) return undefined;
  const own = resolve(dirname(gitFile), gitDir);
  // gitrepository-layout(5): only that of a linked worktree has it.
  const common = (await textOf(disk, join(own, 'commondir')))?.trim();
  if (!common) return undefined;
  const shared = resolve(own, common);
  return basename(shared) === '.git' ? dirname(shared) : undefined;
}

async function textOf(disk: Disk, path: string): Promise<string | undefined> {
  const file = await disk.read(path, { maxBytes: 65_536 });
  return file.ok ? file.bytes.toString() : undefined;
}
