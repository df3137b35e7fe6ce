/** The groups of the library's face, as the command has them: `mail.dlq.retry` is `dreamos dlq retry`. */
import type { Archived, Dead, DeadShown, Maintained } from '../contract/keep.ts';
import type {
  A2aCard,
  AgentDeleted,
  AgentRenamed,
  ListedSchedule,
  Schedule,
  ShownSchedule,
  TopicStatus,
  TopicView,
} from '../contract/system.ts';
import type { AgentResources } from '../contract/look.ts';
import type {
  AgentListed,
  AgentPresent,
  AgentStarted,
  Reservation,
  ReservationCheck,
  Reserved,
} from '../contract/reach.ts';
import type { A2aOptions } from '../core/agents/a2a.ts';
import type { AgentInput, Registered } from '../core/agents/agents.ts';
import type { HeartbeatOptions } from '../core/agents/heartbeat.ts';
import type { StartInput } from '../core/keep/start-agent.ts';
import type { AgentDeleteOptions } from '../core/keep/delete-agent.ts';
import type { ArchiveListOptions, ArchiveSearchOptions, ExportOptions } from '../core/keep/archive.ts';
import type { DeadListOptions, DeadOptions, Purged, PurgeOptions } from '../core/keep/dlq.ts';
import type { PackOptions, PruneOptions } from '../core/keep/maintain.ts';
import type { CheckOptions, ReleaseOptions, RenewOptions } from '../core/reserve/held.ts';
import type { ReserveOptions } from '../core/reserve/reserve.ts';
import type { FiredDue, FireOptions } from '../core/schedules/fire-due.ts';
import type { ScheduleInput } from '../core/schedules/schedules.ts';
import type { PrunedTopic, TopicPruneOptions, TopicShowOptions } from '../core/topics/topics.ts';
import type { AgentCard } from '../model/agent.ts';
import type { DreamosError } from '../model/errors.ts';
import type { Entry } from '../storage/port/look.ts';

/** Who has a mailbox. */
export interface Agents {
  /**
   * Makes an agent, or updates the given fields of one that is there; a retired one is back. A setting that is given as
   * `undefined` is unset: the root's holds again. Of `card` each field takes the place of what it was, and `null` takes it out.
   * @throws NAME_INVALID, CONFIG_INVALID; CARD_INVALID for a field of `card` that is wrong, or is said in another way;
   * STATE_CHANGED where the version that is given as `ifVersion` is not in force any more
   */
  register(input: AgentInput): Promise<Registered>;
  /**
   * Begins as an agent, in one step: registers it as `register` does, says that it is idle, and counts what waits for it.
   * Repeating it is fine. From then on what it does says that it is there, and `heartbeat` says the rest.
   * @throws as register and heartbeat; CONFIG_INVALID for settings that cannot be used, and then nothing was made
   */
  start(input: StartInput): Promise<AgentStarted>;
  /**
   * Says that an agent is there, and how it is. What it does not say stays as it was. Nothing is synced.
   * @throws AGENT_NOT_FOUND; USAGE for a process that there is not on this machine, a status or a note
   */
  heartbeat(agent: string, options?: HeartbeatOptions): Promise<AgentPresent>;
  /** In the order of their names, whether they are there, with the sessions of their tools that are there. */
  list(): Promise<AgentListed[]>;
  /** Its card, also when it has retired. @throws NAME_INVALID, AGENT_NOT_FOUND */
  show(name: string): Promise<AgentCard>;
  /**
   * Its card as the A2A protocol has it, version 1.0, for who makes it known on the net. What the card does not say is left
   * out; where the protocol wants it (a version, a description), the least stands there, and a warning says so.
   * @throws AGENT_NOT_FOUND; USAGE for a `url` that is neither https nor http on this machine
   */
  a2a(name: string, options: A2aOptions): Promise<A2aCard>;
  /**
   * Ends new mail to an agent: sends to it are refused from now on. What it has can still be read, and registering it again
   * brings it back.
   * @throws NAME_INVALID, AGENT_NOT_FOUND
   */
  retire(name: string): Promise<AgentCard>;
  /**
   * Gives an agent another name. Its mailbox goes with it, as one step: what is ready, claimed, delayed, dead or archived,
   * its events, its card and so its groups; then its subscriptions, schedules and reservations. A receipt of before goes on
   * holding, a reply to what it sent before goes to its new name, and a send to the old name is refused, which says the new one. The
   * old name may be registered again, by somebody else. Said twice it does nothing more, and finishes what was cut off.
   * @returns its card, and what has followed it
   * @throws NAME_INVALID, AGENT_NOT_FOUND; ALREADY_EXISTS: the new name is another's, or a deleted agent's; USAGE: both
   * names are the same
   */
  rename(name: string, to: string): Promise<AgentRenamed>;
  /**
   * Ends an agent for good: it gets no mail and is in no list or group, and its subscriptions, schedules and reservations end.
   * What was finished or is dead in its mailbox can still be read there (`archive.list`, `show`, `search`, `dlq.list`), and is
   * refused to `archive.restore` and `dlq.retry`. With `archive` its tasks go to others, and what else is unfinished, claimed or
   * not, is archived as cancelled. Registering it again makes it anew, over the same archive.
   * @returns its card, how much was archived, and what has ended
   * @throws NAME_INVALID, AGENT_NOT_FOUND; MAILBOX_NOT_EMPTY: something is unfinished, and nothing was changed
   */
  delete(name: string, options?: AgentDeleteOptions): Promise<AgentDeleted>;
}

