import { inspect } from 'node:util';
import { longestMs } from '../../model/basics/limits.ts';
import type { ReplyDraft } from '../send/reply.ts';
import type { AckHow } from '../take/settle.ts';

/** What a handler says of its message. Nothing at all is `ack`; an error that it throws is `fail`. */
export type Outcome =
  /**
   * Done; a `reply` is sent with it, to the sender and in the thread. One that he cannot take now (no mailbox,
   * retired, full) is kept in this mailbox's archive, and the message is acked all the same; one that can be no
   * message is a failed attempt. A `score` from 0 to 1 and a `note` say how good the work is.
   */
  | ({ readonly outcome: 'ack'; readonly reply?: ReplyDraft } & AckHow)
  /** A failed attempt: it comes again after its backoff, or after `delayMs`; the last one leads to the dead-letter queue. */
  | { readonly outcome: 'fail'; readonly reason?: string; readonly delayMs?: number }
  /** Not now: it comes again without using up an attempt, after a rest that doubles each time, or after `delayMs`. */
  | { readonly outcome: 'retry'; readonly reason?: string; readonly delayMs?: number }
  /** Never again: to the dead-letter queue. */
  | { readonly outcome: 'dead'; readonly reason?: string };

export const outcomeNames = ['ack', 'fail', 'retry', 'dead'] as const satisfies Outcome['outcome'][];

/** Never rejects. An outcome may be returned or thrown; an error may have it as a field, and is then its reason. */
export async function outcomeOf(handle: () => unknown): Promise<Outcome> {
  try {
    return said(await handle()) ?? { outcome: 'ack' };
  } catch (thrown) {
    const outcome: Outcome = said(thrown) ?? { outcome: 'fail', reason: textOf(thrown) };
    return thrown instanceof Error ? Object.assign(outcome, { reason: textOf(thrown.message) }) : outcome;
  }
}

/** `undefined`: it does not speak of an outcome. What a handler makes up is its failure, never the worker's. */
function said(value: unknown): Outcome | undefined {
  if (typeof value !== 'object' || value === null || !('outcome' in value)) return undefined;
  const { outcome, reason, delayMs, score } = value as Record<string, unknown>;
  const failed = (why: string): Outcome => ({ outcome: 'fail', reason: `the handler said ${why}` });
  if (!(outcomeNames as readonly unknown[]).includes(outcome))
    return failed(`${inspect(outcome)}, which is none of: ${outcomeNames.join(', ')}`);
  if (delayMs !== undefined && !(typeof delayMs === 'number' && delayMs >= 0 && delayMs <= longestMs))
    return failed(`a delayMs of ${inspect(delayMs)}; it is at least 0 and at most 3650 days`);
  if (score !== undefined && !(typeof score === 'number' && score >= 0 && score <= 1))
    return failed(`a score of ${inspect(score)}; it is a number from 0 to 1`);
  return { ...value, ...(reason !== undefined && { reason: textOf(reason) }) } as Outcome;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value);
}
