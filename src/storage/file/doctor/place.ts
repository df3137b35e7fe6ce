import { hourMs } from '../../../model/basics/limits.ts';
import { topicNames } from '../documents/topics.ts';
import type { FileContext } from '../disk/context.ts';
import type { FileStat } from '../disk/disk.ts';
import type { Finding, InspectOptions } from '../../port/upkeep.ts';
import { isOlder, sweep } from './leftovers.ts';
import { shown } from './root.ts';
import { mailboxNames } from '../documents/agents.ts';
import { isLockFolder, lockAside, rootLeftover, taskLeftover } from '../names/beside.ts';
import { pathIn } from '../names/path.ts';
import { isTaskFolder, pendingFolder, receivedFolder, tasksFolder } from '../names/task-name.ts';

/** Where the root lies, and what lies in it beside mail. */
const lockStaleMs = 60_000;

// statfs(2) types of file systems on which hard links, atomic rename, fsync or inotify are not what they should be.
const risky: Readonly<Record<number, string>> = {
  0x6969: 'NFS',
  0x517b: 'SMB',
  0xff534d42: 'CIFS',
  0xfe534d42: 'SMB2',
  0x01021997: '9p',
  0x65735546: 'FUSE (virtiofs, sshfs, drvfs …)',
  0x53464846: 'drvfs',
};

export async function* inspectFileSystem(ctx: FileContext): AsyncGenerator<Finding> {
  const name = risky[await ctx.disk.fileSystem(ctx.layout.root)];
  if (name === undefined) return;
  yield {
    rule: 'file-system',
    level: 'warning',
    message: `The root lies on ${name}: other machines' renames, syncs and pushes cannot be relied on there.`,
    hint: 'Use a local file system: `root` or DREAMOS_ROOT.',
  };
}

export async function* inspectLocks(ctx: FileContext, _: undefined, { fix }: InspectOptions): AsyncGenerator<Finding> {
  for (const dir of [ctx.layout.root, ...(await taskFolders(ctx))]) {
    for (const name of (await ctx.disk.list(dir)) ?? []) {
      const path = pathIn(dir, name);
      const stat = isLockFolder(name) ? await ctx.disk.stat(path) : undefined;
      if (!stat || !isOlder(ctx, stat, lockStaleMs)) continue;
      const fixed = fix && (await removeLock(ctx, path, stat));
      yield { rule: 'lock-stale', level: 'info', message: `The lock ${name} was left by a process that died.`, fixed };
    }
  }
}

async function taskFolders({ disk, layout }: FileContext): Promise<string[]> {
  const tasks = tasksFolder(layout);
  const names = (await disk.list(tasks)) ?? [];
  return [
    pendingFolder(layout),
    receivedFolder(layout),
    ...names.filter(isTaskFolder).map((name) => pathIn(tasks, name)),
  ];
}

/**
 * Between the look and what follows, somebody may have removed it and taken the lock anew under the same name. So it is looked
 * at once more under a name that nobody else knows, and another's is put back at once, as in disk/lock.ts.
 */
async function removeLock({ disk }: FileContext, path: string, seen: FileStat): Promise<boolean> {
  const isSeen = (one: FileStat | undefined): boolean => one?.inode === seen.inode && one.mtimeMs === seen.mtimeMs;
  if (!isSeen(await disk.stat(path))) return false;
  const aside = lockAside(path);
  if (!(await disk.rename(path, aside))) return false;
  if (isSeen(await disk.stat(aside))) return disk.removeDir(aside);
  // Who has taken it meanwhile has it.
  if (await disk.stat(path)) await disk.removeDir(aside);
  else await disk.moveFolder(aside, path);
  return false;
}

export async function* inspectRootLeftovers(
  ctx: FileContext,
  _: undefined,
  { fix }: InspectOptions,
): AsyncGenerator<Finding> {
  yield* sweep(ctx, ctx.layout.root, rootLeftover, hourMs, fix);
  for (const dir of await taskFolders(ctx)) yield* sweep(ctx, dir, taskLeftover, hourMs, fix);
}

export async function* inspectStrangers(ctx: FileContext): AsyncGenerator<Finding> {
  const known = new Set(await mailboxNames(ctx));
  for (const name of (await ctx.disk.list(ctx.layout.mailboxes)) ?? []) {
    if (known.has(name)) continue;
    yield {
      rule: 'stranger',
      level: 'warning',
      message: `agent_mailboxes/${shown(name)} is no mailbox: not a folder, or not an agent's name.`,
      hint: 'Move it away by hand; dreamos does not look into it.',
    };
  }
  const topics = new Set(await topicNames(ctx));
  for (const name of (await ctx.disk.list(ctx.layout.topics)) ?? []) {
    if (topics.has(name)) continue;
    yield {
      rule: 'stranger',
      level: 'warning',
      message: `topics/${shown(name)} is no topic's log: not a folder, or not a topic's name.`,
      hint: 'Move it away by hand; dreamos does not look into it.',
    };
  }
}
