import { putInInbox } from '../places/inbox.ts';
import { type EntryName, formatEntryName } from '../names/entry-name.ts';
import type { FileContext } from '../disk/context.ts';
import { isDelayed, type Mailbox } from '../names/layout.ts';
import type { Durability } from '../../../model/settings.ts';
import {
  ensureFolder,
  forgetFolder,
  isChecked,
  moveInto,
  removedAgain,
  forgetSynced,
  syncFolderOrAncestor,
  syncAncestorsOnce,
} from '../disk/folders.ts';
import type { Message } from '../../../model/message.ts';
import { moveToReady, linkToReady } from '../places/filling.ts';
import { DreamosError } from '../../../model/errors.ts';
import { MailboxGone } from '../../port/refusals.ts';
import { calledNow } from '../documents/renamed.ts';
import { uncertain } from './outbox.ts';
import { slotOf } from '../names/slots.ts';
import { folderOf, pathBelow, pathIn } from '../names/path.ts';

/** Putting what is sent in its place: written to tmp/, named in ready/ or delayed/ or a request's inbox, synced there. */
export interface Placed {
  readonly id: string;
  readonly dir: string;
  readonly name: EntryName;
  /** The state's own folder, which is durable since the mailbox was made, or the inbox, durable since it was opened. */
  readonly top: string;
}

export async function create(
  ctx: FileContext,
  mailbox: Mailbox,
  file: string,
  bytes: Buffer,
  durability: Durability,
): Promise<void> {
  const sync = durability === 'full';
  if (!isChecked(ctx, mailbox.tmp)) await ensureFolder(ctx, mailbox.tmp);
  if (await ctx.disk.create(file, bytes, { sync })) return;
  // Somebody has removed tmp/ since this process first saw it.
  forgetFolder(ctx, mailbox.tmp);
  await ensureFolder(ctx, mailbox.tmp);
  if (!(await ctx.disk.create(file, bytes, { sync }))) throw await vanished(ctx, mailbox, file);
}

export async function move(
  ctx: FileContext,
  file: string,
  mailbox: Mailbox,
  name: EntryName,
  { replyTo }: Message,
): Promise<Placed> {
  try {
    if (name.tag === 't') {
      const answer = replyTo && (await putInInbox(ctx, mailbox, replyTo, name, (to) => ctx.disk.rename(file, to)));
      if (answer) return placedIn(answer.dir, answer.dir, answer.name);
      const bucket = await moveToReady(ctx, file, mailbox, 1, name);
      if (bucket !== undefined) return placedIn(mailbox.ready, bucket, name);
    } else {
      const slot = slotOf(mailbox.delayed, name.time);
      if (await moveInto(ctx, file, slot, formatEntryName(name))) return placedIn(mailbox.delayed, slot, name);
    }
  } catch (error) {
    await ctx.disk.remove(file);
    throw error;
  }
  throw await vanished(ctx, mailbox, file);
}

export async function link(
  ctx: FileContext,
  file: string,
  mailbox: Mailbox,
  name: EntryName,
  { replyTo }: Message,
): Promise<Placed> {
  if (name.tag === 't') {
    const put = async (target: string) => (await ctx.disk.link(file, target)) !== 'missing';
    const answer = replyTo && (await putInInbox(ctx, mailbox, replyTo, name, put));
    if (answer) return placedIn(answer.dir, answer.dir, answer.name);
    const bucket = await linkToReady(ctx, file, mailbox, name);
    if (bucket === undefined) throw await vanished(ctx, mailbox, file);
    return placedIn(mailbox.ready, bucket, name);
  }
  const slot = slotOf(mailbox.delayed, name.time);
  for (let round = 0; round < 100; round++) {
    await ensureFolder(ctx, slot);
    if ((await ctx.disk.link(file, pathIn(slot, formatEntryName(name)))) !== 'missing') {
      return placedIn(mailbox.delayed, slot, name);
    }
    if (!(await ctx.disk.stat(file))) throw await vanished(ctx, mailbox, file);
    forgetFolder(ctx, slot);
  }
  throw removedAgain(slot);
}

async function vanished(ctx: FileContext, { name, dir }: Mailbox, file: string): Promise<DreamosError> {
  // With the whole mailbox: it was renamed. In a batch the file lies in another's, perhaps.
  if (!(await ctx.disk.stat(dir))) return new MailboxGone(name);
  return new DreamosError('disk', 'DISK_FAILED', `${file} vanished while it was being sent; nothing was sent.`, {
    hint: 'Does something clean up tmp/ of this root? Send it again.',
  });
}

function placedIn(top: string, dir: string, name: EntryName): Placed {
  return { id: name.id, dir, name, top };
}

/**
 * Syncs a folder and, on its first use, those above it; all of `placed` lie in it. When that fails the messages are taken
 * back. One that somebody has claimed already can't be, nor any on a disk that takes no more changes: their outcome is
 * uncertain.
 */
export async function syncPlaced(ctx: FileContext, placed: readonly Placed[]): Promise<Map<string, DreamosError>> {
  const failures = new Map<string, DreamosError>();
  const [first] = placed;
  if (!first) return failures;
  if (isDelayed(first.top)) {
    // Slots and hours come back under the same name, so that they were synced once says nothing.
    forgetSynced(ctx, first.dir);
    forgetSynced(ctx, folderOf(first.dir));
  }
  const error = await errorOf(async () => {
    await syncWhereItIs(ctx, first.dir, first.top);
  });
  if (!error) return failures;
  for (const { dir, name, id } of placed) {
    let gone = false;
    const stuck = await errorOf(async () => {
      gone = await ctx.disk.remove(pathIn(dir, formatEntryName(name)));
    });
    failures.set(id, gone && !stuck ? error : uncertain(id, error));
  }
  return failures;
}

/** A mailbox that is renamed meanwhile takes what was placed with it. */
async function syncWhereItIs(ctx: FileContext, dir: string, top: string): Promise<void> {
  const synced = await syncFolderOrAncestor(ctx, dir);
  if ((await syncAncestorsOnce(ctx, dir, top)) && synced !== ctx.layout.mailboxes) return;
  const before = ctx.layout.placeOf(dir);
  if (!before || (await ctx.disk.stat(before.mailbox.dir))) return;
  const [now] = await calledNow(ctx, before.mailbox.name);
  const moved = (path: string): string => pathIn(now?.dir ?? '', pathBelow(before.mailbox.dir, path));
  if (now) await syncWhereItIs(ctx, moved(dir), moved(top));
}

export async function errorOf(work: () => Promise<void>): Promise<DreamosError | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof DreamosError) return error;
    throw error;
  }
}
