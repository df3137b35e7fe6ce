/**
 * Backpressure: a send that would exceed a recipient's maxMessages or maxBytes is refused by the store, which counts. Here
 * what is due is moved first, since expired mail and unfinished sends are no reason to refuse, and who may wait waits.
 */
import { type DreamosError } from '../../model/errors.ts';
import type { Durability } from '../../model/settings.ts';
import type { Sent } from '../../storage/port/mail.ts';
import { MailboxFull } from '../../storage/port/refusals.ts';
import type { Session } from '../root/root.ts';
import { bringAllDue } from '../wait/due.ts';
import { waitFor } from '../wait/wait.ts';
import type { Composed } from './compose.ts';
import type { SendOptions } from './draft.ts';

/** What the sends of one call share: how long they may still wait. */
export interface Waiting {
  /** By the clock's uptime; later again after each wait that was worth it. */
  until: number;
  readonly waitMs: number;
  readonly signal: AbortSignal | undefined;
}

/** How long the sends of one call may wait, and what is left of it. */
export interface Patience {
  readonly options: SendOptions | undefined;
  waiting?: Waiting;
}

export function waitingFor(session: Session, patience: Patience): Waiting {
  const { waitMs = 0, signal } = patience.options ?? {};
  return (patience.waiting ??= { until: session.clock.uptime() + waitMs, waitMs, signal });
}

type Result = Sent | DreamosError;

/** Sends in this order: one that has to wait for room keeps those behind it. @returns a result for each */
export async function sendInOrder(
  session: Session,
  composed: readonly Composed[],
  durability: Durability,
  waiting: Waiting,
): Promise<Result[]> {
  const results: Result[] = [];
  while (results.length < composed.length) {
    const rest = composed.slice(results.length);
    const outgoing = rest.map((one) => one.outgoing);
    const tried = await session.store.mail.send(outgoing, { durability, untilFull: true });
    const last = tried.at(-1);
    if (!(last instanceof MailboxFull)) return [...results, ...tried];
    const full = rest[tried.length - 1] as Composed;
    results.push(...tried.slice(0, -1), await sendOnceThereIsRoom(session, full, durability, waiting));
  }
  return results;
}

async function sendOnceThereIsRoom(
  session: Session,
  { outgoing, limited }: Composed,
  durability: Durability,
  waiting: Waiting,
): Promise<Result> {
  const sendAgain = async (): Promise<Result> => {
    const [result] = await session.store.mail.send([outgoing], { durability });
    if (!result) throw new Error('A send had no result.');
    return result;
  };
  for (const card of limited) await bringAllDue(session, card);
  let result = await sendAgain();
  while (result instanceof MailboxFull) {
    const { mailbox } = result;
    const leftMs = waiting.until - session.clock.uptime();
    if (leftMs <= 0 || waiting.signal?.aborted) return result;
    const attempt = async (): Promise<Result | undefined> => {
      const now = await sendAgain();
      return now instanceof MailboxFull && now.mailbox === mailbox ? undefined : now;
    };
    const came: Result | undefined = await waitFor(session, mailbox, attempt, {
      waitMs: leftMs,
      ...(waiting.signal && { signal: waiting.signal }),
    });
    if (!came) return result;
    result = came;
    waiting.until = session.clock.uptime() + waiting.waitMs;
  }
  return result;
}
