import { mostFileBytes } from '../../../model/basics/limits.ts';
import { DreamosError } from '../../../model/errors.ts';
import { sealLines } from '../../../model/message.ts';
import type { FileContext } from '../disk/context.ts';
import { namesIn } from '../disk/folders.ts';
import { formatEntryName } from '../names/entry-name.ts';
import { isHandedInName, type Mailbox } from '../names/layout.ts';
import { pathIn } from '../names/path.ts';
import { readHandedIn } from '../places/handed-in.ts';
import { firstName } from '../send/outbox.ts';
import type { Collection, Missed } from './collection.ts';

/**
 * What is handed in is as good as sent, and has its id already. So it is in the backup as the message that it becomes, or it
 * would be twice in it when it is adopted meanwhile. What has a dedupe key, or is no message (yet), stays a file.
 */
export async function lookIntoDrop(
  ctx: FileContext,
  collection: Collection,
  mailbox: Mailbox,
  belongs: (id: string) => boolean,
  missed: Missed,
): Promise<void> {
  for (const text of (await namesIn(ctx, mailbox.drop)).filter(isHandedInName)) {
    const path = pathIn(mailbox.drop, text);
    const file = await ctx.disk.read(path, { maxBytes: mostFileBytes });
    // Adopted by now; or no file, which doctor says.
    if (!file.ok) continue;
    const mtimeMs = file.mtimeMs ?? collection.begunAt;
    const handedIn = become({ path, mailbox: mailbox.name, mtimeMs, nowMs: collection.begunAt }, file.bytes);
    if (!handedIn || handedIn.message.dedupeKey !== null) {
      if (collection.isFromBefore(mtimeMs)) await collection.file(path, file.bytes, mtimeMs, handedIn?.message.id);
      continue;
    }
    const { message, dueAt } = handedIn;
    if (!belongs(message.id) || collection.bodyOf(mailbox.name, message.id) !== undefined) continue;
    const later = dueAt !== undefined && dueAt > collection.begunAt;
    const outgoing = { message, mailboxes: [mailbox.name], ...(later && { dueAt }) };
    const name = formatEntryName(firstName(ctx, outgoing, mailbox.name));
    const at = { mailbox: mailbox.name, id: message.id, state: later ? 'delayed' : 'ready', name } as const;
    const bytes = sealLines([message]).bytes;
    if (await collection.see(at, { bytes })) missed.found++;
  }
}

function become(file: Parameters<typeof readHandedIn>[1], bytes: Buffer): ReturnType<typeof readHandedIn> | undefined {
  try {
    return readHandedIn(bytes, file);
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    return undefined;
  }
}
