/**
 * Consumers of one mailbox that take messages from under each other spread out: each begins in one of the oldest buckets of
 * a lane, and comes round to the others before it goes on to the next lane. In one bucket, of 32 processes on two cores, one
 * of ten claims was lost, and each process listed the whole bucket again for every 15 messages, with its folder locked.
 *
 * It ends as soon as no claim has been lost for a while, so that who works on a message for seconds takes the oldest.
 */
import type { FileContext } from '../disk/context.ts';
import { memory } from '../disk/memory.ts';
import type { Mailbox } from '../names/layout.ts';

/** Over how many buckets they spread, so how far out of order they take what is ready: 256 messages each. */
export const contestedBuckets = 4;
const contestMs = 1000;

interface Contest {
  /** Uptime of the last claim that was lost. */
  lostAt: number;
  /** At random in [0, 1): where this process begins. */
  readonly share: number;
}

/** By mailbox. */
const contests = memory(() => new Map<string, Contest>());

/** Where this process begins; 0 without a contest, with the oldest. */
export function shareOf(ctx: FileContext, mailbox: Mailbox): number {
  return contestOf(ctx, mailbox)?.share ?? 0;
}

/**
 * A claim was lost.
 * @param toConsumer whether another consumer has it: what is cancelled is not there either, and keeps nobody from the oldest
 */
export async function noteLoss(ctx: FileContext, mailbox: Mailbox, toConsumer: () => Promise<boolean>): Promise<void> {
  const contest = contestOf(ctx, mailbox);
  const lostAt = ctx.clock.uptime();
  if (contest) contest.lostAt = lostAt;
  else if (await toConsumer()) contests.of(ctx).set(mailbox.name, { lostAt, share: ctx.ids.fraction() });
}

export function endContest(ctx: FileContext, mailbox: Mailbox): void {
  contests.of(ctx).delete(mailbox.name);
}

function contestOf(ctx: FileContext, mailbox: Mailbox): Contest | undefined {
  const contest = contests.of(ctx).get(mailbox.name);
  if (!contest || ctx.clock.uptime() - contest.lostAt < contestMs) return contest;
  endContest(ctx, mailbox);
  return undefined;
}
