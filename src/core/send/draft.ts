import type { Priority } from '../../model/message.ts';
import type { Durability } from '../../model/settings.ts';

/** A message as its sender thinks of it. Times are milliseconds. */
export interface Draft {
  /** Names, `@group` and `@all`, each also several with commas. Groups leave the sender out, unless he is named. */
  readonly to: string | readonly string[];
  readonly body: string;
  /** Else the acting agent. */
  readonly from?: string;
  readonly subject?: string;
  readonly type?: string;
  readonly priority?: Priority;
  readonly thread?: string;
  readonly replyTo?: string;
  readonly tags?: readonly string[];
  /** Anything that JSON can hold. */
  readonly data?: unknown;
  /** If it is not delivered by then, it goes to the dead-letter queue. */
  readonly ttlMs?: number;
  readonly delayMs?: number;
  /** Not before this moment, in milliseconds since 1970; instead of `delayMs`. One that is over is refused, but for a repeat under its key. */
  readonly at?: number;
  /** Makes a repeat of this send harmless, for at least 24 hours; scoped to the sender. */
  readonly dedupeKey?: string;
  /** In each mailbox the messages of one key are delivered one at a time, in order, also to many consumers. */
  readonly orderingKey?: string;
  readonly allowEmpty?: boolean;
  /** So long the sender waits for an answer; ISO 8601. Only told: `request` waits, and sets it. */
  readonly replyBy?: string;
  /** An id that `root.ids` has made, for a sender who has to know it before. */
  readonly id?: string;
  readonly durability?: Durability;
}

export interface SendOptions {
  /** The longest time to wait for room in a full mailbox; milliseconds. Without it a full mailbox is refused at once. */
  readonly waitMs?: number;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
}
