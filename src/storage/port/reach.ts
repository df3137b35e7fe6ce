/** An agent's session in its own tool: a run of Claude Code, Codex and the like. */
export interface HostSession {
  /** Which tool: `claude`, `codex`. */
  readonly host: string;
  /** The tool's own id of it: see `isSessionId`. */
  readonly session: string;
  /** Whose it is; absent: nobody has said. */
  readonly agent?: string;
  /** Whether that was said for this session alone, so that it counts for more than what the tool's settings say. */
  readonly bound?: boolean;
  readonly cwd?: string;
  readonly state: 'busy' | 'idle';
  /** Since when it is in this state; milliseconds since 1970, as every time here. */
  readonly since: number;
  /** Whether somebody sits before it: one that is not ends with its turn, and cannot be woken. */
  readonly interactive: boolean;
  /** The tool's own process on this machine. */
  readonly pid?: number;
  readonly lastPromptAt?: number;
  /** How often the end of its turn was held up since the last prompt. */
  readonly heldUp?: number;
  /** A subagent has its work, and its tool does not tell whose a step is. */
  readonly delegates?: boolean;
}

export type SessionKey = Pick<HostSession, 'host' | 'session'>;

/** That a message was announced to a session. */
export interface Announcement {
  readonly id: string;
  /** Which time it was: 1 is the first. */
  readonly time: number;
  readonly at: number;
}

/**
 * What is known of the tools that agents work in, so that they hear of their mail: which sessions there are, and what was
 * announced to which. None of it is mail. Nothing is synced: what a power cut takes costs an announcement more.
 */
export interface Reach {
  /** Those whose process still runs; of one whose process nobody knows, whatever was said last. */
  sessions(): Promise<HostSession[]>;
  /** Whether or not it still runs. */
  getSession(key: SessionKey): Promise<HostSession | undefined>;
  isRunning(key: SessionKey): Promise<boolean>;
  /** As a whole; of several the last one stays. */
  putSession(session: HostSession): Promise<void>;
  /** With its place to wait, and what of its agent's mail was announced to it. */
  removeSession(key: SessionKey): Promise<void>;
  /** A session has one place for who waits on its behalf: the last to take it has it. @param token the taker's own */
  takePlace(key: SessionKey, token: string): Promise<void>;
  /** Whether it is still this taker's. */
  hasPlace(key: SessionKey, token: string): Promise<boolean>;
  announcements(mailbox: string, key: SessionKey): Promise<Announcement[]>;
  /** What of a mailbox was announced to any session, and is not forgotten. */
  announcedIn(mailbox: string): Promise<ReadonlySet<string>>;
  /**
   * Notes, and tells as events, that messages are announced to a session: of several callers that want to announce the same
   * time of the same message, one does. @returns those that are this caller's to announce
   */
  announce(
    mailbox: string,
    key: SessionKey,
    wanted: readonly Pick<Announcement, 'id' | 'time'>[],
  ): Promise<Pick<Announcement, 'id' | 'time'>[]>;
  /** As if they had not been announced to it. Without `of`: nothing was. */
  forget(mailbox: string, key: SessionKey, of?: readonly Announcement[]): Promise<void>;
  /** Takes away what is left of sessions that are over. @returns how many they were, or would be */
  sweep(options: { readonly dryRun: boolean }): Promise<number>;
  /** A line of what went wrong, for people. The oldest go when it has grown. */
  note(line: string): Promise<void>;
}

/** Ids that may be part of a name in a storage. Every other one is nobody's. */
export function isSessionId(text: unknown): text is string {
  return typeof text === 'string' && /^[A-Za-z0-9._-]{1,128}$/.test(text);
}
