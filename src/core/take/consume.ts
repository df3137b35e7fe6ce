import { signatureIn } from '../../contract/json.ts';
import { resolveAgent } from '../agents/agents.ts';
import { createReader, type ReadOptions } from './read.ts';
import { asConsumer, takeUp } from './take-up.ts';
import type { Session } from '../root/root.ts';
import { ack, type AckHow, ackClaim, ackWith, nack, type NackHow, renew } from './settle.ts';
import { createWaiter } from '../wait/wait.ts';
import type { Delivery, Settled } from '../../storage/port/mail.ts';
import { eachOf, lastingIn } from '../root/operation.ts';

/** A delivery that can be settled. */
export interface Job extends Delivery {
  ack(how?: AckHow): Promise<Settled>;
  nack(options?: NackHow): Promise<Settled>;
  /** @param leaseMs from now, milliseconds; else the mailbox's lease */
  renew(leaseMs?: number): Promise<Settled>;
}

export const consume = eachOf('consume', consumeBody, lastingIn);

async function* consumeBody(
  opened: Session,
  mailbox: string,
  options: ReadOptions = {},
): AsyncGenerator<Job, void, undefined> {
  const session = await asConsumer(opened, options.label);
  const reading = { ...options, waitMs: options.waitMs ?? Infinity };
  const card = await resolveAgent(session, mailbox);
  const waiter = createWaiter(session, card.name);
  const { token, close } = await takeUp(session, card.name);
  try {
    const reader = await createReader(session, card, reading, token);
    for (;;) {
      const delivery = await reader.next(waiter, reading);
      if (!delivery) return;
      yield jobOf(session, delivery);
    }
  } finally {
    await close();
    await waiter.close();
  }
}

/** One that has come since the consumer began holds for what is in its hands, too. @throws FORBIDDEN */
function underPolicy<T>(session: Session, settle: (session: Session) => Promise<T>): Promise<T> {
  const again = session.checkAgain?.();
  return again === undefined ? settle(session) : again.then((own) => settle(own ?? session));
}

export function jobOf(session: Session, delivery: Delivery): Job {
  const { receipt, mailbox, attempt, leaseUntil, message, unsealed } = delivery;
  const by = session.acting ?? mailbox;
  const job: Job = {
    receipt,
    mailbox,
    attempt,
    leaseUntil,
    message,
    ...(unsealed && { unsealed }),
    ack: (how) =>
      session.gate?.away
        ? ack(session, receipt, how)
        : underPolicy(session, (own) => (how ? ackWith(own, receipt, by, how) : ackClaim(own, receipt, by))),
    nack: (options) => underPolicy(session, (own) => nack(own, receipt, options)),
    renew: (leaseMs) => underPolicy(session, (own) => renew(own, receipt, leaseMs)),
  };
  // Not spread into it: of every other job V8 knows the shape.
  return delivery.signature === undefined ? job : Object.assign(job, signatureIn(delivery));
}
