/**
 * A message goes on to another mailbox: one rename, so that it is in one of them at every moment, and a claim on it ends with
 * it. Synced, because whoever gave it away may be told so: where it was first, for btrfs, which after a power cut has both
 * names when only the new one's folder was synced. What is told of it comes behind, in both logs.
 *
 * Of two copies that are handed over to the same mailbox at the same moment neither sees the other: then it has both, as if a
 * message were delivered again.
 */
import { DreamosError } from '../../../model/errors.ts';
import { isLog } from '../../../model/topic.ts';
import type { Entry } from '../../port/look.ts';
import type { HandOverOptions } from '../../port/mail.ts';
import { alreadyThere, answerAwaited, MailboxGone, stateChanged } from '../../port/refusals.ts';
import { unfinished } from '../../../model/state.ts';
import type { FileContext } from '../disk/context.ts';
import { syncAncestorsOnce, syncFolderOrAncestor } from '../disk/folders.ts';
import { renamedSince } from '../documents/renamed.ts';
import { arrival, logEvents } from '../events/event-log.ts';
import { findIn } from '../look/find.ts';
import { type EntryName, formatEntryName, originOf } from '../names/entry-name.ts';
import { pathOf, toEntry } from '../names/found.ts';
import { type Mailbox } from '../names/layout.ts';
import { isAnswer } from '../names/slots.ts';
import { folderOf, pathIn } from '../names/path.ts';
import { moveToReady } from '../places/filling.ts';
import { releaseOrderingKey } from '../places/key-heads.ts';
import { readIfGood } from '../places/read-entry.ts';
import { finishOutbox } from '../send/hand-out.ts';
import { heldMs } from './held.ts';

// Of what others have sent to others.
const linksAtOnce = 256;

export async function handOver(
  ctx: FileContext,
  entry: Entry,
  to: Mailbox,
  { by, reason }: HandOverOptions,
): Promise<Entry> {
  const mailbox = ctx.layout.mailbox(entry.mailbox);
  const place = (unfinished as readonly string[]).includes(entry.state) ? pathOf(mailbox, entry) : undefined;
  if (!place) throw stateChanged(entry);
  const { path, name } = place;
  if (isAnswer(mailbox, path)) throw answerAwaited(entry);
  if (isLog(to.name)) throw new MailboxGone(to.name);
  if (to.name === mailbox.name || (await hasCopy(ctx, to, name))) throw alreadyThere(name.id, to.name);
  const message = await readIfGood(ctx, path, name, mailbox.name);
  const at = ctx.clock.now();
  const ready: EntryName = {
    ...name,
    tag: 't',
    time: at,
    token: undefined,
    maxAttempts: undefined,
    since: undefined,
    order: name.order && { ...name.order, life: name.order.life + 1 },
    origin: originOf(mailbox.name, name),
  };
  const bucket = await moveToReady(ctx, path, to, 0, ready).catch(async (error: unknown) => {
    throw error instanceof MailboxGone ? await renamedSince(ctx, error) : error;
  });
  if (bucket === undefined) throw stateChanged(entry);
  const unsynced = await sync(ctx, path, bucket, to);
  await releaseOrderingKey(ctx, mailbox, name);
  const attempt = name.attempt > 0 ? { attempt: name.attempt } : {};
  const left = { event: 'handed_over' as const, id: name.id, by, to: to.name, reason, ...attempt };
  await logEvents(ctx, mailbox, [{ ...left, heldMs: heldMs(name, at) }], at);
  await logEvents(ctx, to, [{ ...arrival('delivered', name.id, message), by, ...attempt }], at);
  if (unsynced) throw mayComeBack(name.id, mailbox, to, unsynced);
  return toEntry(to, { state: 'ready', path: pathIn(bucket, formatEntryName(ready)), name: ready });
}

/** @returns why it is not durable: the rename has decided, and is told of all the same */
async function sync(ctx: FileContext, path: string, bucket: string, to: Mailbox): Promise<DreamosError | undefined> {
  try {
    await syncFolderOrAncestor(ctx, folderOf(path));
    await syncFolderOrAncestor(ctx, bucket);
    await syncAncestorsOnce(ctx, bucket, to.dir);
    return undefined;
  } catch (error) {
    if (error instanceof DreamosError) return error;
    throw error;
  }
}

function mayComeBack(id: string, from: Mailbox, to: Mailbox, cause: DreamosError): DreamosError {
  const message = `${id} is in ${to.name} now, and after a power cut may be in ${from.name} again: ${cause.message}`;
  return new DreamosError('disk', cause.code, message, { hint: `See where it is: dreamos show ${id}`, cause });
}

/** A task is nowhere else. Of a message that was sent to both each has its own, perhaps not handed out yet. */
async function hasCopy(ctx: FileContext, mailbox: Mailbox, { id, task }: EntryName): Promise<boolean> {
  if (task) return false;
  if (await ctx.disk.stat(ctx.layout.committed(id))) await finishOutbox(ctx, linksAtOnce, mailbox.name);
  // During renames one look can miss it.
  return (await findIn(ctx, mailbox, id)).length > 0 || (await findIn(ctx, mailbox, id)).length > 0;
}
