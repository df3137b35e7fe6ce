/**
 * The library's face: what each function is for, what it needs and hands over, and with what errors it refuses. The page
 * `dreamos help reference` is made from it, and from the options' and results' own interfaces.
 */
import type { Addressee, Peeked, PublishReceipt, SendReceipt } from '../contract/mail.ts';
import type { Found, Heard, Listed, MailboxStatus, Overview } from '../contract/look.ts';
import type { Stats } from '../contract/numbers/stats.ts';
import type { MetricFamily } from '../contract/numbers/metrics.ts';
import type { WhoIs } from '../contract/reach.ts';
import type { AgentPaused, SubscriptionChange } from '../contract/system.ts';
import type { ListenOptions } from '../core/follow/listen.ts';
import type { Step, UntilOptions } from '../core/follow/until.ts';
import type { WatchOptions } from '../core/follow/watch.ts';
import type { DeliverHow } from '../core/keep/deliver.ts';
import type { StatsOptions } from '../core/metrics/stats.ts';
import type { OverviewOptions } from '../core/overview/overview.ts';
import type { ListOptions } from '../core/look/list.ts';
import type { PeekOptions } from '../core/look/peek.ts';
import type { SearchOptions } from '../core/look/search.ts';
import type { Shown, ShowOptions } from '../core/look/show.ts';
import type { ThreadMessage, ThreadOptions } from '../core/look/thread.ts';
import type { Trace } from '../core/look/trace.ts';
import type { WhoOptions } from '../core/look/who.ts';
import type { SendOptions } from '../core/send/draft.ts';
import type { ReplyDraft, ReplyOptions, ReplyReceipt } from '../core/send/reply.ts';
import type { RequestDraft, RequestOptions } from '../core/send/request.ts';
import type { Job } from '../core/take/consume.ts';
import type { ReadOptions } from '../core/take/read.ts';
import type { AckHow, NackHow } from '../core/take/settle.ts';
import type { PublishDraft } from '../core/topics/publish.ts';
import type { Handler } from '../core/work/handle.ts';
import type { WorkOptions, WorkTotals } from '../core/work/work.ts';
import type { Draft } from '../model/draft.ts';
import type { DreamosError } from '../model/errors.ts';
import type { WatchedEvent } from '../model/event.ts';
import type { Message } from '../model/message.ts';
import type { Entry } from '../storage/port/look.ts';
import type { Delivery, Settled } from '../storage/port/mail.ts';
import type { Alerts } from './alert-group.ts';
import type { Config } from './config-group.ts';
import type { Policies } from './security/policy.ts';
import type { AuditTrail } from './security/audit-group.ts';
import type { Agents, Archive, DeadLetters, Reservations, Resources, Schedules, Topics } from './groups.ts';
import type { Identities, Trust } from './security-group.ts';
import type { Tasks } from './task-group.ts';
import type { Housekeeping } from './housekeeping.ts';

/**
 * An opened root with every operation of dreamos. Times are milliseconds, those of a clock since 1970, unless they are ISO
 * 8601 texts. Whatever works on a mailbox takes an agent's name, however it is cased, and throws NAME_INVALID for
 * what cannot be one. Whatever takes an id, but for the `replyTo` of a draft, also takes its end: four characters or
 * more, in any case of letters; where several messages have it, a USAGE names them. Every function throws DISK_FAILED
 * when the disk does, CONFIG_INVALID when config.json, the settings of a card or a variable DREAMOS_… cannot be read,
 * and USAGE for an option that is missing, unknown, with the nearest one, or of the wrong kind; what else it throws is said with
 * it.
 */
export interface Dreamos extends Housekeeping, AsyncDisposable {
  /** Where the root is: the path of its folder `runtime/agent_comms`. */
  readonly path: string;
  /** Who sends, claims and settles where a call does not say it: `as`, else DREAMOS_AGENT. */
  readonly acting: string | undefined;
  /** The same root for another acting agent. Closing one closes both. @throws NAME_INVALID */
  as(agent: string): Dreamos;
  /**
   * Closes the root's watchers. What still waits (`read`, `consume`, `watch` …) goes on until its own time or signal, so end
   * it first. Mail that is claimed stays so until its lease ends. Repeating it is fine.
   */
  close(): Promise<void>;

