/**
 * What --json prints where core and the library speak in milliseconds: the same fields with ISO times, in the order of the
 * shapes. Fields are only ever added.
 */
import { sameAgent } from '../model/agent.ts';
import type { Signature } from '../model/signed/signature.ts';
import type { EntryJson, TraceStep } from './look.ts';
import type { DeliveryJson, SettledJson } from './mail.ts';

/** The fields that are milliseconds since 1970 in core, and ISO 8601 with --json. */
export const timeFields = ['leaseUntil', 'dueAt', 'expiresAt', 'ackedAt', 'deadAt'] as const;

/** A shape as core has it. */
type InMs<T> = { readonly [Key in keyof T]: Key extends (typeof timeFields)[number] ? number : T[Key] };

export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

export function deliveryJson(delivery: InMs<DeliveryJson>): DeliveryJson {
  const { receipt, mailbox, attempt, leaseUntil, message, unsealed } = delivery;
  return {
    ...{ receipt, mailbox, attempt, leaseUntil: isoTime(leaseUntil), message },
    ...signatureIn(delivery),
    ...(unsealed && { unsealed }),
  };
}

/** What is known of a message's signature, if anything. */
export function signatureIn({ signature, signatureFault, signedBy }: Signature): Signature {
  return {
    ...(signature !== undefined && { signature }),
    ...(signatureFault !== undefined && { signatureFault }),
    ...(signedBy !== undefined && { signedBy }),
  };
}

export function settledJson({ id, mailbox, state, receipt, leaseUntil, dueAt }: InMs<SettledJson>): SettledJson {
  return {
    id,
    mailbox,
    state,
    receipt,
    ...(leaseUntil !== undefined && { leaseUntil: isoTime(leaseUntil) }),
    ...(dueAt !== undefined && { dueAt: isoTime(dueAt) }),
  };
}

/** A receipt is shown to its mailbox's own agent only: whoever has it can settle the claim. */
export function entryJson(entry: InMs<EntryJson>, acting?: string): EntryJson {
  const {
    id,
    mailbox,
    state,
    priority,
    attempt,
    task,
    receipt,
    heldBy,
    heldLabel,
    heldSince,
    expiresAt,
    dueAt,
    leaseUntil,
    ackedAt,
    withdrawn,
    deadAt,
    replacedBy,
  } = entry;
  const mine = acting !== undefined && sameAgent(acting, mailbox);
  return {
    id,
    mailbox,
    state,
    priority,
    attempt,
    ...(task && { task }),
    ...(mine && receipt !== undefined && { receipt }),
    ...(heldBy !== undefined && { heldBy }),
    ...(heldLabel !== undefined && { heldLabel }),
    ...(heldSince !== undefined && { heldSince }),
    ...(expiresAt !== undefined && { expiresAt: isoTime(expiresAt) }),
    ...(dueAt !== undefined && { dueAt: isoTime(dueAt) }),
    ...(leaseUntil !== undefined && { leaseUntil: isoTime(leaseUntil) }),
    ...(ackedAt !== undefined && { ackedAt: isoTime(ackedAt) }),
    ...(withdrawn && { withdrawn }),
    ...(deadAt !== undefined && { deadAt: isoTime(deadAt) }),
    ...(replacedBy !== undefined && { replacedBy }),
  };
}

/** Without the place in a topic's log, which is the store's own. */
export function stepJson(step: TraceStep): TraceStep {
  const { at, mailbox, event, id, key: _, ...rest } = step;
  return { at, mailbox, event, id, ...rest };
}
