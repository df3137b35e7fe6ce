import type { History } from './history.ts';
import type { Promised } from './ledger.ts';
import type { Mutation } from './process.ts';
import { runHistory } from './world.ts';

export interface ShrinkOptions {
  readonly mutation?: Mutation | undefined;
  readonly maxRuns: number;
}

/**
 * Cuts a history down that breaks a promise: first what the processes want to do, then in which order it happens, again
 * and again, as long as the same promise is broken. What was decided for a step that is not there any more is passed over,
 * and where the decisions end, everybody runs to the end, one after the other.
 */
export async function shrink(history: History, promised: Promised, options: ShrinkOptions): Promise<History> {
  let runs = 0;
  const breaks = async (candidate: History): Promise<boolean> => {
    if (runs++ >= options.maxRuns) return false;
    const { violations } = await runHistory(candidate, { mutation: options.mutation });
    return violations.some((violation) => violation.promised === promised);
  };
  let best = history;
  for (let before = Infinity; sizeOf(best) < before && runs < options.maxRuns;) {
    before = sizeOf(best);
    best = await fewerOperations(best, breaks);
    best = await fewerDecisions(best, breaks);
  }
  return best;
}

type Breaks = (candidate: History) => Promise<boolean>;

async function fewerOperations(history: History, breaks: Breaks): Promise<History> {
  let best = history;
  for (const p of history.operations.keys()) {
    for (let n = (best.operations[p]?.length ?? 0) - 1; n >= 0; n--) {
      const operations = best.operations.map((all, i) => (i === p ? all.filter((_, at) => at !== n) : all));
      const candidate = { ...best, operations };
      if (await breaks(candidate)) best = candidate;
    }
  }
  return best;
}

async function fewerDecisions(history: History, breaks: Breaks): Promise<History> {
  let best = history;
  for (let size = Math.ceil(best.decisions.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    // From the end: without its end a history is still one that happened.
    for (let end = best.decisions.length; end > 0; end -= size) {
      const decisions = best.decisions.filter((_, i) => i < end - size || i >= end);
      const candidate = { ...best, decisions };
      if (await breaks(candidate)) best = candidate;
    }
  }
  return best;
}

function sizeOf({ operations, decisions }: History): number {
  return operations.flat().length + decisions.length;
}
