import type { FileContext } from '../disk/context.ts';
import type { Outgoing, Sent } from '../../port/mail.ts';
import type { Durability } from '../../../model/settings.ts';
import { freshFile } from '../disk/folders.ts';
import { grouped } from '../../../model/basics/grouped.ts';
import { DreamosError } from '../../../model/errors.ts';
import { sealLines } from '../../../model/message.ts';
import { mailboxOf, eventOf, sentOf } from './outgoing.ts';
import { errorOf, create, type Placed, link, syncPlaced } from './place.ts';
import { firstName } from './outbox.ts';
import { logEvents } from '../events/event-log.ts';

/** Many messages in one file: each is a range of it with a name of its own, and they share their syncs. */
export async function sendPacked(
  ctx: FileContext,
  run: readonly Outgoing[],
  durability: Durability,
): Promise<(Sent | DreamosError)[]> {
  const { bytes, lengths } = sealLines(run.map(({ message }) => message));
  const home = ctx.layout.mailbox(mailboxOf(run[0] as Outgoing));
  const file = freshFile(ctx, home, 'batch');
  const failed = await errorOf(() => create(ctx, home, file, bytes, durability));
  if (failed) return run.map(() => failed);

  const placed = new Map<string, Placed>();
  const failures = new Map<string, DreamosError>();
  const at = ctx.clock.now();
  let offset = 0;
  for (const [i, outgoing] of run.entries()) {
    // Without its line end, so that a message's bytes are the same alone and in a batch.
    const range = { offset, length: lengths[i] ?? 0 };
    offset += range.length + 1;
    const { id } = outgoing.message;
    try {
      const mailbox = mailboxOf(outgoing);
      const name = { ...firstName(ctx, outgoing, mailbox), range };
      placed.set(id, await link(ctx, file, ctx.layout.mailbox(mailbox), name, outgoing.message));
    } catch (error) {
      if (!(error instanceof DreamosError)) throw error;
      failures.set(id, error);
    }
  }
  if (durability === 'full') {
    for (const members of grouped(placed.values(), ({ dir }) => dir).values()) {
      for (const [id, error] of await syncPlaced(ctx, members)) failures.set(id, error);
    }
  }
  const leftover = await errorOf(async () => {
    await ctx.disk.remove(file);
  });
  if (leftover) ctx.warn(`A file stays in tmp/ until \`dreamos doctor --fix\`: ${leftover.message}`);
  const delivered = run.filter(({ message }) => !failures.has(message.id));
  for (const [mailbox, members] of grouped(delivered, mailboxOf)) {
    await logEvents(ctx, ctx.layout.mailbox(mailbox), members.map(eventOf), at);
  }
  return run.map((outgoing) => failures.get(outgoing.message.id) ?? sentOf(outgoing, durability));
}
