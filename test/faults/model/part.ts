/**
 * Model: a seeded simulator runs many small histories of fake processes on a disk in memory, kills them, pauses them,
 * steps their clock, cuts the power at every kind of moment, and compares what is left with what was acknowledged.
 *
 * A failure begins with its seed; `npm run test:faults -- --only model --bounded --seed <seed>` begins with that history.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { dirname, join } from 'node:path';
import type { FaultOptions, FaultPart, FaultResult } from '../part.ts';
import { mutations } from './mutations.ts';
import type { Done, Task } from './worker.ts';

const processes = 2;
const seedsPerTask = 100;

export const part: FaultPart = {
  name: 'model',
  cannotRun: async () => Promise.resolve(undefined),
  run,
};

async function run(options: FaultOptions): Promise<FaultResult> {
  const histories = options.bounded ? 500 : 20_000;
  const tries = options.bounded ? 3000 : 10_000;
  const workers = await startWorkers(options);
  try {
    const failures: string[] = [];
    const figures = {
      histories: 0,
      steps: 0,
      states: 0,
      historiesPerMinute: 0,
      historiesPerCpuMinute: 0,
      mutations: 0,
      mutationsCaught: 0,
    };

    const began = performance.now();
    let cpuMs = 0;
    const plain = chunks(options.seed, histories).map((seeds): Task => ({ do: 'histories', seeds }));
    await share(workers, plain, (done) => {
      failures.push(...done.failures);
      figures.histories += done.histories;
      figures.steps += done.steps;
      figures.states += done.states;
      cpuMs += done.cpuMs;
      options.progress(`${figures.histories} of ${histories} histories, ${figures.states} crashes and rests looked at`);
      return failures.length === 0;
    });
    figures.historiesPerMinute = Math.round(figures.histories / ((performance.now() - began) / 60_000));
    figures.historiesPerCpuMinute = Math.round(figures.histories / (cpuMs / 60_000));

    const names = Object.keys(mutations).filter((name) => !options.bounded || mutations[name]?.rare !== true);
    const mistaken = names.map((name): Task => {
      return { do: 'mutation', name, seeds: chunks(options.seed, tries).flat() };
    });
    await share(workers, mistaken, (done, task) => {
      figures.mutations++;
      if (done.caught) figures.mutationsCaught++;
      const name = task.do === 'mutation' ? task.name : '';
      if (!done.caught) {
        failures.push(
          `the simulator is blind: with the mistake "${name}", ${done.histories} histories from seed ${options.seed} on broke no promise`,
        );
      }
      options.progress(`"${name}" was ${done.caught ? `caught by history ${done.histories}` : 'not caught'}`);
      return true;
    });
    return { figures, failures };
  } finally {
    for (const worker of workers) worker.kill();
  }
}

/** Seeds from a start on, in pieces that keep all processes busy to the end. */
function chunks(seed: number, count: number): number[][] {
  return Array.from({ length: Math.ceil(count / seedsPerTask) }, (_, chunk) =>
    Array.from(
      { length: Math.min(seedsPerTask, count - chunk * seedsPerTask) },
      (__, i) => seed + chunk * seedsPerTask + i,
    ),
  );
}

/** The workers are built where this part may write, because Node 20 takes no TypeScript. */
async function startWorkers({ command, dir }: FaultOptions): Promise<ChildProcess[]> {
  const { build } = await import('esbuild');
  const outfile = join(dir, 'worker.mjs');
  await build({
    absWorkingDir: join(dirname(command), '..'),
    entryPoints: ['test/faults/model/worker.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    sourcemap: 'inline',
    // What the simulated disk stands for; never loaded.
    external: ['chokidar', 'proper-lockfile'],
    logLevel: 'warning',
  });
  return Array.from({ length: processes }, () => fork(outfile, { execArgv: ['--enable-source-maps'] }));
}

/** Gives each worker the next task as it finishes one. @param heard says whether to go on */
async function share(
  workers: readonly ChildProcess[],
  tasks: readonly Task[],
  heard: (done: Done, task: Task) => boolean,
): Promise<void> {
  const waiting = tasks.slice();
  await Promise.all(
    workers.map(async (worker) => {
      for (let task = waiting.shift(); task; task = waiting.shift()) {
        if (!heard(await perform(worker, task), task)) waiting.length = 0;
      }
    }),
  );
}

async function perform(worker: ChildProcess, task: Task): Promise<Done> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`a simulating process ended with ${code}`));
    worker.once('exit', ended);
    worker.once('message', (done) => {
      worker.off('exit', ended);
      resolve(done as Done);
    });
    worker.send(task);
  });
}
