import type { TaskFields } from '../../model/message.ts';
import type { Draft, Parsed } from '../../model/draft.ts';

/** A draft that parseDraft has seen, with what the core itself adds. */
export type CheckedDraft = Parsed<Draft> & {
  /** So long the sender waits for an answer; ISO 8601. Only told: `request` waits, and sets it. */
  readonly replyBy?: string;
  /** An id that `root.ids` has made, for a sender who has to know it before. */
  readonly id?: string;
  /** Makes it a task (core/tasks). */
  readonly task?: TaskFields;
};

export interface SendOptions {
  /** The longest time to wait for room in a full mailbox; milliseconds. Without it a full mailbox is refused at once. */
  readonly waitMs?: number;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
}
