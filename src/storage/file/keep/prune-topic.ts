/** Removing what a topic's log has from before a moment. Safe to repeat, and while others publish or listen. */
import { DreamosError } from '../../../model/errors.ts';
import type { Pruned } from '../../port/upkeep.ts';
import type { FileContext } from '../disk/context.ts';
import { forgetFolder } from '../disk/folders.ts';
import { logEvents } from '../events/event-log.ts';
import { archiveDays, listState } from '../look/find.ts';
import { type Mailbox } from '../names/layout.ts';
import { dayOf, eventLog, parseEventLog } from '../names/slots.ts';
import { pathIn } from '../names/path.ts';

export async function pruneTopic(
  ctx: FileContext,
  topicLog: Mailbox,
  before: number,
  { dryRun, by }: { readonly dryRun: boolean; readonly by?: string | undefined },
): Promise<Pruned> {
  let messages = 0;
  let bytes = 0;
  let newest: string | undefined;
  for await (const { path, name } of listState(ctx, topicLog, 'archived')) {
    if (name.time >= before) continue;
    const stat = await ctx.disk.stat(path);
    // Gone meanwhile: another prune counts it.
    if (!stat || (!dryRun && !(await ctx.disk.remove(path)))) continue;
    newest ??= name.id;
    messages++;
    bytes += name.range?.length ?? stat.size;
  }
  if (dryRun) return { messages, bytes };
  await removeOldDays(ctx, topicLog, dayOf(before));
  if (newest !== undefined) {
    const reason = `${messages} from before ${new Date(before).toISOString()}`;
    await logEvents(ctx, topicLog, [{ event: 'purged', id: newest, by, reason }]);
  }
  return { messages, bytes };
}

/** Folders that are empty by now, and event logs of which nothing is needed any more. */
async function removeOldDays(ctx: FileContext, topicLog: Mailbox, firstDay: string): Promise<void> {
  try {
    for (const day of await archiveDays(ctx, topicLog)) {
      const dir = pathIn(topicLog.archive, day);
      if (day < firstDay && (await ctx.disk.removeDir(dir))) forgetFolder(ctx, dir);
    }
    for (const name of (await ctx.disk.list(topicLog.events)) ?? []) {
      const day = parseEventLog(name);
      if (day !== undefined && day < firstDay) await ctx.disk.remove(eventLog(topicLog, day));
    }
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    ctx.warn(`What is left of ${topicLog.name}'s old days stays until it is pruned again: ${error.message}`);
  }
}
