import type { Setting } from './setting.ts';
import type { Session } from '../../../src/core/root/root.ts';
import type { State } from '../../../src/model/state.ts';

export type Place = State | 'none';

/** Where a message may be in one mailbox, once everything that was due has been moved. */
export interface Fate {
  readonly body: string;
  readonly mailbox: string;
  /** While the command has not said that it is done. */
  readonly before: readonly Place[];
  /** When it has; and after its `repeat`. */
  readonly after: readonly Place[];
  /** A command that failed on purpose (exit 7) may have left it here, and has said so. */
  readonly failed?: readonly Place[];
}

/** One line that the command printed. */
export type Told = Readonly<Record<string, unknown>>;

export interface Story {
  readonly argv: readonly string[];
  /** What runs in the place of the command: a source beside this one. */
  readonly program?: string;
  readonly stdin?: string;
  readonly fates: readonly Fate[];
  /** The copies of one message are delivered together or not at all. */
  readonly together?: boolean;
  /** It lists what fails instead of failing with it: its exit code is then 6, and its error PROBLEMS_FOUND. */
  readonly lists?: true;
  /** What it should bring in may have to wait, with a warning: then nothing is there (exit 3). */
  readonly waits?: true;
  /** How many files are put aside at most, because they cannot be read; by default none. */
  readonly corrupt?: number;
  /** Whether a printed result speaks of this fate; by default each speaks of all. @param id of the message that was found */
  covers?(told: Told, fate: Fate, id: string | undefined): boolean;
  /** What its user does before anybody opens the root. */
  first?(path: string): Promise<void>;
  /** What its user does next: the same again, with the same result. @returns what is wrong */
  repeat?(root: Session, told: readonly Told[]): Promise<string | undefined>;
}

export interface Scenario {
  readonly name: string;
  /** In the short run, too. */
  readonly always?: true;
  /** The root does not exist yet. */
  readonly bare?: true;
  prepare(setting: Setting): Promise<Story>;
}

export const ready: readonly Place[] = ['ready'];
export const inflight: readonly Place[] = ['inflight'];
export const archived: readonly Place[] = ['archived'];
export const delayed: readonly Place[] = ['delayed'];
export const dead: readonly Place[] = ['dead'];
export const none: readonly Place[] = ['none'];

export function toAll(body: string, fate: Omit<Fate, 'body' | 'mailbox'>): Fate[] {
  return ['b', 'c', 'd'].map((mailbox) => ({ body, mailbox, ...fate }));
}
