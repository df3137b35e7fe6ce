import type { AgentStatus } from '../../model/agent.ts';

/** What an agent has said of itself. */
export interface PresenceRecord {
  readonly status: AgentStatus;
  /** What it is at, for people. */
  readonly note?: string;
  /** The process that it is, on this machine. */
  readonly pid?: number;
  /** What that process calls itself. */
  readonly label?: string;
  /** Since when it is in this status; milliseconds since 1970, as every time here. */
  readonly since: number;
}

/** With what the store knows of it. */
export interface SeenPresence extends PresenceRecord {
  /** When it last said something, or claimed from its mailbox. */
  readonly seenAt: number;
  /** Of its process: whether it still runs; absent: that cannot be told from here. */
  readonly running?: boolean;
  /** The machine it runs on, and when it began, as far as they are known. */
  readonly host?: string;
  readonly startedAt?: number;
}

/**
 * Who is there. Only agents that have said so once are known here, and of all others nothing is written. Nothing is synced:
 * what a power cut takes, the next word of the agent brings back.
 */
export interface Presence {
  /** As a whole; of several the last one stays. @returns `false`: there is no such process on this machine, and nothing was changed */
  put(mailbox: string, record: PresenceRecord): Promise<boolean>;
  /**
   * Its agent is there now; at most once a second in one process, and then nothing is to be awaited. Nothing, where it never
   * said so. It only tells: a disk that does not take it is a warning.
   */
  seen(mailbox: string): Promise<void> | undefined;
  /** `undefined`: it has never said so. */
  get(mailbox: string): Promise<SeenPresence | undefined>;
  /** As if it had never said so. */
  forget(mailbox: string): Promise<void>;
}
