/**
 * The storage port: what the core needs of a place that keeps mail, in the words of the design and without paths.
 * Files are the first implementation (file/store.ts), memory the second (memory/store.ts); test/storage/contract is the
 * suite that every implementation has to pass.
 *
 * The rules an implementation keeps:
 * - A message is in exactly one state in a mailbox, and every change of state is atomic: of two callers that want the
 *   same change one succeeds, and the other is told.
 * - Every change is followed by its event, seen by `readEvents`.
 * - Looking (`list`, `find`, `read`, `counts`, `readEvents`) claims and finishes nothing.
 * - Times are milliseconds since 1970 by the store's clock.
 * - A topic's log is a mailbox whose name is `#` and the topic (model/topic.ts). It is there as soon as something is sent to
 *   it, and has no card. What is sent to it is archived in it at once, whatever its due time, followed by a `published`
 *   event; no other state exists there. Whoever asks for all mailboxes never means logs.
 */
import type { AgentCard } from '../../model/agent.ts';
import type { DreamosError } from '../../model/errors.ts';
import type { MailEvent, WatchedEvent } from '../../model/event.ts';
import type { Message, Priority } from '../../model/message.ts';
import type { Durability, RetryPolicy, Settings } from '../../model/settings.ts';

export const states = ['ready', 'delayed', 'inflight', 'archived', 'dead'] as const;
export type State = (typeof states)[number];

/** `maintain.<mailbox>`: for whoever packs, prunes or takes out of the archive. */
type LockName = 'import' | 'purge' | 'repair' | `maintain.${string}`;

/** What the root as a whole remembers beside its settings; the core knows their shapes. */
export type DocumentName = 'subscriptions' | 'schedules';

/** One message in one mailbox, as its state tells it, without its content. */
export interface Entry {
  /** The store's own locator, good until the next change of state. Callers only hand it back. */
  readonly key: string;
  readonly mailbox: string;
  readonly id: string;
  readonly state: State;
  readonly priority: Priority;
  /** How often it has been claimed. */
  readonly attempt: number;
  /** Time-to-live: from then on it is no longer delivered. */
  readonly expiresAt?: number;
  /** delayed: when it becomes ready. */
  readonly dueAt?: number;
  /** inflight: the handle of the current claim, and until when it holds. */
  readonly receipt?: string;
  readonly leaseUntil?: number;
  /** archived: when it was acked (or cancelled, or imported). */
  readonly ackedAt?: number;
  /** dead: when it got there. */
  readonly deadAt?: number;
}

/** The result of a claim. */
export interface Delivery {
  readonly receipt: string;
  readonly mailbox: string;
  readonly attempt: number;
  readonly leaseUntil: number;
  readonly message: Message;
}

/** A message on its way to one or more mailboxes. */
export interface Outgoing {
  /** Complete but for the digest. Its `dedupeKey`, when set, makes the send idempotent per sender and key. */
  readonly message: Message;
  /** Registered mailboxes and at most one log, each once. */
  readonly mailboxes: readonly string[];
  /** Not before then. */
  readonly dueAt?: number;
  /** By mailbox: from then on it is no longer delivered there. For a message without an `expiresAt` of its own. */
  readonly expiresAt?: ReadonlyMap<string, number>;
  /**
   * Of one under a dedupe key: called when the key turns out to be new, before anything is sent. The DreamosError that it
   * throws is the send's result.
   */
  readonly whenNew?: () => Promise<void>;
}

export interface Sent {
  readonly id: string;
  readonly mailboxes: readonly string[];
  readonly state: 'ready' | 'delayed';
  readonly durability: Durability;
  /** The dedupe key was used before: `id` is the first send's, and nothing new was sent. */
  readonly duplicate?: true;
}