  /**
   * Sends one message to one or more agents, also by `@group` and `@all`, as one commit: all get it or nobody. With
   * durability `full`, the default, it is on disk, synced, when this resolves. Sends to one mailbox, without a key, that
   * are begun at the same time share their syncs; an error of one means nothing for the others.
   * @returns its id, whom it went to, and whether a dedupe key made it a repeat
   * @throws AGENT_NOT_FOUND, AGENT_RETIRED, NAME_INVALID, MESSAGE_INVALID, MESSAGE_TOO_LARGE, BODY_EMPTY, BODY_NOT_TEXT,
   * LIMITED, MAILBOX_FULL, DEDUPE_MISMATCH, SECRET_FOUND, USAGE and DISK_FAILED: nothing was sent to
   * anybody; SEND_UNCERTAIN: it may have been. With `seal` also NO_SEAL_KEY, which names who has none, KEY_CHANGED, and under a dedupe key UNAUTHENTICATED: the sender's
   * private key is not here, by which a repeat is known
   */
  send(draft: Draft, options?: SendOptions): Promise<SendReceipt>;
  /**
   * Sends up to 1,000 messages for the price of few syncs. Each is its own commit; one that is refused does not keep the
   * others. One that waits for room keeps those behind it; after a wait in vain the others of this call wait no more.
   * @returns a receipt or the error of each, in the order of the drafts
   * @throws USAGE for more than 1,000
   */
  sendAll(drafts: Iterable<Draft>, options?: SendOptions): Promise<(SendReceipt | DreamosError)[]>;
  /** Who would get this message, and why. Everything is checked as in a send; nothing is sent. @throws as send */
  preview(draft: Draft): Promise<Addressee[]>;
  /**
   * Answers a message, to its sender and in its thread: by receipt, or by the id of one in the acting agent's mailbox,
   * or that it has claimed from another; where nobody acts, whoever alone holds it answers. With `ack` it also finishes
   * it. Repeating the same answer sends nothing twice, and finishes what was cut off.
   * @throws ALREADY_EXISTS for a second answer without `again`; MESSAGE_NOT_FOUND; LEASE_LOST: nothing was sent; as send
   * and ack
   */
  reply(receiptOrId: string, draft: ReplyDraft, options?: ReplyOptions): Promise<ReplyReceipt>;
  /**
   * Sends a message and waits for the answer, which nobody else who reads the sender's mailbox can take. It is acked when
   * this resolves.
   * @returns the answer; `undefined`: none came in time, or the signal came. What comes later goes to the sender's mailbox. A
   * sealed one is opened where the sender's key is here; else it is as it lies, with a warning
   * @throws as send; AGENT_NOT_FOUND and AGENT_RETIRED when the sender has no mailbox that takes an answer; USAGE for a
   * `waitMs` of 0 or more than 12 h
   */
  request(draft: RequestDraft, options?: RequestOptions): Promise<Message | undefined>;
  /**
   * Waits, by push, until a message is announced to a session of its agent, claimed or acked in each of its mailboxes; by
   * receipt, in that one. What comes later counts, too. Announced says that the agent's tool was told. Claims nothing.
   * @returns the mailboxes where that did not happen in time: none, when all is done
   * @throws DEAD_LETTERED with the reason, STATE_CHANGED when it was cancelled or purged, as soon as one mailbox says so;
   * MESSAGE_NOT_FOUND, AGENT_NOT_FOUND, RECEIPT_INVALID
   */
  until(receiptOrId: string, step: Step, options?: UntilOptions): Promise<string[]>;
  /**
   * Takes a message back from every mailbox where nobody has claimed it; there it is archived.
   * @returns where it was taken back
   * @throws MESSAGE_NOT_FOUND; STATE_CHANGED when it is ready or delayed nowhere
   */
  cancel(id: string): Promise<Entry[]>;
  /**
   * Delivers a message that is delayed, or rests after a nack, now or at another time, in every mailbox where it is so. An
   * answer that a request waits for is not delayed, and stays with it.
   * @returns where, and until when it is delayed now
   * @throws MESSAGE_NOT_FOUND; STATE_CHANGED when it is delayed nowhere; USAGE for a time that is over, later than 3650 d from
   * now, or behind its time-to-live: nothing was changed
   */
  deliver(id: string, how?: DeliverHow): Promise<Entry[]>;

