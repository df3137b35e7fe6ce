import { DreamosError } from '../../../model/errors.ts';
import type { FileContext } from '../disk/context.ts';
import { memory } from '../disk/memory.ts';
import { troubleIsOver, warnOnce } from '../disk/warn-once.ts';
import type { Mailbox } from '../names/layout.ts';

/** By mailbox: when (uptime) this process last looked for what its agent has said of itself. */
const seenAt = memory(() => new Map<string, number>());

const leastMs = 1000;

/** Who settles in a loop pays for a look at the time. */
export function seen(ctx: FileContext, mailbox: Mailbox): Promise<void> | undefined {
  const known = seenAt.of(ctx);
  const uptime = ctx.clock.uptime();
  if (uptime - (known.get(mailbox.name) ?? -Infinity) < leastMs) return undefined;
  known.set(mailbox.name, uptime);
  return note(ctx, mailbox);
}

async function note(ctx: FileContext, mailbox: Mailbox): Promise<void> {
  const what = `That ${mailbox.name} is there could not be noted`;
  try {
    await ctx.disk.refresh(mailbox.presence, ctx.clock.now());
    troubleIsOver(ctx, what);
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    warnOnce(ctx, `${what}: ${error.message}`, what);
  }
}
