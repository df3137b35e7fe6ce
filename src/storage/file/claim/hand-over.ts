/**
 * A message goes on to another mailbox: one rename, so that it is in one of them at every moment, and a claim on it ends with
 * it. Synced, because whoever gave it away may be told so. What is told of it comes behind, in both logs.
 */
import type { Entry } from '../../port/look.ts';
import type { HandOverOptions } from '../../port/mail.ts';
import { alreadyThere, answerAwaited, stateChanged } from '../../port/refusals.ts';
import { unfinished } from '../../../model/state.ts';
import type { FileContext } from '../disk/context.ts';
import { syncAncestorsOnce, syncFolderOrAncestor } from '../disk/folders.ts';
import { arrival, logEvents } from '../events/event-log.ts';
import { findIn } from '../look/find.ts';
import { type EntryName, formatEntryName } from '../names/entry-name.ts';
import { pathOf, toEntry } from '../names/found.ts';
import { isAnswer, type Mailbox } from '../names/layout.ts';
import { folderOf, pathIn } from '../names/path.ts';
import { moveToReady } from '../places/filling.ts';
import { releaseOrderingKey } from '../places/key-heads.ts';
import { readIfGood } from '../places/read-entry.ts';

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
  // A task is nowhere else. Of a message that was sent to both each has its own.
  if (!name.task && (await findIn(ctx, to, name.id)).length > 0) throw alreadyThere(name.id, to.name);
  const message = await readIfGood(ctx, path, name, mailbox.name);
  const at = ctx.clock.now();
  const ready: EntryName = {
    ...name,
    tag: 't',
    time: at,
    token: undefined,
    maxAttempts: undefined,
    restsSince: undefined,
    order: name.order && { ...name.order, life: name.order.life + 1 },
  };
  const bucket = await moveToReady(ctx, path, to, 0, ready);
  if (bucket === undefined) throw stateChanged(entry);
  await syncFolderOrAncestor(ctx, bucket);
  await syncAncestorsOnce(ctx, bucket, to.dir);
  await syncFolderOrAncestor(ctx, folderOf(path));
  await releaseOrderingKey(ctx, mailbox, name);
  const attempt = name.attempt > 0 ? { attempt: name.attempt } : {};
  await logEvents(ctx, mailbox, [{ event: 'handed_over', id: name.id, by, to: to.name, reason, ...attempt }], at);
  await logEvents(ctx, to, [{ ...arrival('delivered', name.id, message), by, ...attempt }], at);
  return toEntry(to, { state: 'ready', path: pathIn(bucket, formatEntryName(ready)), name: ready });
}
