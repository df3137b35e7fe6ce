/** The folders of keys/: who holds an ordering key. ordering.ts has the protocol. */
import { DreamosError } from '../../../model/errors.ts';
import type { FileContext } from '../disk/context.ts';
import type { EntryName } from '../names/entry-name.ts';
import { ensureFolder, forgetFolder, removedAgain } from '../disk/folders.ts';
import { type Mailbox } from '../names/layout.ts';
import { type Head, headName, orderingKeyFolder, parseHead, stagedOrderingKeyFolder } from '../names/key-name.ts';
import { pathIn } from '../names/path.ts';

/** Makes a message the head of a key that nobody holds. Of any number of processes one succeeds. */
export async function acquireOrderingKey(
  ctx: FileContext,
  mailbox: Mailbox,
  key: string,
  head: Head,
): Promise<boolean> {
  const dir = orderingKeyFolder(mailbox, key);
  const staged = stagedOrderingKeyFolder(mailbox, key, ctx.ids.token());
  const file = pathIn(staged, headName(head));
  for (let round = 0; round < 100; round++) {
    await ensureFolder(ctx, mailbox.keys);
    const made =
      (await ctx.disk.makeDir(staged)) !== 'missing' &&
      (await ctx.disk.create(file, new Uint8Array(), { sync: false }));
    const moved = made ? await ctx.disk.moveFolder(staged, dir) : 'missing';
    if (moved === 'moved') return true;
    if (moved === 'taken') {
      await ctx.disk.remove(file);
      await ctx.disk.removeDir(staged);
      const odd = (await ctx.disk.stat(dir))?.kind ?? 'directory';
      if (odd !== 'directory') await ctx.quarantineObstacle(dir, odd);
      return false;
    }
    // Somebody has removed keys/ since this process first saw it.
    forgetFolder(ctx, mailbox.keys);
  }
  throw removedAgain(mailbox.keys);
}

/** The same message, claimed once more. @returns `false`: the head has changed since it was looked at */
export async function advanceHead(
  ctx: FileContext,
  mailbox: Mailbox,
  key: string,
  from: Head,
  to: Head,
): Promise<boolean> {
  const dir = orderingKeyFolder(mailbox, key);
  return ctx.disk.rename(pathIn(dir, headName(from)), pathIn(dir, headName(to)));
}

/** Safe to do twice and by anybody: it names the head that it removes, and can never remove another. */
export async function removeHead(ctx: FileContext, mailbox: Mailbox, key: string, head: Head): Promise<boolean> {
  const dir = orderingKeyFolder(mailbox, key);
  const removed = await ctx.disk.remove(pathIn(dir, headName(head)));
  if (removed) await ctx.disk.removeDir(dir);
  return removed;
}

/** After a message was settled for good, in this one of its lives: its key is free for the next one. */
export async function releaseOrderingKey(ctx: FileContext, mailbox: Mailbox, name: EntryName): Promise<void> {
  if (!name.order) return;
  const { key, life } = name.order;
  try {
    if (await removeHead(ctx, mailbox, key, { id: name.id, life, attempt: name.attempt })) return;
    // It never held the key; or somebody was about to claim it once more and comes too late.
    for (const text of (await ctx.disk.list(orderingKeyFolder(mailbox, key))) ?? []) {
      const head = parseHead(text);
      if (head?.id === name.id && head.life === life) await removeHead(ctx, mailbox, key, head);
    }
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    // The message is settled, whatever becomes of its key. Who waits for the key will look.
    ctx.warn(`${name.id} is settled, but seems to hold its ordering key a while longer: ${error.message}`);
  }
}
