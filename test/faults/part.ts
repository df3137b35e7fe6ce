import type { Lack } from '../lack.ts';

/**
 * The fault tests try to break what dreamos promises: kill it, fail its system calls, cut its power, spoil its files.
 * Each part is one way of doing that. `npm run test:faults` runs them all at full length; `npm run test:all` runs them bounded.
 */
export interface FaultPart {
  /** A word or two, as it stands in the table of results. */
  readonly name: string;
  /** Why it cannot run here; `undefined`: it can. */
  cannotRun(): Promise<Lack | undefined>;
  /** It can try the native program in the place of the command, too (DREAMOS_RUNTIME=native). */
  readonly runsNatively?: true;
  run(options: FaultOptions): Promise<FaultResult>;
}

export interface FaultOptions {
  /** A short run that every change meets; together the parts take less than three minutes. */
  readonly bounded: boolean;
  /** Where random choices start; printed, so that a failure can be repeated. */
  readonly seed: number;
  /** A folder of its own for everything it makes; removed afterwards. */
  readonly dir: string;
  /** A JavaScript file that runs the built command: `node <command> send …`. */
  readonly command: string;
  /** The native program, where it is what is tried: then only by what it does itself. */
  readonly native?: string | undefined;
  progress(text: string): void;
}

export interface FaultResult {
  /** Counts, by what they count: `{ histories: 10000, lost: 0 }`. They go into results.json and from there into the README. */
  readonly figures: Readonly<Record<string, number>>;
  /** One sentence for each broken promise, with what is needed to repeat it. */
  readonly failures: readonly string[];
  /** What could not be run, by name; never silently passed. */
  readonly skipped?: readonly Lack[];
}
