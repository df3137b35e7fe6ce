import type { Clock } from '../../model/clock.ts';
import type { Ids } from '../../model/id.ts';
import type { Said, Settled } from '../../storage/port/mail.ts';
import type { Store } from '../../storage/port/store.ts';

/** An opened root: what everybody who works on it in this process shares. */
export interface Root {
  readonly store: Store;
  /** Where it is, for messages to people. */
  readonly path: string;
  /** Set where the root is the main worktree's (its top) and whoever opened it is in a linked one, of git. */
  readonly mainWorktree?: string;
  readonly clock: Clock;
  readonly ids: Ids;
  /** What whoever waits does by the way, because he may be the only process that is awake. */
  readonly chores: readonly Chore[];
  /** What tasks need beside mail, loaded with the first one. The native program leaves it to Node, so it is asked before anything is written. */
  readonly tasks: () => Promise<TaskEnds>;
  close(): Promise<void>;
}

interface TaskEnds {
  /** Acks the claim of a task, and releases what waits for it alone; what `mail.ack` is for other messages. */
  readonly ackAndAssign: (session: Session, receipt: string, by: string, said: Said) => Promise<Settled>;
}

/** Who works on a root: what every operation gets. Many sessions may share one root; a session costs nothing. */
export interface Session extends Root {
  /** Only the settings among `DREAMOS_*` are read from it. */
  readonly env: NodeJS.ProcessEnv;
  /** Who is acting (`--as`, `DREAMOS_AGENT`); may be absent. */
  readonly acting?: string;
  /** What the consumer who acts calls itself (`--label`, `DREAMOS_LABEL`); may be absent. */
  readonly label?: string;
  /** One sentence for a person; never data. */
  warn(message: string): void;
}

/** Work that falls due by the clock and is nobody's own, such as schedules. */
export interface Chore {
  /** Does what is due; else it costs a look at the clock. Never rejects for a disk that fails. @returns how much it did */
  look(): Promise<number>;
  /** Until the next look; milliseconds. */
  restMs(): number;
}
