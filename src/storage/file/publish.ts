/**
 * A topic's log is a mailbox's archive and events under topics/<topic>/ and nothing else. A publish is a send to several
 * mailboxes (outbox.ts) of which the log is one, so it reaches the log and all subscribers, or nobody.
 */
import type { Message } from '../../model/message.ts';
import { topicPattern } from '../../model/topic.ts';
import { DreamosError } from '../../model/errors.ts';
import type { Pruned } from '../store.ts';
import type { FileContext } from './context.ts';
import { formatEntryName, type EntryName } from './entry-name.ts';
import { arrival, logEvents } from './event-log.ts';
import { archiveDays, listState } from './find.ts';
import { forgetFolder, isRealFolder, moveInto } from './folders.ts';
import { dayOf, eventLog, parseEventLog, type Mailbox } from './layout.ts';

/**
 * Renames a link of outbox/ into the log. Its name there depends on nothing but the link's, so that a power cut which undid
 * one half of the rename makes no second entry.
 */
export async function publishTo(
  ctx: FileContext,
  log: Mailbox,
  path: string,
  link: EntryName,
  message: Message | undefined,
): Promise<boolean> {
  const name = formatEntryName({ ...link, tag: 'k' });
  const dir = `${log.archive}/${dayOf(link.time)}`;
  if (!(await moveInto(ctx, path, dir, name))) return false;
  const key = `${dir}/${name}`.slice(log.dir.length + 1);
  await logEvents(ctx, log, [{ ...arrival('published', link.id, message), key }]);
  return true;
}

export async function topicNames(ctx: FileContext): Promise<string[]> {
  const names: string[] = [];
  for (const name of (await ctx.disk.list(ctx.layout.topics)) ?? []) {
    if (topicPattern.test(name) && (await isRealFolder(ctx, `${ctx.layout.topics}/${name}`))) names.push(name);
  }
  return names.sort();
}

export async function prune(
  ctx: FileContext,
  log: Mailbox,
  before: number,
  { dryRun, by }: { readonly dryRun: boolean; readonly by?: string | undefined },
): Promise<Pruned> {
  let messages = 0;
  let bytes = 0;
  let newest: string | undefined;
  for await (const { path, name } of listState(ctx, log, 'archived')) {
    if (name.time >= before) continue;
    const stat = await ctx.disk.stat(path);
    // Gone meanwhile: another prune counts it.
    if (!stat || (!dryRun && !(await ctx.disk.remove(path)))) continue;
    newest ??= name.id;
    messages++;
    bytes += name.range?.length ?? stat.size;
  }
  if (dryRun) return { messages, bytes };
  await removeOldDays(ctx, log, dayOf(before));
  if (newest !== undefined) {
    const reason = `${messages} from before ${new Date(before).toISOString()}`;
    await logEvents(ctx, log, [{ event: 'purged', id: newest, by, reason }]);
  }
  return { messages, bytes };
}

/** Folders that are empty by now, and event logs of which nothing is needed any more. */
async function removeOldDays(ctx: FileContext, log: Mailbox, firstDay: string): Promise<void> {
  try {
    for (const day of await archiveDays(ctx, log)) {
      const dir = `${log.archive}/${day}`;
      if (day < firstDay && (await ctx.disk.removeDir(dir))) forgetFolder(ctx, dir);
    }
    for (const name of (await ctx.disk.list(log.events)) ?? []) {
      const day = parseEventLog(name);
      if (day !== undefined && day < firstDay) await ctx.disk.remove(eventLog(log, day));
    }
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    ctx.warn(`What is left of ${log.name}'s old days stays until it is pruned again: ${error.message}`);
  }
}
