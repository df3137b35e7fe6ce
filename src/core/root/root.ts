import type { OperationName } from '../../contract/operations.ts';
import type { Clock } from '../../model/clock.ts';
import type { DreamosError } from '../../model/errors.ts';
import type { Ids } from '../../model/id.ts';
import type { MailDone } from '../../model/security/audit.ts';
import type { Said, Settled } from '../../storage/port/mail.ts';
import type { Store } from '../../storage/port/store.ts';

/** An opened root: what everybody who works on it in this process shares. */
export interface Root {
  readonly store: Store;
  /** Where it is, for messages to people, and what `root` takes for it: its folder, or the address of one that is named by that. */
  readonly path: string;
  /** Of one whose mail an engine keeps: its address and id, by which it is opened from everywhere. It holds no password. */
  readonly address?: string;
  /** Set where the root is the main worktree's (its top) and whoever opened it is in a linked one, of git. */
  readonly mainWorktree?: string;
  readonly clock: Clock;
  readonly ids: Ids;
  /** What whoever waits does by the way, because he may be the only process that is awake. */
  readonly chores: readonly Chore[];
  /** What tasks need beside mail, loaded with the first one. The native program leaves it to Node, so it is asked before anything is written. */
  readonly tasks: () => Promise<TaskEnds>;
  /** What operations pass first; absent for the work of dreamos itself, and within an operation. */
  readonly gate?: Gate | undefined;
  /** What notes what becomes of mail, loaded where a setting asks for it. The native program leaves it to Node, as tasks. */
  readonly audit: () => Promise<MailAudit>;
  close(): Promise<void>;
}

interface TaskEnds {
  /** Acks the claim of a task, and releases what waits for it alone; what `mail.ack` is for other messages. */
  readonly ackAndAssign: (session: Session, receipt: string, by: string, said: Said) => Promise<Settled>;
}

interface MailAudit {
  /** Never rejects: what could not be written is a warning. */
  readonly noteMail: (session: Session, done: readonly MailDone[]) => Promise<void>;
  /** Of what was denied without anybody being told by an error; never rejects. */
  readonly noteCall: (session: Session, name: string, args: readonly unknown[], error: DreamosError) => Promise<void>;
}

/** Who works on a root: what every operation gets. Many sessions may share one root; a session costs nothing. */
export interface Session extends Root {
  /** Only the settings among `DREAMOS_*` are read from it. */
  readonly env: NodeJS.ProcessEnv;
  /** Who is acting (`--as`, `DREAMOS_AGENT`); may be absent. */
  readonly acting?: string;
  /** Who acts has proved it (by a socket of his own, or a token), so what he sends is from nobody else. */
  readonly proved?: boolean;
  /** What the consumer who acts calls itself (`--label`, `DREAMOS_LABEL`); may be absent. */
  readonly label?: string;
  /** Within an operation under a policy, for what the storage would not be asked of. @throws FORBIDDEN */
  readonly checkMay?: ((mailboxes: readonly string[]) => Promise<void>) | undefined;
  /**
   * Within one that goes on for long and began without a policy: asked before each claim, and before it is settled. @returns the
   * session under the policy that has come, if one has @throws FORBIDDEN
   */
  readonly checkAgain?: (() => Promise<Session | undefined> | undefined) | undefined;
  /** As checkMay, of a mailbox that is looked into by the way. */
  readonly mayLook?: ((mailbox: string) => Promise<boolean>) | undefined;
  /** One sentence for a person; never data. */
  warn(message: string): void;
}

/** What is known of a call before it begins. */
export interface Call {
  readonly operation: OperationName;
  /** The mailboxes (and `#` topics) that it is about, where it says so; else the storage is asked for each that it touches. */
  readonly named?: readonly string[] | undefined;
  /** It is about the mailbox of who acts. */
  readonly own?: boolean | undefined;
  /** Patterns of topics that are subscribed to. */
  readonly patterns?: readonly string[] | undefined;
  /** Patterns of topics that are looked at as they are: each shows what one may see of it, and is refused where that is nothing. */
  readonly seen?: readonly string[] | undefined;
  /** It may go on for long, and a policy that comes meanwhile holds for it: for each claim, or for what it sees. */
  readonly lasting?: 'claims' | 'looks' | undefined;
}

/** What an operation passes. */
export interface Gate {
  /** The root is opened by another process, which does them: they are handed over to it instead. */
  readonly away?: Away | undefined;
  /** There was no policy just now: who does not go on for long need not ask. */
  isOpen(): boolean;
  /** @returns the session for what the operation does @throws FORBIDDEN, CONFIG_INVALID */
  enter(session: Session, call: Call): Promise<Session>;
}

/** A server, to which operations are handed over. What it warns of is told by the session. */
export interface Away {
  /** What runs here all the same, and hands over what it calls in turn: a handler is called where it is. */
  readonly here: ReadonlySet<string>;
  /** @param call the operation, or what a function of it is called (`operation`) */
  do(session: Session, call: string, args: readonly unknown[]): Promise<unknown>;
  /** As `do`, of a worker: settling is tried again for a while, also where it may have been done. */
  doSurely(session: Session, call: string, args: readonly unknown[]): Promise<unknown>;
  each(session: Session, call: string, args: readonly unknown[]): AsyncGenerator<unknown, unknown, undefined>;
  /** A consumer, there for as long as the server hears of him: what one held that has gone comes back. */
  takeUp(session: Session, mailbox: string): Promise<TakenAway>;
}

export interface TakenAway {
  /** Says of a claim that it is his. */
  consumer(): string;
  /** What he still holds keeps its lease. */
  close(): Promise<void>;
}

/** Work that falls due by the clock and is nobody's own, such as schedules. */
export interface Chore {
  /** Does what is due; else it costs a look at the clock. Never rejects for a disk that fails, but for an engine that is away. @returns how much it did */
  look(): Promise<number>;
  /** Until the next look; milliseconds. */
  restMs(): number;
}
