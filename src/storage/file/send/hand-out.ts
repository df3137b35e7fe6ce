/** Handing out what is committed in outbox/: one rename a link, which any process may do or finish (outbox.ts). */
import { DreamosError } from '../../../model/errors.ts';
import type { Message } from '../../../model/message.ts';
import { isLog } from '../../../model/topic.ts';
import type { FileContext } from '../disk/context.ts';
import { moveInto } from '../disk/folders.ts';
import { warnOnce } from '../disk/warn-once.ts';
import { arrival, logEvents } from '../events/event-log.ts';
import { formatEntryName } from '../names/entry-name.ts';
import { outboxBody, outboxLinksOf, parseOutboxFolder, parseOutboxLink } from '../names/outbox-name.ts';
import { pathIn } from '../names/path.ts';
import { slotOf } from '../names/slots.ts';
import { forgetFilling, moveToReady } from '../places/filling.ts';
import { putInInbox } from '../places/inbox.ts';
import { readIfGood } from '../places/read-entry.ts';
import { removeFolder } from './outbox.ts';
import { publishTo } from './publish.ts';

/**
 * Hands out what has just been committed. A disk that fails now does not undo the send: it is on disk, and whoever comes
 * next hands it out. Told otherwise, the sender would send it twice.
 */
export async function handOutOrLeave(ctx: FileContext, message: Message): Promise<void> {
  try {
    await handOut(ctx, message.id, { message });
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    ctx.warn(`${message.id} is sent, but waits in outbox/ for the next reader to hand it out: ${error.message}`);
  }
}

interface HandOut {
  readonly message?: Message;
  /** So many links are tried at most, but for those of this mailbox. What cannot be moved does not count: others lie behind it. */
  readonly most?: number;
  readonly first?: string | undefined;
}

/** Hands out a committed send. Any number of processes may do it at the same time. @returns how many links it moved */
async function handOut(ctx: FileContext, id: string, { message, most = Infinity, first }: HandOut): Promise<number> {
  const dir = ctx.layout.committed(id);
  const moved = new Set<string>();
  let tried = 0;
  let failed: DreamosError | undefined;
  // Twice at most: a scan during other processes' renames can miss a name, and the folder's removal then fails.
  for (let round = 0; round < 2; round++) {
    let left = false;
    for (const text of inTurn((await ctx.disk.list(dir)) ?? [], first)) {
      // Moved and still here: a power cut on btrfs can undo one half of a rename, so that a link is here and in its mailbox.
      // A rename onto another link of the same file does nothing, and would be tried for ever.
      try {
        if (moved.has(text)) await ctx.disk.remove(pathIn(dir, text));
        else if (tried >= most && !isFor(first, text)) left ||= text !== outboxBody;
        else {
          if (await handOutLink(ctx, dir, text, message)) moved.add(text);
          tried++;
        }
      } catch (error) {
        if (!(error instanceof DreamosError)) throw error;
        // One mailbox in disorder is no reason to keep the others waiting.
        failed = error;
      }
    }
    if (failed) throw failed;
    if (!left && (await removeFolder(ctx, dir))) break;
  }
  return moved.size;
}

function inTurn(names: readonly string[], first: string | undefined): string[] {
  const sorted = names.toSorted();
  if (first === undefined) return sorted;
  return [...sorted.filter((name) => isFor(first, name)), ...sorted.filter((name) => !isFor(first, name))];
}

function isFor(mailbox: string | undefined, link: string): boolean {
  return mailbox !== undefined && link.startsWith(outboxLinksOf(mailbox));
}

/**
 * Finishes every committed send whose sender has died, or is still at it; a bounded number of links a call, so that nobody
 * waits for thousands of others.
 * @param first the mailbox whose own are all handed out
 */
export async function finishOutbox(ctx: FileContext, limit: number, first?: string): Promise<number> {
  let moved = 0;
  let synced = false;
  for (const name of ((await ctx.disk.list(ctx.layout.outbox)) ?? []).sort()) {
    const folder = parseOutboxFolder(name);
    if (folder?.committed !== true) continue;
    // Its sender may have died between the commit and its sync. Were a link handed out before that, a power cut could keep
    // it in its mailbox and undo the commit for the others.
    if (!synced) synced = await ctx.disk.syncDir(ctx.layout.outbox);
    // Its sender may have used newer buckets than those that this process fills: what it sent first must stay first.
    forgetFilling(ctx);
    try {
      moved += await handOut(ctx, folder.id, { most: limit - moved, first });
    } catch (error) {
      if (!(error instanceof DreamosError)) throw error;
      // Every reader of every mailbox comes by here: what one send cannot do must not stop them all.
      warnOnce(ctx, `${folder.id} waits in outbox/, because it cannot be handed out: ${error.message}`);
    }
  }
  return moved;
}

async function handOutLink(ctx: FileContext, dir: string, text: string, known: Message | undefined): Promise<boolean> {
  const link = parseOutboxLink(text);
  if (!link) return false;
  const path = pathIn(dir, text);
  const mailbox = ctx.layout.mailbox(link.mailbox);
  const message = known ?? (await readIfGood(ctx, path, link.name, link.mailbox));
  const { name } = link;
  if (isLog(mailbox.name)) return publishTo(ctx, mailbox, path, name, message);
  const at = ctx.clock.now();
  if (name.tag === 'u') {
    if (!(await moveInto(ctx, path, slotOf(mailbox.delayed, name.time), formatEntryName(name)))) return false;
  } else {
    const waited = message && (await putInInbox(ctx, mailbox, message, name, (to) => ctx.disk.rename(path, to)));
    if (!waited && (await moveToReady(ctx, path, mailbox, 1, name)) === undefined) return false;
  }
  const event = name.tag === 'u' ? 'scheduled' : 'delivered';
  await logEvents(ctx, mailbox, [arrival(event, name.id, message)], at);
  return true;
}
