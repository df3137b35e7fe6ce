/**
 * Notices of deaths. The script in which a message dies notes that its sender is to be told; whoever made that call tells him
 * behind it, or, if it was killed, who comes by next. The notice's dedupe key is made of the death, so that it is told once.
 */
import { formerly, sameAgent } from '../../../model/agent.ts';
import { DreamosError } from '../../../model/errors.ts';
import { noMailbox, noticeOf, notTold, type Death } from '../../port/notice.ts';
import { MailboxFull } from '../../port/refusals.ts';
import type { RedisContext } from './context.ts';
import { list, messageIn, type Reply, text } from './entry.ts';
import { send } from './send.ts';

const mostAtOnce = 50;

/** Never throws: the claim or ack that it follows is done, and whoever made that must get what came of it. */
export async function tellSenders(ctx: RedisContext): Promise<void> {
  try {
    const untold = list(await ctx.link.run('untold', String(mostAtOnce)));
    for (let i = 0; i < untold.length; i += 7) await tellSender(ctx, untold.slice(i, i + 7));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    ctx.warn(`Senders of dead messages are not told yet; who comes by next tries again: ${why}`);
  }
}

async function tellSender(ctx: RedisContext, reply: readonly Reply[]): Promise<void> {
  const [field, mailbox, id, why, tries, at, raw] = reply;
  const death = { mailbox: text(mailbox), reason: text(why), attempts: Number(text(tries)), deadAt: Number(text(at)) };
  let notice: string;
  try {
    notice = await toldOf(ctx, death, raw);
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    // What it was to follow is done; who comes by next tells him.
    if (error.kind === 'unreachable' || error.kind === 'disk') return;
    // What nobody can read any more, or cannot be sent, is not tried for ever.
    notice = error.message;
  }
  if (notice !== 'sent') ctx.warn(warningOf(text(id), death, notice, raw));
  await ctx.link.run('toldSender', text(field), text(at), notice);
}

function warningOf(id: string, death: Death, why: string, raw: Reply | undefined): string {
  try {
    return notTold(messageIn(raw), death, why);
  } catch {
    return `${id} is dead in ${death.mailbox}, and its sender, who asked for it, gets no notice: ${why}`;
  }
}

/** @returns `sent`, or why not */
async function toldOf(ctx: RedisContext, death: Death, raw: Reply | undefined): Promise<string> {
  const message = messageIn(raw);
  const cards = await ctx.looks.cards();
  const card = cards.find(({ name }) => sameAgent(name, message.from)) ?? formerly(cards, message.from)[0];
  const why = noMailbox(card);
  if (!card || why !== undefined) return why ?? '';
  const now = ctx.now();
  const root = (await ctx.looks.lastGoodSettings()) ?? {};
  const outgoing = noticeOf(message, death, { id: ctx.ids.next(now), card, root, now });
  const notice = (await ctx.sign?.(outgoing.message)) ?? outgoing.message;
  const [sent] = await send(ctx, [{ ...outgoing, message: notice }], { durability: 'relaxed' });
  if (sent instanceof MailboxFull) return `the mailbox of ${card.name} is full`;
  if (sent instanceof DreamosError) throw sent;
  return 'sent';
}
