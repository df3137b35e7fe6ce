/** The shapes that `--json` prints where core speaks in milliseconds: the same fields with ISO times. Fields are only ever added. */
import type { Peeked } from '../../core/look/peek.ts';
import { sameAgent } from '../../model/agent.ts';
import type { Delivery, Settled } from '../../storage/port/mail.ts';
import type { Entry } from '../../storage/port/look.ts';

export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

export function deliveryJson({ receipt, mailbox, attempt, leaseUntil, message }: Delivery) {
  return { receipt, mailbox, attempt, leaseUntil: isoTime(leaseUntil), message };
}

export function peekedJson({ mailbox, attempt, message }: Peeked) {
  return { mailbox, attempt, message };
}

export function settledJson({ id, mailbox, state, receipt, leaseUntil }: Settled) {
  return { id, mailbox, state, receipt, ...(leaseUntil === undefined ? {} : { leaseUntil: isoTime(leaseUntil) }) };
}

/** A receipt is shown to its mailbox's own agent only: whoever has it can settle the claim. */
export function entryJson(entry: Entry, acting?: string) {
  const { id, mailbox, state, priority, attempt, receipt, expiresAt, dueAt, leaseUntil, ackedAt, deadAt } = entry;
  const mine = acting !== undefined && sameAgent(acting, mailbox);
  return {
    id,
    mailbox,
    state,
    priority,
    attempt,
    ...(mine && receipt !== undefined ? { receipt } : {}),
    ...isoTimes({ expiresAt, dueAt, leaseUntil, ackedAt, deadAt }),
  };
}

function isoTimes(times: Record<string, number | undefined>): Record<string, string> {
  const iso: Record<string, string> = {};
  for (const [name, ms] of Object.entries(times)) if (ms !== undefined) iso[name] = isoTime(ms);
  return iso;
}
