/**
 * A send to several mailboxes (or under a dedupe key) is one commit: the body and one link per mailbox are written and
 * synced in outbox/<id>.new, and the rename to outbox/<id> commits. Handing out is then one rename per link, which any
 * process may do or finish; of two that try the same link one gets ENOENT, so nobody gets the message twice.
 * What is not committed is in no mailbox.
 */
import { DreamosError } from '../../../model/errors.ts';
import { priorities, sealLines, type Message } from '../../../model/message.ts';
import type { Durability } from '../../../model/settings.ts';
import { isLog } from '../../../model/topic.ts';
import type { Outgoing } from '../../port/mail.ts';
import type { FileContext } from '../disk/context.ts';
import { type EntryName, formatEntryName, orderOf, unset } from '../names/entry-name.ts';
import { arrival, logEvents } from '../events/event-log.ts';
import { ensureFolder, moveInto, forgetRemoved } from '../disk/folders.ts';
import { inodesOfKey, removeKeyOf } from './dedupe-keys.ts';
import { putInInbox } from '../places/inbox.ts';
import { publishTo } from './publish.ts';
import { readIfGood } from '../places/read-entry.ts';
import { warnOnce } from '../disk/warn-once.ts';
import { moveToReady, forgetFilling } from '../places/filling.ts';
import { isUncommitted, outboxBody, outboxLink, parseOutboxFolder, parseOutboxLink } from '../names/outbox-name.ts';
import { slotOf } from '../names/slots.ts';
import { pathIn } from '../names/path.ts';

/** Names of a message that nobody has claimed yet. */
export function firstName(ctx: FileContext, { message, dueAt, expiresAt }: Outgoing, mailbox: string): EntryName {
  return {
    ...unset,
    tag: dueAt === undefined ? 't' : 'u',
    time: dueAt ?? ctx.clock.now(),
    id: message.id,
    rank: priorities.indexOf(message.priority),
    attempt: 0,
    expiresAt: message.expiresAt === null ? expiresAt?.get(mailbox) : Date.parse(message.expiresAt),
    order: orderOf(message),
  };
}

/** Writes everything but the commit. */
export async function prepare(ctx: FileContext, outgoing: Outgoing, durability: Durability): Promise<void> {
  const dir = ctx.layout.uncommitted(outgoing.message.id);
  try {
    await write(ctx, dir, outgoing, durability);
  } catch (error) {
    await removeFolder(ctx, dir);
    throw error;
  }
}

async function write(ctx: FileContext, dir: string, outgoing: Outgoing, durability: Durability): Promise<void> {
  const { message, mailboxes } = outgoing;
  const body = pathIn(dir, outboxBody);
  await ensureFolder(ctx, dir);
  let complete = await ctx.disk.create(body, sealLines([message]).bytes, { sync: durability === 'full' });
  const same = outgoing.expiresAt ? undefined : firstName(ctx, outgoing, '');
  for (const mailbox of mailboxes) {
    // A log has no later: what is published is there at once.
    const name = isLog(mailbox)
      ? firstName(ctx, { message, mailboxes: [mailbox] }, mailbox)
      : (same ?? firstName(ctx, outgoing, mailbox));
    complete &&= (await ctx.disk.link(body, pathIn(dir, outboxLink(mailbox, name)))) === 'made';
  }
  if (!complete) {
    throw disturbed(`${dir} was changed by somebody else while it was written`);
  }
  if (durability === 'relaxed') return;
  await ctx.disk.syncDir(dir);
  // The folder's own name, too: a dedupe key that outlives it would call a lost message sent.
  await ctx.disk.syncDir(ctx.layout.outbox);
}

/** Somebody else was at what this process prepares. */
export function disturbed(how: string): DreamosError {
  return new DreamosError('disk', 'DISK_FAILED', `${how}; nothing was sent.`, {
    hint: 'Does something clean up outbox/ of this root? Send it again.',
  });
}

/** What the sender itself knows of a send, so that a failed one can be taken back. */
interface Mine {
  readonly recipients: number;
  readonly dedupeFile?: string;
}

