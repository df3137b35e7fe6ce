import { mostFileBytes } from '../../../model/basics/limits.ts';
import { DreamosError } from '../../../model/errors.ts';
import { idTime } from '../../../model/id.ts';
import { unseal, type Message } from '../../../model/message.ts';
import type { FileContext } from '../disk/context.ts';
import type { EntryName } from '../names/entry-name.ts';
import { completeHandedIn, corrupt, handedInDigest } from './handed-in.ts';

/**
 * The message of an entry, checked against its digest and its name. @param isCarried as of `unseal`
 * @returns `undefined` when the entry has moved on @throws DreamosError CORRUPT
 */
export async function readEntry(
  ctx: FileContext,
  path: string,
  name: EntryName,
  mailbox: string,
  isCarried = false,
): Promise<Message | undefined> {
  const result = await ctx.disk.read(path, { maxBytes: mostFileBytes, range: name.range });
  if (!result.ok) {
    if (result.missing) return undefined;
    throw corrupt(result.why);
  }
  if (name.handedIn !== undefined) {
    if (handedInDigest(result.bytes) !== name.handedIn) throw corrupt('its bytes have changed since it was handed in');
    // Only a forged name is that of a part and of what was handed in; a part has no time of its own.
    return completeHandedIn(result.bytes, { id: name.id, mailbox, mtimeMs: result.mtimeMs ?? idTime(name.id) });
  }
  const message = unseal(result.bytes, isCarried);
  if (message.id !== name.id) throw corrupt(`it is the message ${message.id}, under another one's name`);
  return message;
}

/** `undefined`: not the bytes of a message. */
export function unsealed(bytes: Buffer): Message | undefined {
  try {
    return unseal(bytes);
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    return undefined;
  }
}

/**
 * For an event's sake only: a body that cannot be read, be it for its bytes or for its disk, moves on all the same. Whoever
 * claims it is told, and nothing waits behind it.
 */
export async function readIfGood(
  ctx: FileContext,
  path: string,
  name: EntryName,
  mailbox: string,
): Promise<Message | undefined> {
  try {
    return await readEntry(ctx, path, name, mailbox);
  } catch (error) {
    if (error instanceof DreamosError) return undefined;
    throw error;
  }
}