export interface ClaimOptions {
  readonly leaseMs: number;
  readonly policy: RetryPolicy;
  /** Who claims, for the event log. */
  readonly by?: string;
  /** Only messages for which this holds; it may cost reading many. */
  readonly accepts?: (message: Message) => boolean;
  /** Only answers in the inbox of this request. */
  readonly inbox?: string;
  /** Ends a search with `accepts` between two messages; nothing is claimed then. */
  readonly signal?: AbortSignal;
}

export interface NackOptions {
  readonly policy: RetryPolicy;
  readonly by?: string;
  /** Rest this long before the next delivery; by default the policy's backoff with jitter. */
  readonly delayMs?: number;
  readonly reason?: string;
  /** Straight to the dead-letter queue. */
  readonly dead?: boolean;
  /** Uses up no attempt, so it never leads to the dead-letter queue: the next claim has this one's attempt again. */
  readonly free?: boolean;
}

export interface Settled {
  readonly id: string;
  readonly mailbox: string;
  readonly state: State;
  readonly receipt: string;
  readonly leaseUntil?: number;
}

export interface DeadReason {
  readonly reason: string;
  readonly attempts: number;
  readonly deadAt: number;
  /** The events of this message in this mailbox that led here, oldest first; what the log still knew. */
  readonly history: readonly MailEvent[];
}

export interface Counts {
  readonly ready: number;
  readonly inflight: number;
  readonly delayed: number;
  readonly dead: number;
  readonly archived: number;
  readonly corrupt: number;
  /** When the oldest ready message was sent. */
  readonly oldestReadyAt?: number;
  /** The last claim attempt, empty-handed ones too. */
  readonly lastReadAt?: number;
}

/** What was taken out of a log. */
export interface Pruned {
  readonly messages: number;
  readonly bytes: number;
}

/** What a mailbox holds undelivered or unfinished: ready, delayed and inflight. */
export interface Load {
  readonly messages: number;
  readonly bytes: number;
}

/** A UTC day of the archive or of the event log that was packed or removed, or would be. */
export interface Tidied {
  /** `2026-11-20` */
  readonly day: string;
  /** Messages of the archive; of the event log: its files. */
  readonly count: number;
  /** What they take, or, packed, took. */
  readonly bytes: number;
  /** Packed: what they take now. */
  readonly packedBytes?: number;
}

/** Which days to keep. Every given rule has its say; the newest two days of the event log and today's archive stay. */
export interface KeepOptions {
  /** Days that begin before this one go: `2026-11-20`. */
  readonly fromDay?: string;
  /** The oldest go until no more than this is left. */
  readonly maxBytes?: number;
  /** Only say what would go. */
  readonly dryRun: boolean;
}

export interface Recovered {
  readonly moved: number;
  /** The first moment at which something will fall due or expire, as far as this look saw. */
  readonly nextAt?: number;
}

export interface EventBatch {
  readonly events: readonly WatchedEvent[];
  /** Continues behind everything read, also when `events` is empty. */
  readonly cursor: string;
  /** For example: a cursor that no longer fits its log, so that this log restarts. */
  readonly warnings: readonly string[];
}

/** Something `inspect` looked at. */
export interface Finding {
  /** Short and stable: `lease-expired`, `tmp-stale`, `digest`. */
  readonly rule: string;
  readonly level: 'info' | 'warning' | 'problem';
  readonly message: string;
  readonly mailbox?: string;
  /** Repaired in this run. */
  readonly fixed?: boolean;
  /** What to run next. */
  readonly hint?: string;
}

export interface InspectOptions {
  readonly fix: boolean;
  readonly policy: (mailbox: string) => Promise<RetryPolicy>;
  /** Called now and then with how many things were looked at. */
  readonly onProgress?: (looked: number) => void;
  /** Ends it between two steps or entries. */
  readonly signal?: AbortSignal;
}

export interface Actor {
  /** The acting agent, for the event log. */
  readonly by?: string;
}

export interface Wake {
  /** Set when pushes are not to be had (for example: no inotify watches left), with the reason; it then looks once a second. */
  readonly degraded?: string;
  close(): Promise<void>;
}

