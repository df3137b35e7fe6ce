import { states } from '../../../model/state.ts';
import type { FileContext } from '../disk/context.ts';
import { everyName } from '../documents/topics.ts';
import { namesIn } from '../disk/folders.ts';
import { listState } from '../look/find.ts';
import { parseOutboxFolder } from '../names/outbox-name.ts';

/** Whether a root holds a message, or what may be one. */
export async function hasMail(ctx: FileContext): Promise<boolean> {
  if ((await namesIn(ctx, ctx.layout.outbox)).some((name) => parseOutboxFolder(name))) return true;
  for (const name of await everyName(ctx)) {
    const mailbox = ctx.layout.mailbox(name);
    for (const folder of [mailbox.drop, mailbox.corrupt]) if ((await namesIn(ctx, folder)).length > 0) return true;
    for (const state of states) for await (const _ of listState(ctx, mailbox, state)) return true;
  }
  return false;
}
