import { DreamosError } from '../../../model/errors.ts';
import type { FileContext } from '../disk/context.ts';
import { formatEntryName, mayNotify, type EntryName } from '../names/entry-name.ts';
import { logEvents } from '../events/event-log.ts';
import { ensureFolder, moveInto, syncFolderOrAncestor } from '../disk/folders.ts';
import { releaseOrderingKey } from '../places/key-heads.ts';
import { endOf } from './held.ts';
import type { Mailbox } from '../names/layout.ts';
import { reasonOf } from '../names/beside.ts';
import { folderOf, pathIn } from '../names/path.ts';

/**
 * Moves a message to the dead-letter queue: the reason is written and synced first, then comes the rename, then dlq/ is
 * synced. So a message is never dead without a reason; a reason without a message is swept by `doctor`.
 * @returns the entry's new name; `undefined` when somebody else has moved the message
 */
export async function deadLetter(
  ctx: FileContext,
  mailbox: Mailbox,
  path: string,
  name: EntryName,
  why: {
    readonly reason: string;
    readonly by?: string | undefined;
    readonly label?: string | undefined;
    readonly settled?: string | undefined;
    readonly history?: 'log' | 'none';
  },
): Promise<EntryName | undefined> {
  const { historyOf, writeReason } = await import('./reason.ts');
  const now = ctx.clock.now();
  const dead: EntryName = {
    ...name,
    tag: 'k',
    time: now,
    token: undefined,
    maxAttempts: undefined,
    since: undefined,
    settled: why.settled ?? name.settled,
  };
  const text = formatEntryName(dead);
  const target = pathIn(mailbox.dlq, text);
  const history = why.history === 'none' ? [] : await historyOf(ctx, mailbox, name);
  const reason = { reason: why.reason, attempts: name.attempt, deadAt: now, history };
  // Also a guard: through a link in its place the reason would land outside of the root.
  await ensureFolder(ctx, mailbox.dlq);
  await writeReason(ctx, reasonOf(target), reason);
  if (!(await moveInto(ctx, path, mailbox.dlq, text))) {
    // Whoever did the same in the same millisecond has the same names, and then the reason is theirs.
    if (!(await ctx.disk.stat(target))) await ctx.disk.remove(reasonOf(target));
    return undefined;
  }
  await releaseOrderingKey(ctx, mailbox, name);
  try {
    await syncFolderOrAncestor(ctx, mailbox.dlq);
    // After a power cut btrfs has the old name as well when only the new one's folder was synced, and a dead message would
    // be delivered again.
    await syncFolderOrAncestor(ctx, folderOf(path));
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    // The rename has decided. After a power cut it may be delivered once more, which is allowed.
    ctx.warn(`${name.id} is dead, but may come back after a power cut: ${error.message}`);
  }
  await logEvents(ctx, mailbox, [
    {
      event: 'dead',
      id: name.id,
      attempt: name.attempt,
      reason: why.reason,
      by: why.by,
      label: why.label,
      ...endOf(name, now),
    },
  ]);
  if (dead.notify) await (await import('./notice.ts')).tellSender(ctx, mailbox, dead);
  return dead;
}

/**
 * Tells senders of the deaths behind which a process died before it could.
 * @param most so many of the newest ones are looked at
 */
export async function tellUntold(ctx: FileContext, mailbox: Mailbox, most = Infinity): Promise<void> {
  const names = ((await ctx.disk.list(mailbox.dlq)) ?? []).filter(mayNotify);
  if (names.length > 0) await (await import('./notice.ts')).tellSenders(ctx, mailbox, names, most);
}