export interface Store {
  // Who can receive, and under which settings.
  listAgents(): Promise<AgentCard[]>;
  /** By its exact or differently cased name. */
  getAgent(name: string): Promise<AgentCard | undefined>;
  /** Read, change, write, as one step under a lock. Makes the mailbox durable before it returns. */
  saveAgent(name: string, change: (card: AgentCard | undefined) => AgentCard): Promise<AgentCard>;
  loadSettings(): Promise<Settings>;
  saveSettings(change: (settings: Settings) => Settings): Promise<Settings>;
  /** A document of the whole root; `undefined`: never saved. To read it again unchanged costs one look. @throws CONFIG_INVALID */
  loadDocument(name: DocumentName): Promise<unknown>;
  /** Read, change, write, as one step under a lock; durable when it returns. @throws CONFIG_INVALID */
  saveDocument(name: DocumentName, change: (document: unknown) => unknown): Promise<void>;

  /** Every topic that has a log, sorted. */
  listTopics(): Promise<string[]>;

  // The life of a message.
  /**
   * Each outgoing message is its own commit; the results come in the same order. When a result is a `Sent` with
   * durability `full`, the message survives the death of every process and a power cut.
   * Errors: DEDUPE_MISMATCH (it names the first id), DISK_FAILED (nothing was sent), SEND_UNCERTAIN (it may have been; the id is in the message).
   */
  send(outgoing: readonly Outgoing[], options: { readonly durability: Durability }): Promise<(Sent | DreamosError)[]>;
  /**
   * Opens an inbox for the answers to a request: until it is closed, a message whose `replyTo` is the request's id waits there
   * (state delayed, due at `until`), and only a claim that names the inbox takes it. From `until` on `recover` closes it.
   * Durable when it returns. A request has one inbox in its life.
   */
  openInbox(mailbox: string, request: string, until: number): Promise<void>;
  /** What is left in it is ready now, and later answers are ordinary mail. Nothing, when it is closed. @returns how many were left */
  closeInbox(mailbox: string, request: string): Promise<number>;
  /** Whether answers to this request go to an inbox now. */
  hasInbox(mailbox: string, request: string): Promise<boolean>;
  /** Takes the next message in delivery order under a lease, after moving what is due; `undefined`: nothing ready. */
  claim(mailbox: string, options: ClaimOptions): Promise<Delivery | undefined>;
  /** @throws LEASE_LOST, ALREADY_SETTLED, RECEIPT_INVALID */
  ack(receipt: string, options: Actor): Promise<Settled>;
  /** The last attempt, or `dead`, leads to the dead-letter queue. @throws as ack */
  nack(receipt: string, options: NackOptions): Promise<Settled>;
  /** The lease now ends `leaseMs` from now. The old receipt stays good; the new one is found faster. @throws as ack */
  renew(receipt: string, options: Actor & { readonly leaseMs: number }): Promise<Settled>;
  /** Nothing, as long as the claim holds. @throws as ack */
  checkClaim(receipt: string): Promise<void>;
  /** Which message in which mailbox a receipt speaks of. @throws RECEIPT_INVALID */
  parseReceipt(receipt: string): { readonly mailbox: string; readonly id: string };
  /** Moves what is due: expired leases, delayed messages, unfinished sends, handed-in files, inboxes whose time is over; a bounded number a call. */
  recover(mailbox: string, policy: RetryPolicy): Promise<Recovered>;
  /** Of all that, only the unfinished sends: for who looks at logs and reads no mailbox. */
  finishSends(): Promise<void>;

