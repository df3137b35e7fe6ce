/**
 * Those who claim for long: each keeps a request open for as long as he is there. What one holds whose request broke off, since his
 * process has ended, is given back at once, as that of a process is that works on the root itself. Where the server ends he goes on
 * with it, and it has its lease.
 */
import { takeUp } from '../../core/take/take-up.ts';
import { nack } from '../../core/take/settle.ts';
import { admit, lastingIn } from '../../core/root/operation.ts';
import { joined } from '../../core/wait/joined.ts';
import type { Session } from '../../core/root/root.ts';
import { DreamosError } from '../../model/errors.ts';
import type { Delivery, Settled } from '../../storage/port/mail.ts';

/**
 * Receipts, by their mailbox and message: one id may lie in many mailboxes. Of a claim that is renewed the first receipt stays
 * good, and of no other claim of the message it is.
 */
type Held = Map<string, string>;

interface Stays {
  /** The signal of its client has come. */
  readonly until: AbortSignal;
  /** Its request is over: its client has left, or the server ends. */
  readonly gone: AbortSignal;
  readonly left: AbortSignal;
}

export interface Consumers {
  /** Until one of these comes. */
  stay(session: Session, mailbox: string, id: string, ends: Stays): AsyncGenerator<true, void, undefined>;
  /** What has come of a call that claims or settles. @param session of who called */
  note(session: Session, operation: string, args: readonly unknown[], result: unknown): void;
}

export function createConsumers(): Consumers {
  // By the agent, and by what his client calls it.
  const all = new Map<string, Map<string, Held>>();

  async function* stay(
    session: Session,
    mailbox: string,
    id: string,
    { until, gone, left }: Stays,
  ): AsyncGenerator<true, void, undefined> {
    const own = await admit(session, 'work', lastingIn(mailbox));
    const held: Held = new Map();
    const agent = agentOf(session);
    const ofAgent = all.get(agent) ?? new Map<string, Held>();
    all.set(agent, ofAgent.set(id, held));
    const { close } = await takeUp(own, mailbox);
    try {
      yield true;
      const { signal } = joined(until, gone);
      if (!signal.aborted)
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    } finally {
      if (ofAgent.get(id) === held) ofAgent.delete(id);
      if (ofAgent.size === 0) all.delete(agent);
      await close();
      if (left.aborted && !until.aborted) await giveBack(session, held);
    }
  }

  function note(session: Session, operation: string, args: readonly unknown[], result: unknown): void {
    const ofAgent = all.get(agentOf(session));
    if (!ofAgent) return;
    if (operation === 'read') {
      const { mailbox, receipt, message } = (result ?? {}) as Partial<Delivery>;
      const { consumer } = (args[1] ?? {}) as { readonly consumer?: string };
      if (receipt !== undefined && message) ofAgent.get(consumer ?? '')?.set(`${mailbox} ${message.id}`, receipt);
      return;
    }
    const done = operation === 'reply' ? (result as { readonly acked?: Settled } | undefined)?.acked : result;
    const { mailbox, id } = (settling.has(operation) ? (done ?? {}) : {}) as Partial<Settled>;
    for (const held of ofAgent.values()) held.delete(`${mailbox} ${id}`);
  }

  return { stay, note };
}

const settling: ReadonlySet<string> = new Set(['ack', 'nack', 'reply']);

function agentOf({ acting = '' }: Session): string {
  return acting.toLowerCase();
}

async function giveBack(session: Session, held: Held): Promise<void> {
  for (const receipt of held.values()) {
    await nack(session, receipt, { delayMs: 0, reason: 'its consumer ended' }).catch((error: unknown) => {
      // It has been settled since, or its lease brings it back.
      if (!(error instanceof DreamosError)) throw error;
    });
  }
}
