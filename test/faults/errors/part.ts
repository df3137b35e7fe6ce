import { type Lack, missing, noTool, notHere } from '../../lack.ts';
import { cannotMount } from '../../tmpfs.ts';
import { choose, inParallel, randomFrom } from '../kill/plan.ts';
import { scenarios } from '../kill/scenarios.ts';
import { openStage, type Stage } from '../kill/stage.ts';
import type { FaultOptions, FaultPart, FaultResult } from '../part.ts';
import { cannotFiu, playFiu } from './fiu.ts';
import { playFull, playReadOnly } from './full-disk.ts';
import { injections, nameOf, playInjected } from './injected.ts';

const injectedWhenBounded = 40;
const fiuRounds = 12;

/** The disk answers with errors: one call, every call from one on, at random; it is full; it cannot be written. */
export const part: FaultPart = {
  name: 'disk errors',
  cannotRun: () => missing('strace'),
  runsNatively: true,
  run,
};

interface Report {
  readonly options: FaultOptions;
  readonly stages: readonly Stage[];
  readonly figures: Record<string, number>;
  fail(problem: string): void;
}

async function run(options: FaultOptions): Promise<FaultResult> {
  const failures: string[] = [];
  const skipped: Lack[] = [];
  const stages: Stage[] = [];
  const fail = (problem: string) => {
    failures.push(problem);
    options.progress(problem);
  };
  await inParallel(
    scenarios.filter(({ always }) => always ?? !options.bounded),
    async (scenario) => {
      const stage = await openStage(scenario, options);
      if (stage) stages.push(stage);
    },
  );
  const report: Report = { options, stages, figures: { commands: stages.length }, fail };
  await failCalls(report);
  const noMount = await cannotMount(options.dir);
  if (noMount === undefined) await fillDisks(report);
  else skipped.push(notHere(`full and read-only disks: ${noMount}`));
  const noFiu = await cannotFiu();
  // It is switched on by Node's own modules.
  if (options.native !== undefined) skipped.push(notHere('libfiu: by Node alone'));
  else if (noFiu === undefined) await failAtRandom(report);
  else skipped.push(noTool(`libfiu: ${noFiu}`));
  return { figures: report.figures, failures, skipped };
}

async function failCalls({ options, stages, figures, fail }: Report): Promise<void> {
  const counts = { 'calls failed': 0, 'calls not hit': 0, 'syncs failed, none tried again': 0, 'sends uncertain': 0 };
  const all = stages.flatMap(injections);
  const chosen = options.bounded
    ? choose(
        all.filter(({ point }) => point.changes),
        injectedWhenBounded,
        options.seed,
      )
    : all;
  let done = 0;
  await inParallel(chosen, async (injected) => {
    const played = await playInjected(injected);
    if (played) counts['calls failed']++;
    else {
      counts['calls not hit']++;
      options.progress(`not hit: ${nameOf(injected)}`);
    }
    if (played?.syncFailed) counts['syncs failed, none tried again']++;
    if (played?.uncertain) counts['sends uncertain']++;
    for (const problem of played?.problems ?? []) fail(problem);
    if (++done % 100 === 0) options.progress(`${done} of ${chosen.length} failing calls`);
  });
  // A trap that never snaps proves nothing.
  if (counts['calls not hit'] * 20 > chosen.length) fail(`${counts['calls not hit']} calls were not hit`);
  Object.assign(figures, counts);
}

async function fillDisks({ options, stages, figures, fail }: Report): Promise<void> {
  const counts = { 'met a full disk': 0, 'met a read-only disk': 0 };
  const chosen = options.bounded ? choose(stages, 1, options.seed) : stages;
  await inParallel(chosen, async (stage) => {
    for (const scarce of ['space', 'inodes'] as const) {
      const { problems, met } = await playFull(stage, options.dir, scarce);
      counts['met a full disk'] += met;
      for (const problem of problems) fail(problem);
    }
    const { problems, met } = await playReadOnly(stage, options.dir);
    counts['met a read-only disk'] += met;
    for (const problem of problems) fail(problem);
    options.progress(`full and read-only disk: ${stage.scenario.name}`);
  });
  Object.assign(figures, counts);
}

async function failAtRandom({ options, stages, figures, fail }: Report): Promise<void> {
  const counts = { 'runs with errors at random': 0, 'of them failed': 0, 'of them stuck in libuv': 0 };
  const random = randomFrom(options.seed);
  const plays = stages.flatMap((stage) => Array.from({ length: options.bounded ? 1 : fiuRounds }, () => stage));
  await inParallel(plays, async (stage) => {
    const played = await playFiu(stage, [0.02, 0.05, 0.1, 0.2][Math.floor(random() * 4)] ?? 0.1);
    counts['runs with errors at random']++;
    if (!played) counts['of them stuck in libuv']++;
    if (played?.failed) counts['of them failed']++;
    for (const problem of played?.problems ?? []) fail(problem);
  });
  // Of 576 four were; of the few of a bounded run one proves nothing.
  if (counts['of them stuck in libuv'] > Math.max(1, plays.length / 20))
    fail(`${counts['of them stuck in libuv']} runs with errors at random were stuck in libuv`);
  if (counts['of them failed'] === 0) fail('libfiu has made nothing fail');
  Object.assign(figures, counts);
}
