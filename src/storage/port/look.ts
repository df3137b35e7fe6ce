import type { MailEvent } from '../../model/event.ts';
import type { Message, Priority } from '../../model/message.ts';
import type { State } from '../../model/state.ts';
import type { Allowance } from './allowance.ts';

/** One message in one mailbox, as its state tells it, without its content. */
export interface Entry {
  /**
   * The store's own locator, good until the next change of state, and in its mailbox no other entry's. Callers only hand it
   * back.
   */
  readonly key: string;
  readonly mailbox: string;
  readonly id: string;
  readonly state: State;
  readonly priority: Priority;
  /** How often it has been claimed. */
  readonly attempt: number;
  readonly task?: true;
  /** Time-to-live: from then on it is no longer delivered. */
  readonly expiresAt?: number;
  /** delayed: when it becomes ready. */
  readonly dueAt?: number;
  /** inflight: the handle of the current claim, and until when it holds. */
  readonly receipt?: string;
  readonly leaseUntil?: number;
  /** inflight: how often it may be claimed at most, where the claim has said so instead of the mailbox. */
  readonly maxAttempts?: number;
  /** archived: when it was acked (or cancelled, or imported). */
  readonly ackedAt?: number;
  /** archived: cancelled, replaced or imported, so never acked. A task that was imported is none of these: it is done. */
  readonly withdrawn?: true;
  /** dead: when it got there. */
  readonly deadAt?: number;
}

export interface DeadReason {
  readonly reason: string;
  readonly attempts: number;
  readonly deadAt: number;
  /** The events of this message in this mailbox that led here, oldest first; what the log still knew. */
  readonly history: readonly MailEvent[];
  /** Of what its sender wanted to be told of: `sent`, or why he is not told. */
  readonly notice?: string | undefined;
}

export interface Counts {
  readonly ready: number;
  readonly inflight: number;
  readonly delayed: number;
  readonly dead: number;
  readonly archived: number;
  readonly corrupt: number;
  /** Of the ready ones those that have outlived their time-to-live, if any: they are dead, and nobody has moved them yet. */
  readonly expired?: number;
  /** When the oldest ready message was sent. */
  readonly oldestReadyAt?: number;
  /** The last claim attempt, empty-handed ones too. */
  readonly lastReadAt?: number;
  /** What it has refused in the last 24 hours, if anything; about. */
  readonly refused?: RefusedCount;
}

export interface RefusedCount {
  readonly count: number;
  /** The last one. */
  readonly lastAt: number;
  readonly code: string;
  readonly reason: string;
}

/** Where a list goes on. */
export interface ListFrom {
  /** Behind this place (`placeOf`), whose entry need not be there any more. */
  readonly after?: string;
  /** Of what is archived or dead: what got there at this moment or before it; milliseconds since 1970. */
  readonly until?: number;
}

export interface ArchiveRange {
  readonly since?: number;
  readonly until?: number;
  readonly after?: string;
}

/** What a mailbox holds undelivered or unfinished: ready, delayed and inflight. */
export interface Load {
  readonly messages: number;
  readonly bytes: number;
}

/** Looking: it claims, moves and finishes nothing, and tells no event. */
export interface Look {
  /**
   * In delivery order, delayed and inflight by their time; archived and dead newest first. It looks only into what comes behind
   * `from`, as far as the storage can tell, and reads on as the next is asked for.
   */
  list(mailbox: string, state: State, from?: ListFrom): AsyncIterable<Entry>;
  /** Where an entry stands in the list of its state, for whoever goes on behind it; it tells nothing of its claim. */
  placeOf(entry: Entry): string;
  /** Every mailbox's entry with this id, in the order of the mailboxes' names; or only one mailbox's or log's. */
  find(id: string, mailbox?: string): Promise<Entry[]>;
  /** `undefined`: it has moved on since it was listed. @throws CORRUPT */
  read(entry: Entry): Promise<Message | undefined>;
  deadReason(entry: Entry): Promise<DeadReason | undefined>;
  counts(mailbox: string): Promise<Counts>;
  /** The messages exact at rest, their bytes about. */
  load(mailbox: string): Promise<Load>;
  /** What its agent may still send at so many messages a minute. */
  allowance(mailbox: string, perMinute: number): Promise<Allowance>;
  /** What was archived in [since, until), the oldest first. @param range `after` as of ListFrom */
  listArchived(mailbox: string, range: ArchiveRange): AsyncIterable<Entry>;
  /** The last claim attempt, empty-handed ones too; cheap at any depth. */
  lastReadAt(mailbox: string): Promise<number | undefined>;
  /** Every topic that has a log, sorted. */
  listTopics(): Promise<string[]>;
}