  /**
   * Claims the next message of a mailbox under a lease: urgent ones first, then the oldest. Syncs nothing: a claim that a
   * power cut undoes is a redelivery.
   * @returns `undefined`: nothing was there, nothing came in time, the mailbox is paused, or the signal came
   * @throws AGENT_NOT_FOUND; USAGE for a lease of less than 100 ms or more than 12 h, or for a label that cannot be one; with
   * `unseal` UNAUTHENTICATED: what comes next is sealed, and no key is here; it is given back
   */
  read(mailbox: string, options?: ReadOptions): Promise<Delivery | undefined>;
  /**
   * The messages of a mailbox as they come, each claimed when the loop asks for it. Without `waitMs` for ever, until the
   * signal; with it, until nothing came for so long. A job that is left unsettled keeps its lease, and comes back when that
   * ends. Its events carry a label, so that consumers of one mailbox can be told apart: `label`, else the root's, else
   * `host:pid` of the process; those of `work`, too.
   * @throws as read
   */
  consume(mailbox: string, options?: ReadOptions): AsyncGenerator<Job, void, undefined>;
  /**
   * Runs a handler for each message of a mailbox: what it returns or throws settles the message (see `Outcome`), and the
   * lease renews itself while it runs. Ends with the signal, after `count`, or when nothing ran and nothing came for
   * `waitMs`; without these never. Whatever ends it, the handlers that run are waited for.
   * @returns how many ended how
   * @throws as read; what settling throws when the disk fails, of which the lease brings the message back
   */
  work(mailbox: string, handler: Handler, options?: WorkOptions): Promise<WorkTotals>;
  /**
   * Delivers nothing from a mailbox until it is resumed: `read`, `consume` and `work` of every process find nothing, or wait
   * on and say why in a warning. It takes mail; what is claimed can be settled, and an answer goes to the `request` that
   * waits for it. It is on the card (`pausedAt`, `pausedBy`), durable when this resolves. Repeating it changes nothing.
   * @throws AGENT_NOT_FOUND
   */
  pause(mailbox: string): Promise<AgentPaused>;
  /** Ends a pause; who waits goes on within a second. @throws AGENT_NOT_FOUND */
  resume(mailbox: string): Promise<AgentPaused>;
  /** The next messages of a mailbox, in the order in which they would be claimed; claims nothing. @throws AGENT_NOT_FOUND */
  peek(mailbox: string, options?: PeekOptions): Promise<Peeked[]>;
  /**
   * Finishes a message; it is archived. A receipt is fenced: it settles its own claim or nothing. An id settles the current
   * claim in the acting agent's mailbox, else what it has claimed from another; where nobody acts, the only claim of that
   * message. Syncs nothing: what a power cut undoes is a redelivery. What `how` says of the work stands in the event `acked`.
   * @throws LEASE_LOST, ALREADY_SETTLED, RECEIPT_INVALID, MESSAGE_NOT_FOUND; USAGE where nobody acts and it is not
   * held by one alone, or for a score below 0 or above 1
   */
  ack(receiptOrId: string, how?: AckHow): Promise<Settled>;
  /**
   * Gives a message back; after its last attempt, or with `dead`, to the dead-letter queue.
   * @throws as ack; USAGE for a delay of less than 0 or more than 3650 d, or with `dead`
   */
  nack(receiptOrId: string, how?: NackHow): Promise<Settled>;
  /**
   * Extends a lease. The old receipt stays good.
   * @param leaseMs from now; else the mailbox's lease
   * @throws as ack; USAGE for a lease of less than 100 ms or more than 12 h
   */
  renew(receiptOrId: string, leaseMs?: number): Promise<Settled>;

  /**
   * Publishes one message: into the topic's log and into the mailbox of every agent that is subscribed now, the publisher's
   * own included, as one commit. Without a subscriber it is in the log alone, which is no error.
   * @throws TOPIC_INVALID; MAILBOX_FULL when one subscriber's is; as send
   */
  publish(topic: string, draft: PublishDraft, options?: SendOptions): Promise<PublishReceipt>;
  /**
   * From now on what is published to a matching topic arrives in the acting agent's mailbox, with all guarantees. Repeating
   * it is fine. Durable when it resolves.
   * @returns a result for each pattern, in their order; one that is refused (TOPIC_INVALID) does not keep the others
   * @throws USAGE when nobody acts; AGENT_NOT_FOUND, AGENT_RETIRED
   */
  subscribe(patterns: string | readonly string[]): Promise<(SubscriptionChange | DreamosError)[]>;
  /**
   * The contrary. What has arrived stays.
   * @returns as subscribe; SUBSCRIPTION_NOT_FOUND for a pattern that the agent does not have
   * @throws as subscribe
   */
  unsubscribe(patterns: string | readonly string[]): Promise<(SubscriptionChange | DreamosError)[]>;
  /**
   * What is published to matching topics, as it happens, those that appear later included. Nothing is kept for who listens:
   * what must arrive is subscribed to. It begins when the first message is asked for.
   * @throws TOPIC_INVALID, CURSOR_INVALID
   */
  listen(patterns: string | readonly string[], options?: ListenOptions): AsyncGenerator<Heard, void, undefined>;