/** What was finished. */
export interface Archive {
  /** The newest first. Without a mailbox of all of them; one in disorder is a warning. @throws AGENT_NOT_FOUND */
  list(mailbox?: string, options?: ArchiveListOptions): AsyncGenerator<Archived, void, undefined>;
  /** One message whole. @throws MESSAGE_NOT_FOUND, STATE_CHANGED when it is not archived, CORRUPT, AGENT_NOT_FOUND */
  show(mailbox: string, id: string): Promise<Archived>;
  /** What has the text where `search` looks for it. @throws AGENT_NOT_FOUND */
  search(text: string, options?: ArchiveSearchOptions): AsyncGenerator<Archived, void, undefined>;
  /**
   * Makes a finished message ready again.
   * @throws MESSAGE_NOT_FOUND, STATE_CHANGED when it is not archived, AGENT_NOT_FOUND
   */
  restore(mailbox: string, id: string): Promise<Entry>;
  /**
   * What was finished in a span of time, the oldest first, packed or not. Without a mailbox of all of them; one in disorder
   * is a warning.
   * @throws AGENT_NOT_FOUND
   */
  export(mailbox?: string, options?: ExportOptions): AsyncGenerator<Archived, void, undefined>;
  /** Packs whole days into one file each. What is packed is archived as before. @throws AGENT_NOT_FOUND */
  pack(mailbox: string, options?: PackOptions): AsyncGenerator<Maintained, void, undefined>;
  /** Removes whole days for good; never today's. @throws AGENT_NOT_FOUND */
  prune(mailbox: string, options: PruneOptions): AsyncGenerator<Maintained, void, undefined>;
}

/** The dead-letter queue: what failed too often, expired, or was given up. */
export interface DeadLetters {
  /**
   * What failed and why, the newest first. Without a mailbox in all of them, also in those of deleted agents; one in
   * disorder is a warning.
   * @throws AGENT_NOT_FOUND; USAGE for an empty text in the filter
   */
  list(mailbox?: string, options?: DeadListOptions): AsyncGenerator<Dead, void, undefined>;
  /** One dead letter, with what led there. @throws MESSAGE_NOT_FOUND, STATE_CHANGED when it is not dead, AGENT_NOT_FOUND */
  show(mailbox: string, id: string): Promise<DeadShown>;
  /**
   * Makes dead letters ready again; their attempts start anew. They come again in the order in which they were sent.
   * @param mailbox `undefined`: all of them but those of deleted agents; of an id the one in which it died
   * @param ids `all`: those that are dead now, and fit the filter
   * @returns a result for each id, in their order (`all`: as they were sent); the error of one does not keep the others.
   * Without a mailbox also the error of each that could not be looked into
   * @throws AGENT_NOT_FOUND; USAGE for ids and a filter or a limit, and for an empty text in the filter
   */
  retry(
    mailbox: string | undefined,
    ids: readonly string[] | 'all',
    options?: DeadOptions,
  ): Promise<(Entry | DreamosError)[]>;
  /**
   * Removes dead letters for good, those of deleted agents, too.
   * @returns as retry
   * @throws as retry; USAGE for `all` with neither a filter nor `force`
   */
  purge(
    mailbox: string | undefined,
    ids: readonly string[] | 'all',
    options?: PurgeOptions,
  ): Promise<(Purged | DreamosError)[]>;
}

