import type { ReplyDraft } from '../send/reply.ts';

/** What a handler says of its message. Nothing at all is `ack`; an error that it throws is `fail`. */
export type Outcome =
  /** Done; a `reply` is sent with it, to the sender and in the thread. */
  | { readonly outcome: 'ack'; readonly reply?: ReplyDraft }
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
    const outcome: Outcome = said(thrown) ?? { outcome: 'fail', reason: String(thrown) };
    return thrown instanceof Error ? Object.assign(outcome, { reason: thrown.message }) : outcome;
  }
}

/** `undefined`: it does not speak of an outcome. */
function said(value: unknown): Outcome | undefined {
  if (typeof value !== 'object' || value === null || !('outcome' in value)) return undefined;
  if ((outcomeNames as readonly unknown[]).includes(value.outcome)) return { ...value } as Outcome;
  const reason = `the handler said ${JSON.stringify(value.outcome)}, which is none of: ${outcomeNames.join(', ')}`;
  return { outcome: 'fail', reason };
}
