import type { CrashModel } from './crash.ts';
import { decider, operationsOf, themeOf, type Theme } from './generate.ts';
import type { History } from './history.ts';
import type { Violation } from './ledger.ts';
import type { Mutation } from './process.ts';
import { runHistory, type Outcome } from './world.ts';

/** Shown by histories of any kind; sooner by some. */
export interface Mistake extends Mutation {
  readonly theme?: Theme;
  readonly model?: CrashModel;
  /** It takes thousands of histories to meet it: only at full length. */
  readonly rare?: true;
}

export interface Tried extends Outcome {
  readonly history: History;
}

/** The history of a seed, as it went: with its decisions, so that it can be run again and cut down. */
export async function trySeed(seed: number, mutation?: Mistake): Promise<Tried> {
  const model: CrashModel = mutation?.model ?? (seed % 2 === 0 ? 'folders' : 'journal');
  const theme = mutation?.theme ?? themeOf(seed);
  const history: History = { seed, model, operations: operationsOf(seed, theme), decisions: [] };
  const outcome = await runHistory(history, { mutation, decide: decider(seed, theme, model) });
  return { ...outcome, history: { ...history, decisions: outcome.decisions } };
}

/** A broken promise, rather than a program that stumbles over what should not be there. */
export function isCaught(violations: readonly Violation[]): boolean {
  return violations.some(({ promised }) => promised !== 'unexpected error' && promised !== 'doctor complains');
}
