/** One of the processes that share the seeds; told what to do by part.ts over IPC. */
import { mutations } from './mutations.ts';
import { script } from './script.ts';
import { shrink } from './shrink.ts';
import { isCaught, trySeed } from './try-seed.ts';

export type Task =
  /** Histories of the protocol as it is. */
  | { readonly do: 'histories'; readonly seeds: readonly number[] }
  /** Histories of the protocol with a mistake, until one catches it. */
  | { readonly do: 'mutation'; readonly name: string; readonly seeds: readonly number[] };

export interface Done {
  readonly histories: number;
  readonly steps: number;
  readonly states: number;
  readonly cpuMs: number;
  /** A script for each broken promise. */
  readonly failures: readonly string[];
  /** A mutation was caught by a history. */
  readonly caught: boolean;
}

process.on('message', (task: Task) => void report(task));

async function report(task: Task): Promise<void> {
  process.send?.(await perform(task));
}

async function perform(task: Task): Promise<Done> {
  const mutation = task.do === 'mutation' ? mutations[task.name] : undefined;
  const failures: string[] = [];
  const before = process.cpuUsage();
  let caught = false;
  let [histories, steps, states] = [0, 0, 0];
  for (const seed of task.seeds) {
    const tried = await trySeed(seed, mutation);
    histories++;
    steps += tried.steps;
    states += tried.states;
    const [first] = tried.violations;
    if (mutation && isCaught(tried.violations)) {
      caught = true;
      break;
    }
    if (!mutation && first) {
      const small = await shrink(tried.history, first.promised, { maxRuns: 3000 });
      failures.push(await script(small));
    }
    // The loop never waits for anything but promises, and a parent that has gone must be noticed.
    if (histories % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
    if (failures.length >= 2) break;
  }
  const { user, system } = process.cpuUsage(before);
  return { histories, steps, states, cpuMs: (user + system) / 1000, failures, caught };
}
