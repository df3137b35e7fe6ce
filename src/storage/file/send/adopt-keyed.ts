/**
 * A file in drop/ with a dedupe key. It is sent under its key, as by anybody else, and then removed: killed in between, or
 * handed in again, it finds its key, and only its removal is left to do.
 */
import { mostFileBytes } from '../../../model/basics/limits.ts';
import { sameAgent } from '../../../model/agent.ts';
import { DreamosError } from '../../../model/errors.ts';
import type { FileContext } from '../disk/context.ts';
import { dropFile, type Mailbox } from '../names/layout.ts';
import { dedupeFileOf, sendUnderDedupeKey } from './dedupe.ts';
import type { Outgoing } from '../../port/mail.ts';

export interface HandedInFile {
  readonly path: string;
  readonly bytes: Buffer;
}

/** @throws DEDUPE_MISMATCH and CORRUPT: it cannot be sent; DISK_FAILED, SEND_UNCERTAIN: it stays for the next look */
export async function sendHandedIn(
  ctx: FileContext,
  mailbox: Mailbox,
  file: HandedInFile,
  { message, ...outgoing }: Outgoing,
): Promise<void> {
  const [to, ...others] = message.to;
  // The key says that everybody in "to" has got it, and who sends to them under it would be told so.
  const { topic, addressedTo } = message;
  if (!to || !sameAgent(to, mailbox.name) || others.length > 0 || (topic ?? addressedTo) !== undefined)
    throw new DreamosError(
      'invalid',
      'CORRUPT',
      `Under a dedupe key a file goes to nobody but ${mailbox.name}, in whose drop/ it lies; leave out "to", "addressedTo" and "topic".`,
    );
  const alone = { ...message, to: [mailbox.name] };
  const dedupeFile = dedupeFileOf(ctx, alone);
  const id = await ownedId(ctx, message.id, dedupeFile);
  await sendUnderDedupeKey(ctx, { ...outgoing, message: { ...alone, id } });
  await removeSent(ctx, mailbox, file);
}

/** What is prepared under one id has one owner: where another process is at it, was at it or died at it, another id has to do. */
async function ownedId(ctx: FileContext, id: string, dedupeFile: string): Promise<string> {
  const another = ctx.ids.next(ctx.clock.now());
  if (await ctx.disk.stat(dedupeFile)) return another;
  const folder = ctx.layout.uncommitted(id);
  if ((await ctx.disk.makeDir(folder)) !== 'made') return another;
  if (!(await ctx.disk.stat(dedupeFile))) return id;
  // Who owned it has sent it in between, and its name was free again.
  await ctx.disk.removeDir(folder);
  return another;
}

/** Under another name first: what its writer has put in its place meanwhile is another message, and handed in. */
async function removeSent(ctx: FileContext, mailbox: Mailbox, { path, bytes }: HandedInFile): Promise<void> {
  const sent = dropFile(mailbox, ctx.ids.next(ctx.clock.now()));
  if (!(await ctx.disk.rename(path, sent))) return;
  const file = await ctx.disk.read(sent, { maxBytes: mostFileBytes });
  if (file.ok && file.bytes.equals(bytes)) await ctx.disk.remove(sent);
}
