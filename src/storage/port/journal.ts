import type { MailEvent, WatchedEvent } from '../../model/event.ts';

export interface EventBatch {
  readonly events: readonly WatchedEvent[];
  /** Continues behind everything read, also when `events` is empty. */
  readonly cursor: string;
  /** For example: a cursor that no longer fits its log, so that this log restarts. */
  readonly warnings: readonly string[];
}

export interface Wake {
  /** Set when pushes are not to be had (for example: no inotify watches left), with the reason; it then looks once a second. */
  readonly degraded?: string;
  close(): Promise<void>;
}

/** What happened, and being told. */
export interface Journal {
  /** A cursor behind everything that has happened (`now`), or before everything that the logs still hold (`start`). */
  cursor(mailboxes: readonly string[] | undefined, at: 'now' | 'start'): Promise<string>;
  /** What happened behind a cursor; `undefined` mailboxes: all, those registered later included. @throws CURSOR_INVALID */
  readEvents(mailboxes: readonly string[] | undefined, cursor: string): Promise<EventBatch>;
  /**
   * What the event logs still know of a message and of the arrival of its answers (their `replyTo` is its id), by time: those
   * of all mailboxes and topics, or only one's.
   */
  history(id: string, mailbox?: string): Promise<MailEvent[]>;
  /** Calls `hint` when something may have happened. A hint may come twice or for nothing; look with readEvents or claim. */
  watch(mailboxes: readonly string[] | undefined, hint: () => void): Promise<Wake>;
  /** As `watch`, for the logs of the topics that match one of these patterns, those that appear later included. */
  watchTopics(patterns: readonly string[], hint: () => void): Promise<Wake>;
}