/** What was ever published to. */
export interface Topics {
  /** Every topic, in the order of their names. */
  list(): Promise<TopicStatus[]>;
  /** A topic's numbers, and its newest messages. @throws TOPIC_INVALID, TOPIC_NOT_FOUND */
  show(topic: string, options?: TopicShowOptions): Promise<TopicView>;
  /**
   * Deletes what the topics' logs have from before, for good; what lies in mailboxes stays.
   * @param topics names or patterns
   * @throws TOPIC_INVALID; TOPIC_NOT_FOUND for one that no topic matches, before anything is done
   */
  prune(topics: string | readonly string[], options?: TopicPruneOptions): Promise<PrunedTopic[]>;
}

/** Messages that are sent again and again, by a cron line. */
export interface Schedules {
  /**
   * Adds one whose first occurrence is the next from now. Durable when it resolves.
   * @throws NAME_INVALID, CRON_INVALID, TIMEZONE_INVALID, ALREADY_EXISTS; and what sending the message now would throw
   */
  add(input: ScheduleInput): Promise<ListedSchedule>;
  /** In the order of their names. */
  list(): Promise<ListedSchedule[]>;
  /** One, with its next occurrences. @throws SCHEDULE_NOT_FOUND */
  show(name: string): Promise<ShownSchedule>;
  /**
   * @returns what was removed; an occurrence that another process is just sending may still come
   * @throws SCHEDULE_NOT_FOUND
   */
  remove(name: string): Promise<Schedule>;
  /**
   * Sends the latest occurrence of each schedule that has come and was neither sent nor skipped. For a process that never
   * waits: who watches, reads with `waitMs`, consumes or works does this by the way. What keeps one schedule from being sent
   * is a warning.
   * @throws CONFIG_INVALID when the schedules cannot be read
   */
  fire(options?: FireOptions): Promise<FiredDue>;
}

/**
 * Who works on which files, so that two do not change one at the same time. It is advice: who does not ask is not stopped.
 * Paths begin in `cwd`, else in the current folder; links are followed, a folder is all that is in it, and `*`, `?`, `[..]`
 * and `**` are as in a .gitignore. The results' paths are relative to the folder that holds runtime/; what lies elsewhere,
 * also in another worktree of git, has its whole path. Every function throws PATH_INVALID, and SOURCE_NOT_FOUND for a relative
 * path when the current folder is gone.
 */
export interface Reservations {
  /**
   * Has files for the acting agent, all that are named or none, durably when it resolves. What it has of them already lasts
   * longer then, is shared or not as said now, and keeps its token. With `waitMs` it waits, by push, until all are free.
   * @returns one for each path; `undefined`: the signal came while it waited, and nothing was reserved
   * @throws RESERVED: others have some of it, also after the wait; USAGE where nobody acts, and for a `forMs` of less than
   * 100 ms or more than 24 h; AGENT_NOT_FOUND, AGENT_RETIRED
   */
  reserve(paths: string | readonly string[], options?: ReserveOptions): Promise<Reserved[] | undefined>;
  /** Those that hold now, of all agents, in the order of their paths. @throws CONFIG_INVALID when they cannot be read */
  list(): Promise<Reservation[]>;
  /**
   * Whether the acting agent may change files, and who keeps it from them; where nobody acts, all are others. Writes
   * nothing, so a root that can only be read is as good.
   */
  check(paths: string | readonly string[], options?: CheckOptions): Promise<ReservationCheck[]>;
  /**
   * Makes those of the acting agent last longer, never shorter.
   * @param paths all that it has, if not given
   * @returns each, or RESERVATION_LOST for one that is over, or never was
   * @throws USAGE where nobody acts, and as reserve; AGENT_NOT_FOUND
   */
  renew(paths?: string | readonly string[], options?: RenewOptions): Promise<(Reservation | DreamosError)[]>;
  /**
   * Gives those of the acting agent free; who waits for them is told.
   * @param paths all that it has, if not given
   * @returns each as it was, or RESERVATION_LOST for one that was over, or never was @throws as renew
   */
  release(paths?: string | readonly string[], options?: ReleaseOptions): Promise<(Reservation | DreamosError)[]>;
}

/** What agents may use, and use. */
export interface Resources {
  /**
   * Of each agent, or of one: tasks at once, messages a minute (`sendRate`), messages and bytes in its mailbox, and what was
   * refused in the last 24 hours. Without a name one in disorder is a warning.
   * @throws AGENT_NOT_FOUND
   */
  show(agent?: string): Promise<AgentResources[]>;
}