/**
 * Commits a prepared send. Safe to do twice and by anybody.
 * @param mine the sender's own: then it is taken back when the disk fails
 * @returns `false` when there is nothing prepared under this id (any more)
 */
export async function commit(ctx: FileContext, id: string, durability: Durability, mine?: Mine): Promise<boolean> {
  let renamed = false;
  try {
    renamed = await renamedOrThere(ctx, id);
    if (durability === 'full') await ctx.disk.syncDir(ctx.layout.outbox);
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    if (!renamed && !mine) throw error;
    if (mine && (await tookBack(ctx, id, renamed, mine))) throw error;
    throw uncertain(id, error);
  }
  // Gone means committed by another, and is called sent: so what is there is not called gone. It is not taken back, because
  // it may be another's by now; the next try finishes it.
  if (!renamed && (await ctx.disk.stat(ctx.layout.uncommitted(id))))
    throw disturbed(`${ctx.layout.uncommitted(id)} cannot be renamed`);
  return renamed;
}

/**
 * A handed-in file is sent under its own id, by several processes at once: whoever takes the id anew when it has just been
 * committed leaves an empty folder, which cannot go onto the committed one. Taken for a failing disk, it would be taken
 * back, and with it the key of what is being handed out.
 */
async function renamedOrThere(ctx: FileContext, id: string): Promise<boolean> {
  try {
    return await ctx.disk.rename(ctx.layout.uncommitted(id), ctx.layout.committed(id));
  } catch (error) {
    if (!(error instanceof DreamosError) || !(await existsQuietly(ctx, ctx.layout.committed(id)))) throw error;
    return true;
  }
}

/**
 * Takes an uncommitted send away, and its dedupe key.
 * @returns `false`: it is not there (any more); a repeat may have committed it
 */
export async function discard(ctx: FileContext, id: string, dedupeFile?: string): Promise<boolean> {
  // Under a name of its own first, or a repeat could commit a folder that is half removed.
  if (!(await ctx.disk.rename(ctx.layout.uncommitted(id), ctx.layout.discarded(id)))) return false;
  await removeDiscarded(ctx, id, dedupeFile);
  return true;
}

/** Its key, if no other send has it by now, goes first: one without a body to finish would call a lost message sent. */
export async function removeDiscarded(ctx: FileContext, id: string, dedupeFile?: string): Promise<void> {
  const gone = ctx.layout.discarded(id);
  const body = await ctx.disk.stat(pathIn(gone, outboxBody));
  if (dedupeFile !== undefined) await removeKeyOf(ctx, dedupeFile, { id, body });
  await removeFolder(ctx, gone);
}

/**
 * For one whose taking back was cut off. A body with more names than those in its folder and its key lies in a mailbox
 * already: somebody has it, so everybody shall have it.
 * @param dedupeFile of its dedupe key; another send may have it by now
 * @returns whether it is committed again
 */
export async function putBack(ctx: FileContext, id: string, dedupeFile?: string): Promise<boolean> {
  const gone = ctx.layout.discarded(id);
  // In this order, because its sender may live and go on removing: what is counted last is then too low, not too high.
  const keys = dedupeFile === undefined ? [] : await inodesOfKey(ctx, dedupeFile);
  const names = (await ctx.disk.list(gone)) ?? [];
  const body = await ctx.disk.stat(pathIn(gone, outboxBody));
  if (body?.kind !== 'file' || body.links <= names.length + (keys.includes(body.inode) ? 1 : 0)) return false;
  return ctx.disk.rename(gone, ctx.layout.committed(id));
}

/**
 * Hands out what has just been committed. A disk that fails now does not undo the send: it is on disk, and whoever comes
 * next hands it out. Told otherwise, the sender would send it twice.
 */
export async function handOutOrLeave(ctx: FileContext, message: Message): Promise<void> {
  try {
    await handOut(ctx, message.id, message);
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    ctx.warn(`${message.id} is sent, but waits in outbox/ for the next reader to hand it out: ${error.message}`);
  }
}

