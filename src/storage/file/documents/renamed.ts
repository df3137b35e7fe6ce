/**
 * Another name for a mailbox: one rename of its folder. Before it nothing has changed, behind it everything has. The card
 * lies in it and says what it was called (model/agent.ts), so whoever finds a folder gone finds it by its former name, and
 * nobody else makes it again (ensureFolder): nothing that is acknowledged can land in a second folder of the old name.
 */
import { formerly } from '../../../model/agent.ts';
import type { DreamosError } from '../../../model/errors.ts';
import { AgentRenamed, type MailboxGone } from '../../port/refusals.ts';
import type { FileContext } from '../disk/context.ts';
import { forgetFolder, forgetMoved } from '../disk/folders.ts';
import type { Mailbox } from '../names/layout.ts';
import { forgetCard, listAgents, alike, mailboxNames } from './agents.ts';

export async function renameMailbox(
  ctx: FileContext,
  from: string,
  to: string,
): Promise<'renamed' | 'taken' | 'missing'> {
  const { dir } = ctx.layout.mailbox(from);
  const target = ctx.layout.mailbox(to).dir;
  // As whoever makes an agent: two names that differ in case alone are one.
  return ctx.disk.withLock(ctx.layout.lock('agents'), async () => {
    if ((await mailboxNames(ctx, alike(to))).some((name) => name !== from)) return 'taken';
    const moved = await ctx.disk.moveFolder(dir, target);
    if (moved !== 'moved') return moved;
    forgetMoved(ctx, dir);
    for (const path of [dir, target]) forgetFolder(ctx, path);
    for (const name of [from, to]) forgetCard(ctx, name);
    await ctx.disk.syncDir(ctx.layout.mailboxes);
    return 'renamed';
  });
}

/** The mailboxes that had this name, the one that had it last first. Reads every card: for who has found nothing. */
export async function calledNow(ctx: FileContext, name: string): Promise<Mailbox[]> {
  return formerly(await listAgents(ctx), name).map((card) => ctx.layout.mailbox(card.name));
}

/** As its sender is to hear it. */
export async function renamedSince(ctx: FileContext, error: MailboxGone): Promise<DreamosError> {
  const [now] = await calledNow(ctx, error.mailbox);
  return now ? new AgentRenamed(error.mailbox, now.name) : error;
}
