import type { Draft, Parsed } from '../../model/draft.ts';
import type { Durability } from '../../model/settings.ts';

export type { Draft };

/** A draft that parseDraft has seen, with what the core itself adds. */
export type CheckedDraft = Parsed<Draft> & {
  /** So long the sender waits for an answer; ISO 8601. Only told: `request` waits, and sets it. */
  readonly replyBy?: string;
  /** An id that `root.ids` has made, for a sender who has to know it before. */
  readonly id?: string;
};

export interface SendReceipt {
  readonly id: string;
  readonly to: readonly string[];
  readonly mailboxes: readonly string[];
  readonly state: 'ready' | 'delayed';
  readonly durability: Durability;
  /** The dedupe key was used before: `id` is the first send's, and nothing new was sent. */
  readonly duplicate?: true;
}

export interface SendOptions {
  /** The longest time to wait for room in a full mailbox; milliseconds. Without it a full mailbox is refused at once. */
  readonly waitMs?: number;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
}

/** Somebody who would get a message, and every reason: `named`, `@reviewers`, `@all`. */
export interface Addressee {
  readonly mailbox: string;
  readonly reasons: readonly string[];
}
