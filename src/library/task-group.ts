/** What the library has for tasks: `mail.tasks.next` is `dreamos task next`. */
import type { BatchOptions, BatchTask } from '../core/tasks/many/batch.ts';
import type { BeadsIssue } from '../core/tasks/many/beads.ts';
import type { ExportBeadsOptions } from '../core/tasks/many/export-beads.ts';
import type { ImportBeadsOptions } from '../core/tasks/many/import-beads.ts';
import type { MadeTask } from '../contract/tasks.ts';
import type { Candidate, ShownTask, TaskJson, TaskTaken } from '../contract/tasks.ts';
import type { TaskDraft } from '../core/tasks/create.ts';
import type { TaskFilter } from '../core/tasks/list.ts';
import type { ProgressReport, TaskResult } from '../core/tasks/moves.ts';
import type { NextOptions } from '../core/tasks/next.ts';

/**
 * What is to be done (`dreamos help tasks`). A task is a message, so it has every guarantee of messages, and its claim is theirs:
 * `ack`, `nack` and `renew` settle it, too. Whatever takes an id throws MESSAGE_NOT_FOUND, also for a message that is no task.
 */
export interface Tasks {
  /**
   * Makes a task, as durable as a message. It goes to who can do it, is there and has room; else it waits in a queue: `ready`,
   * with what is missing, or `blocked` until the last task that it depends on is done.
   * @throws as send; MESSAGE_INVALID without a title, or for what is no capability; MESSAGE_NOT_FOUND for a task that it depends
   * on, or is a part of; ALREADY_EXISTS when an agent has the name of its queue
   */
  create(draft: TaskDraft): Promise<TaskJson>;
  /**
   * Makes many tasks in one call. They may name each other by their keys, before and behind. All are checked first: if one is
   * wrong, the error names it (`Task 3`), and nothing is made. Then each is made behind what it depends on. A failure or a kill on
   * the way leaves the first of them made, each whole; under a dedupe key the same call again makes the others.
   * @returns one for each, in their order; `duplicate`: it was there, under its dedupe key
   * @throws as create; TASK_CYCLE, with its path
   */
  createAll(drafts: readonly BatchTask[], options?: BatchOptions): Promise<MadeTask[]>;
  /**
   * Makes tasks of issues of beads, each once, however often; what is there already stays as it is. What is closed there is left
   * out, and done for what waits for it. Errors and durability are as of createAll (`Issue 3`).
   */
  importBeads(issues: readonly unknown[], options?: ImportBeadsOptions): Promise<MadeTask[]>;
  /**
   * Tasks as issues of beads, the oldest first: what is to be done and what failed, or all. One that came from beads is as it was
   * there, but for what has become of it here.
   */
  exportBeads(options?: ExportBeadsOptions): AsyncGenerator<BeadsIssue, void, undefined>;
  /**
   * What is at work first, then what is next; of these the most urgent, and of these the oldest. By default what is still to be
   * done. One that is moved meanwhile may be left out. @throws AGENT_NOT_FOUND; USAGE for `mine` where nobody acts
   */
  list(filter?: TaskFilter): AsyncGenerator<TaskJson, void, undefined>;
  /** One task whole, with its parts, and its history as far as the event logs still know it. */
  show(id: string): Promise<ShownTask>;
  /**
   * Takes the best task for the acting agent under a lease: what is assigned to it, else what nobody has and it can do; the
   * most urgent, of these the oldest. From then on the agent is known to be there.
   * @returns `undefined`: there is none, none came in time, the agent is paused, or the signal came
   * @throws USAGE where nobody acts, and as read; LIMITED: it holds as many as it may, and does not wait; TASK_NOT_FOR_YOU for the
   * name of a queue
   */
  next(options?: NextOptions): Promise<TaskTaken | undefined>;
  /**
   * Takes a certain task that is ready, or assigned to the acting agent.
   * @param leaseMs else the mailbox's lease
   * @throws TASK_STATE, TASK_NOT_FOR_YOU, LIMITED; STATE_CHANGED when it rests before its next attempt, or somebody was faster
   */
  accept(id: string, leaseMs?: number): Promise<TaskTaken>;
  /**
   * Says how far a task is, and renews its lease: from now as long as it says, else the mailbox's.
   * @throws TASK_STATE, TASK_NOT_FOR_YOU, LEASE_LOST; USAGE for a percentage that is none, or a note of more than 65,536 characters
   */
  progress(id: string, report: ProgressReport): Promise<TaskJson>;
  /**
   * Finishes a task; what waits for it alone is ready then, also when this process dies at it. The result is synced, the end is as
   * durable as an `ack`. @throws TASK_STATE, TASK_NOT_FOR_YOU, LEASE_LOST; USAGE for a result of more than 65,536 characters
   */
  done(id: string, result?: TaskResult): Promise<TaskJson>;
  /** Gives a task up: it is dead until it is retried, and what waits for it waits on. @throws as done */
  fail(id: string, reason?: string): Promise<TaskJson>;
  /**
   * Calls a task off, also one that somebody is at: his claim holds no more (LEASE_LOST). What waits for it waits on; a warning
   * says how many. @throws TASK_STATE
   */
  cancel(id: string): Promise<TaskJson>;
  /** Does a failed or cancelled task once more, with all its attempts; it is given away as a new one. @throws TASK_STATE */
  retry(id: string): Promise<TaskJson>;
  /**
   * Gives a task that nobody is at to an agent; without one, to who suits best of those who do not have it.
   * @returns the task where it is now: `ready`, with what is missing, or with who had it, if nobody could take it
   * @throws TASK_STATE; TASK_NOT_FOR_YOU for who cannot do it; LIMITED for who has no room; AGENT_NOT_FOUND, AGENT_RETIRED
   */
  assign(id: string, agent?: string): Promise<TaskJson>;
  /** Everybody, the best first: who would get it, who else could, and why the others are passed over. Changes nothing. */
  explain(id: string): Promise<Candidate[]>;
}
