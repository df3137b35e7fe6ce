import { longestMs } from '../../model/basics/limits.ts';
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
    try {
      const outcome: Outcome = said(thrown) ?? { outcome: 'fail', reason: String(thrown) };
      return thrown instanceof Error ? Object.assign(outcome, { reason: String(thrown.message) }) : outcome;
    } catch {
      return { outcome: 'fail', reason: 'the handler threw what cannot be made a text' };
    }
  }
}

/** `undefined`: it does not speak of an outcome. @throws what the getters of a value throw */
function said(value: unknown): Outcome | undefined {
  if (typeof value !== 'object' || value === null || !('outcome' in value)) return undefined;
  const { outcome, reason, delayMs } = value as { outcome: unknown; reason?: unknown; delayMs?: unknown };
  const wrong =
    typeof outcome !== 'string' || !outcomeNames.some((name) => name === outcome)
      ? `${String(outcome)}, which is none of: ${outcomeNames.join(', ')}`
      : delayMs !== undefined && !(typeof delayMs === 'number' && delayMs >= 0 && delayMs <= longestMs)
        ? `a delayMs of ${String(delayMs)}; it has to be at least 0 and at most 3650 d`
        : undefined;
  if (wrong !== undefined) return { outcome: 'fail', reason: `the handler said ${wrong}` };
  return { ...value, ...(reason !== undefined && { reason: String(reason) }) } as Outcome;
}