/** Hands out a committed send. Any number of processes may do it at the same time. @returns how many links it moved */
async function handOut(ctx: FileContext, id: string, known?: Message): Promise<number> {
  const dir = ctx.layout.committed(id);
  const moved = new Set<string>();
  let failed: DreamosError | undefined;
  // Twice at most: a scan during other processes' renames can miss a name, and the folder's removal then fails.
  for (let round = 0; round < 2; round++) {
    for (const text of ((await ctx.disk.list(dir)) ?? []).sort()) {
      const link = parseOutboxLink(text);
      if (!link) continue;
      // Moved and still here: a power cut on btrfs can undo one half of a rename, so that a link is here and in its mailbox.
      // A rename onto another link of the same file does nothing, and would be tried for ever.
      try {
        if (moved.has(text)) await ctx.disk.remove(pathIn(dir, text));
        else if (await handOutLink(ctx, pathIn(dir, text), link, known)) moved.add(text);
      } catch (error) {
        if (!(error instanceof DreamosError)) throw error;
        // One mailbox in disorder is no reason to keep the others waiting.
        failed = error;
      }
    }
    if (failed) throw failed;
    if (await removeFolder(ctx, dir)) break;
  }
  return moved.size;
}

/** Finishes every committed send whose sender has died; a bounded number a call. */
export async function finishOutbox(ctx: FileContext, limit: number): Promise<number> {
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
      moved += await handOut(ctx, folder.id);
    } catch (error) {
      if (!(error instanceof DreamosError)) throw error;
      // Every reader of every mailbox comes by here: what one send cannot do must not stop them all.
      warnOnce(ctx, `${folder.id} waits in outbox/, because it cannot be handed out: ${error.message}`);
    }
    if (moved >= limit) break;
  }
  return moved;
}

async function handOutLink(
  ctx: FileContext,
  path: string,
  link: { mailbox: string; name: EntryName },
  known: Message | undefined,
): Promise<boolean> {
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

async function removeFolder(ctx: FileContext, dir: string): Promise<boolean> {
  for (const name of (await ctx.disk.list(dir)) ?? []) {
    // In a committed folder a link is mail: it goes to its mailbox, and is never removed here.
    if (name === outboxBody || isUncommitted(dir)) await ctx.disk.remove(pathIn(dir, name));
  }
  forgetRemoved(ctx, dir);
  return ctx.disk.removeDir(dir);
}

async function tookBack(
  ctx: FileContext,
  id: string,
  renamed: boolean,
  { recipients, dedupeFile }: Mine,
): Promise<boolean> {
  const gone = ctx.layout.discarded(id);
  try {
    if (!renamed) return await discard(ctx, id, dedupeFile);
    if (!(await ctx.disk.rename(ctx.layout.committed(id), gone))) return false;
    const names = (await ctx.disk.list(gone)) ?? [];
    if (names.filter((name) => parseOutboxLink(name)).length === recipients) {
      await removeDiscarded(ctx, id, dedupeFile);
      return true;
    }
    // Somebody has it already, so everybody shall have it.
    await ctx.disk.rename(gone, ctx.layout.committed(id));
    return false;
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    // Taken back as soon as it has its other name; the rest of it is swept later.
    return (await existsQuietly(ctx, ctx.layout.committed(id))) === false;
  }
}

/** `undefined`: not even that can be said. */
async function existsQuietly(ctx: FileContext, path: string): Promise<boolean | undefined> {
  try {
    return (await ctx.disk.stat(path)) !== undefined;
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    return undefined;
  }
}

/** The disk failed after the message had become visible, and it cannot be taken back any more. */
export function uncertain(id: string, cause: unknown): DreamosError {
  return new DreamosError(
    'disk',
    'SEND_UNCERTAIN',
    `The disk failed while ${id} was being sent: it is delivered, but may not survive a power cut.`,
    {
      hint: `Look before you send it again: dreamos show ${id}`,
      cause,
    },
  );
}
