/**
 * A send to several mailboxes (or under a dedupe key) is one commit: the body and one link per mailbox are written and
 * synced in outbox/<id>.new, and the rename to outbox/<id> commits. Handing out is then one rename per link, which any
 * process may do or finish; of two that try the same link one gets ENOENT, so nobody gets the message twice.
 * What is not committed is in no mailbox.
 */
import { DreamosError } from '../../../model/errors.ts';
import { priorities, sealLines } from '../../../model/message.ts';
import { dueByOf } from '../../../model/metrics/late.ts';
import type { Durability } from '../../../model/settings.ts';
import { isLog } from '../../../model/topic.ts';
import type { Outgoing } from '../../port/mail.ts';
import type { FileContext } from '../disk/context.ts';
import { type EntryName, orderOf, replaceOf, unset } from '../names/entry-name.ts';
import { ensureFolder, forgetRemoved } from '../disk/folders.ts';
import { inodesOfKey, removeKeyOf } from './dedupe-keys.ts';
import { isUncommitted, outboxBody, outboxLink, parseOutboxLink } from '../names/outbox-name.ts';
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
    dueBy: dueByOf(message),
    order: orderOf(message),
    replace: replaceOf(message),
    notify: message.notify,
    task: message.task === undefined ? undefined : true,
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

export async function removeFolder(ctx: FileContext, dir: string): Promise<boolean> {
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
export async function existsQuietly(ctx: FileContext, path: string): Promise<boolean | undefined> {
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
