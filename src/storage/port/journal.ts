import type { MailEvent, WatchedEvent } from '../../model/event.ts';
import type { LoggedEvent } from '../../model/metrics/tally.ts';

export interface EventBatch {
  /** Each with a cursor of at most 200 bytes that continues right behind it, in this process and in others. */
  readonly events: readonly WatchedEvent[];
  /** Continues behind everything read, also when `events` is empty. */
  readonly cursor: string;
  /** Whose events were too many for one call: the rest of theirs is there already. */
  readonly more: ReadonlySet<string>;
  /** For example: a cursor that no longer fits its log, so that this log restarts. */
  readonly warnings: readonly string[];
}

export interface Wake {
  /** Set when pushes are not to be had (for example: no inotify watches left), with the reason; it then looks once a second. */
  readonly degraded?: string;
  /** A push that was lost is made up for within seconds: whoever listens need not look by himself but now and then. */
  readonly sure?: true;
  close(): Promise<void>;
}

/**
 * Whose events: those of these mailboxes and logs, or of the topics that match one of these patterns, or of all mailboxes.
 * The last two are decided where the events are read: a topic that appears while somebody follows is heard from its first.
 */
export type Scope = readonly string[] | { readonly topics: readonly string[] } | undefined;

/** How far the event log of a day was read, or goes: in the store's own words, plain JSON that may be kept. */
export interface LogMark {
  readonly bytes: number;
  /** Of what lies in front of it, so that another log is known as another. */
  readonly check?: string;
}

/** Some of the events of a day, in the order of their lines. */
export interface LogPart {
  readonly events: readonly LoggedEvent[];
  /** Lines that are no event. */
  readonly broken: number;
  /** Behind these. */
  readonly mark: LogMark;
  /** The log is not the one that the given mark was made on, or was cut short: this part is its beginning. */
  readonly anew?: true;
}

/** What happened, and being told. */
export interface Journal {
  /** A cursor behind everything that has happened (`now`), or before everything that the logs still hold (`start`). */
  cursor(of: Scope, at: 'now' | 'start'): Promise<string>;
  /**
   * What happened behind a cursor. @param among where something is known to have happened: what happened elsewhere may be
   * left to a later call @throws CURSOR_INVALID
   */
  readEvents(of: Scope, cursor: string, among?: ReadonlySet<string>): Promise<EventBatch>;
  /**
   * What the event logs still know of a message and of the arrival of its answers (their `replyTo` is its id), by time: those
   * of all mailboxes and topics, or only one's.
   */
  history(id: string, mailbox?: string): Promise<MailEvent[]>;
  /**
   * What happened in all mailboxes since a moment (milliseconds since 1970), and of each at least its last `least` events; by
   * time. It reads the ends of the logs, however long they are.
   */
  recent(since: number, least: number): Promise<MailEvent[]>;
  /**
   * Of messages of one mailbox, by their ids, the last event that tells of the claim with this attempt; none, where the log
   * does not know (any more).
   */
  claims(mailbox: string, attempts: ReadonlyMap<string, number>): Promise<Map<string, MailEvent>>;
  /** How many events of each kind a mailbox's log has since a moment; of a very busy one only the latest are counted. */
  tally(mailbox: string, since: number): Promise<Map<string, number>>;
  /** The days (UTC, `2026-11-20`) of which a mailbox has an event log, the oldest first, and where each ends now. */
  logs(mailbox: string): Promise<ReadonlyMap<string, LogMark>>;
  /**
   * The last day of which a mailbox's event log was pruned, and those before it; `undefined`: none.
   * @param ahead also one that no clock which goes right could have pruned by now
   */
  prunedThrough(mailbox: string, ahead?: true): Promise<string | undefined>;
  /**
   * The event log of a day in bulk, from its beginning or from behind a mark, part by part: for who counts. Nothing is known
   * of an event but that it has `at`, `event` and `id`. Nothing comes where nothing is new.
   */
  readLog(mailbox: string, day: string, from?: LogMark): AsyncIterable<LogPart>;
  /**
   * Calls `hint` when something may have happened: `where`, or anywhere. A hint may come twice or for nothing; look with
   * readEvents or claim.
   */
  watch(of: Scope, hint: (where?: ReadonlySet<string>) => void): Promise<Wake>;
}
