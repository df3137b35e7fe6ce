/**
 * A topic's log is a mailbox's archive and events under topics/<topic>/ and nothing else. A publish is a send to several
 * mailboxes (outbox.ts) of which the log is one, so it reaches the log and all subscribers, or nobody.
 */
import type { Message } from '../../../model/message.ts';
import type { FileContext } from '../disk/context.ts';
import { formatEntryName, type EntryName } from '../names/entry-name.ts';
import { arrival, logEvents } from '../events/event-log.ts';
import { moveInto } from '../disk/folders.ts';
import { type Mailbox } from '../names/layout.ts';
import { archiveFolder } from '../names/slots.ts';
import { pathBelow, pathIn } from '../names/path.ts';

/**
 * Renames a link of outbox/ into the log. Its name there depends on nothing but the link's, so that a power cut which undid
 * one half of the rename makes no second entry.
 */
export async function publishTo(
  ctx: FileContext,
  topicLog: Mailbox,
  path: string,
  link: EntryName,
  message: Message | undefined,
): Promise<boolean> {
  const name = formatEntryName({ ...link, tag: 'k' });
  const dir = archiveFolder(topicLog, link.time);
  if (!(await moveInto(ctx, path, dir, name))) return false;
  const key = pathBelow(topicLog.dir, pathIn(dir, name));
  await logEvents(ctx, topicLog, [{ ...arrival('published', link.id, message), key }]);
  return true;
}