  // Looking.
  /** In delivery order, delayed and inflight by their time; archived and dead newest first. */
  list(mailbox: string, state: State): AsyncIterable<Entry>;
  /** Every mailbox's entry with this id, or only one mailbox's or log's. */
  find(id: string, mailbox?: string): Promise<Entry[]>;
  /** `undefined`: it has moved on since it was listed. @throws CORRUPT */
  read(entry: Entry): Promise<Message | undefined>;
  deadReason(entry: Entry): Promise<DeadReason | undefined>;
  counts(mailbox: string): Promise<Counts>;
  /** About; cheap at any depth, and exact while little is there. */
  load(mailbox: string): Promise<Load>;
  /** What was archived in [since, until), the oldest first. */
  listArchived(mailbox: string, range: { readonly since?: number; readonly until?: number }): AsyncIterable<Entry>;
  /** The last claim attempt, empty-handed ones too; cheap at any depth. */
  lastReadAt(mailbox: string): Promise<number | undefined>;

  // Changes by hand. All throw STATE_CHANGED when the entry has moved on since it was listed.
  /** ready or delayed -> archived */
  cancel(entry: Entry, actor: Actor): Promise<Entry>;
  /** archived -> ready; under the lock `maintain.<mailbox>` */
  restore(entry: Entry, actor: Actor): Promise<Entry>;
  /** dead -> ready, attempts anew */
  retry(entry: Entry, actor: Actor): Promise<Entry>;
  /** dead -> gone for good */
  purge(entry: Entry, actor: Actor): Promise<void>;
  /**
   * What a log has from before a moment is gone for good, and so are its events of whole days before; followed by one
   * `purged` event for all. Safe to repeat. With `dryRun` it is only counted.
   */
  prune(log: string, before: number, options: Actor & { readonly dryRun: boolean }): Promise<Pruned>;
  /** Puts a message from elsewhere straight into a state; durable when it returns. */
  deposit(
    mailbox: string,
    message: Message,
    to: 'archived' | 'ready',
    actor: Actor & { readonly at: number },
  ): Promise<Entry>;
  /**
   * Keeps bytes that nobody can read with the mailbox's corrupt ones, byte for byte and durably, with a note of where they
   * come from and what is wrong, followed by a `corrupt` event whose reason is `why`. Idempotent by content: bytes that are
   * already kept in this mailbox are not kept twice, and cause no second event.
   */
  quarantine(mailbox: string, bytes: Uint8Array, about: { readonly name: string; readonly why: string }): Promise<void>;
  /** One holder at a time, across processes; what is done under it must still be safe to do twice. */
  withLock<T>(name: LockName, work: () => Promise<T>): Promise<T>;

  // Keeping house: for `maintain`, under its lock. None of it tells events: nothing that anybody waits for has changed.
  /** Packs whole days before `beforeDay` (and before today), the oldest first. What is packed stays archived in every respect. */
  packArchive(
    mailbox: string,
    options: { readonly beforeDay: string; readonly dryRun: boolean },
  ): AsyncIterable<Tidied>;
  /** Removes whole days of the archive for good. */
  pruneArchive(mailbox: string, options: KeepOptions): AsyncIterable<Tidied>;
  /** Removes whole days of the event log for good. Cursors that lie in them go on with what is left. */
  pruneEvents(mailbox: string, options: KeepOptions): AsyncIterable<Tidied>;
  /** Moves everything that has outlived its time-to-live to the dead-letter queue. @returns how many */
  buryExpired(mailbox: string, options: { readonly dryRun: boolean }): Promise<number>;
  /** Forgets dedupe keys that are older than the store has to remember them. @returns how many */
  sweepKeys(options: { readonly dryRun: boolean }): Promise<number>;

  // What happened, and being told.
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
  /** As `watch`, for the logs of the topics for which `accepts` holds, those that appear later included. */
  watchTopics(accepts: (topic: string) => boolean, hint: () => void): Promise<Wake>;

  /** Checks every rule of the storage's format, one finding at a time; with `fix`, repairs what is safe to repair. */
  inspect(options: InspectOptions): AsyncIterable<Finding>;
  close(): Promise<void>;
}
