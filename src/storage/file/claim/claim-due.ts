/** A claim as the port promises it: after moving what is due, and noted as a read. */
import type { RetryPolicy } from '../../../model/settings.ts';
import type { ClaimManyOptions, ClaimOptions, Delivery } from '../../port/mail.ts';
import type { FileContext } from '../disk/context.ts';
import { isMarked, markRead } from '../look/count.ts';
import { type Mailbox } from '../names/layout.ts';
import { claim, claimMany } from './claim.ts';
import { endRestsAhead, looksForDue, recoverDue } from './recover.ts';

// A claim that finds nothing looks into so many slots for what should not rest any more (a slot is listed in 20 us).
const restSlots = 64;

export async function claimDue(
  ctx: FileContext,
  mailbox: Mailbox,
  options: ClaimOptions,
): Promise<Delivery | undefined> {
  // Who waits for one answer does not read the mailbox.
  if (options.inbox === undefined && !isMarked(ctx, mailbox)) await markRead(ctx, mailbox);
  const looks = looksForDue(ctx, mailbox, false);
  if (looks) await recoverDue(ctx, mailbox, options.policy);
  const delivery = await claim(ctx, mailbox, options);
  if (delivery || options.inbox !== undefined) return delivery;
  return (await movesMore(ctx, mailbox, options.policy, looks)) ? claim(ctx, mailbox, options) : undefined;
}

export async function claimManyDue(ctx: FileContext, mailbox: Mailbox, options: ClaimManyOptions): Promise<Delivery[]> {
  if (!isMarked(ctx, mailbox)) await markRead(ctx, mailbox);
  const looks = looksForDue(ctx, mailbox, false);
  if (looks) await recoverDue(ctx, mailbox, options.policy);
  const deliveries = await claimMany(ctx, mailbox, options);
  if (deliveries.length > 0) return deliveries;
  return (await movesMore(ctx, mailbox, options.policy, looks)) ? claimMany(ctx, mailbox, options) : [];
}

/** For a claim that has found nothing. @param looked whether what is due was moved before it */
async function movesMore(ctx: FileContext, mailbox: Mailbox, policy: RetryPolicy, looked: boolean): Promise<boolean> {
  let moved = await endRestsAhead(ctx, mailbox, restSlots);
  if (!looked && looksForDue(ctx, mailbox, true)) moved += (await recoverDue(ctx, mailbox, policy)).moved;
  return moved > 0;
}