  /**
   * Each event as it happens, once, with the cursor that continues behind it. It begins when the first event is asked for.
   * Watching claims nothing, but moves what falls due: a delayed message, an expired lease.
   * @throws AGENT_NOT_FOUND, NAME_INVALID, CURSOR_INVALID
   */
  watch(options?: WatchOptions): AsyncGenerator<WatchedEvent, void, undefined>;
  /**
   * How much is where; exact at rest, approximate while mail moves. Without names, of all agents.
   * @throws AGENT_NOT_FOUND
   */
  status(mailboxes?: readonly string[]): Promise<MailboxStatus[]>;
  /**
   * A root at a glance: who there is and what each holds, what waits where, what came and was finished within the last
   * minute, the last events, and what does not go on by itself.
   */
  overview(options?: OverviewOptions): Promise<Overview>;
  /** Throughput, times and quality of the last hour or `windowMs`; `null`: too few samples. @throws AGENT_NOT_FOUND */
  stats(agents?: readonly string[], options?: StatsOptions): Promise<Stats>;
  /**
   * Who is there: the state of each agent, its process, what is held in its mailbox, its oldest unread message, and what part
   * of what ended there in the last hour did not end with an ack. Without names, of those that have said that they are there,
   * and of those whose tool has a session; with `all` of all.
   * @throws AGENT_NOT_FOUND
   */
  who(agents?: readonly string[], options?: WhoOptions): Promise<WhoIs[]>;
  /**
   * What is in a mailbox, state by state; claims nothing. Each message once, also while mail moves. Without a mailbox all of
   * them, one after the other; one in disorder is a warning. With `after` it goes on behind an item, also of another call,
   * and what has come or gone since neither repeats nor hides what stayed: `cursorOf(item)` is its place. With `unseal`, as of
   * `peek`, `thread` and `search`: what does not open is shown as it lies, and a warning says so once.
   * @throws AGENT_NOT_FOUND; CURSOR_INVALID
   */
  list(mailbox?: string, options?: ListOptions): AsyncGenerator<Listed, void, undefined>;
  /**
   * One message whole, and where it is: in all mailboxes and topics' logs, or in one.
   * @throws MESSAGE_NOT_FOUND, CORRUPT, AGENT_NOT_FOUND; with `unseal` UNAUTHENTICATED: no key is here; SEAL_UNOPENED: none that
   * is here opens it, or what is in it is another message's
   */
  show(id: string, options?: ShowOptions): Promise<Shown>;
  /**
   * One message's life in all mailboxes and topics' logs, as far as the event logs still know it.
   * @throws MESSAGE_NOT_FOUND
   */
  trace(id: string): Promise<Trace>;
  /**
   * A conversation, the oldest message first: what belongs to the thread, and the message that began it; in all mailboxes
   * and topics' logs.
   * @param idOrThread a thread, or the id of any message in it
   * @throws MESSAGE_NOT_FOUND
   */
  thread(idOrThread: string, options?: ThreadOptions): Promise<ThreadMessage[]>;
  /**
   * Whatever has the text in its subject, body, sender, id, tags or data, or in the reason why it is dead, in any case of
   * letters: mailbox by mailbox, state by state, then, unless a mailbox is named, topic by topic. Claims nothing.
   * @throws AGENT_NOT_FOUND
   */
  search(text: string, options?: SearchOptions): AsyncGenerator<Found, void, undefined>;

  /** What Prometheus may scrape: what is true now, and what event logs have counted. `metricsText` makes its text of it. */
  metrics(): Promise<MetricFamily[]>;

  readonly agent: Agents;
  readonly archive: Archive;
  readonly dlq: DeadLetters;
  readonly topics: Topics;
  readonly schedule: Schedules;
  readonly reservations: Reservations;
  readonly resources: Resources;
  readonly alerts: Alerts;
  readonly tasks: Tasks;
  readonly config: Config;
  readonly identity: Identities;
  readonly trust: Trust;
  /** Who may what; without one everybody may everything. */
  readonly policy: Policies;
  readonly audit: AuditTrail;
}
