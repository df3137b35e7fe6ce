/**
 * A history is what some processes want to do, and in which order the machine lets them: both are plain data, so that a
 * history can be repeated, cut down, and printed.
 */
import type { CrashModel, Cut } from './crash.ts';

export const mailboxes = ['ann', 'bob', 'cy'] as const;
export type MailboxName = (typeof mailboxes)[number];

/** `pick`: which of the receipts or entries that there are when it comes to it. */
export type Operation =
  | { readonly does: 'send'; readonly to: readonly MailboxName[]; readonly how: SendHow }
  | { readonly does: 'batch'; readonly items: readonly { readonly to: MailboxName; readonly how: SendHow }[] }
  | { readonly does: 'keyed'; readonly key: number; readonly relaxed: boolean }
  | { readonly does: 'claim'; readonly from: MailboxName; readonly leaseMs: number; readonly inbox?: number }
  /** Opens or closes the inbox of one of a few requests. */
  | { readonly does: 'ask'; readonly mailbox: MailboxName; readonly request: number; readonly waitMs: number }
  | { readonly does: 'close'; readonly mailbox: MailboxName; readonly request: number }
  | { readonly does: 'ack'; readonly pick: Pick }
  | { readonly does: 'nack'; readonly pick: Pick; readonly delayMs?: number; readonly dead: boolean }
  | { readonly does: 'renew'; readonly pick: Pick; readonly leaseMs: number }
  | { readonly does: 'recover'; readonly mailbox: MailboxName }
  | { readonly does: 'cancel' | 'restore' | 'retry'; readonly mailbox: MailboxName; readonly pick: number }
  /** `held`: also of what is claimed, as the deletion of an agent does. */
  | { readonly does: 'cancel-held'; readonly mailbox: MailboxName; readonly pick: number }
  /** Of what is delayed or rests: now, or so much later than now. */
  | { readonly does: 'deliver'; readonly mailbox: MailboxName; readonly pick: number; readonly delayMs?: number }
  /** Of what is ready, delayed or in flight in a mailbox. */
  | { readonly does: 'hand-over'; readonly mailbox: MailboxName; readonly pick: number; readonly to: MailboxName }
  /** All mail of the root is backed up; what the backup holds is compared with what was acknowledged before. */
  | { readonly does: 'backup' }
  /** Opens a newer bucket, as a producer does that finds the newest one full. */
  | { readonly does: 'open-bucket'; readonly mailbox: MailboxName; readonly rank: number; readonly lane: 0 | 1 }
  | { readonly does: 'save-card'; readonly mailbox: MailboxName };

export interface SendHow {
  readonly rank: number;
  readonly delayMs?: number;
  readonly ttlMs?: number;
  readonly relaxed: boolean;
  /** The request that it answers. */
  readonly answers?: number;
  readonly orderingKey?: number;
  readonly task?: true;
}

/** The id of a request; nobody sends it, only its answers are of interest. */
export function requestId(request: number): string {
  return `01KAGZ000000000000000000R${request}`;
}

/** Of the process's own receipts, or of everybody's: a receipt is text, and may be handed on or used twice. */
export interface Pick {
  readonly of: 'own' | 'all';
  readonly number: number;
}

/** Picks the newest, whatever else there is. */
export const newest = 7;

export type Decision =
  /** The process does its next step; `ms` pass before it. */
  | { readonly do: 'run'; readonly p: number; readonly ms: number }
  | { readonly do: 'kill'; readonly p: number }
  /** Nobody runs for this long. */
  | { readonly do: 'wait'; readonly ms: number }
  /** The wall clock is set to another time. */
  | { readonly do: 'step-clock'; readonly ms: number }
  /** Power cut; the processes start again on what is left. */
  | { readonly do: 'crash'; readonly cut: Cut }
  /** What if now the power were cut, or every process killed? Looks at a copy, and the history goes on. */
  | { readonly do: 'look'; readonly cut: Cut | 'kill-all' };

export interface History {
  readonly seed: number;
  readonly model: CrashModel;
  /** By process. */
  readonly operations: readonly (readonly Operation[])[];
  readonly decisions: readonly Decision[];
}

/** The messages that go out under a key are the same in every try: the key says to whom. */
export const keyedTo: readonly (readonly MailboxName[])[] = [['ann'], ['ann', 'bob'], ['bob', 'cy', 'ann']];
