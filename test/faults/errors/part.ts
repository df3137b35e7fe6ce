import { choose, inParallel } from '../kill/plan.ts';
import { scenarios } from '../kill/scenarios.ts';
import { missing, openStage, type Stage } from '../kill/stage.ts';
import type { FaultOptions, FaultPart, FaultResult } from '../part.ts';
import { injections, playInjected } from './injected.ts';

const injectedWhenBounded = 50;

/** The disk answers with errors: one call, every call from one on, at random; it is full; it cannot be written. */
export const part: FaultPart = {
  name: 'disk errors',
  cannotRun: () => missing('strace'),
  run,
};

async function run(options: FaultOptions): Promise<FaultResult> {
  const failures: string[] = [];
  const figures = { commands: 0, 'calls failed': 0, 'calls not hit': 0, 'failed syncs': 0, 'sends uncertain': 0 };
  const stages: Stage[] = [];
  await inParallel(scenarios.filter(({ always }) => always ?? !options.bounded), async (scenario) => {
    stages.push(await openStage(scenario, options));
    figures.commands++;
  });
  const all = stages.flatMap(injections);
  const chosen = options.bounded ? choose(all.filter(({ point }) => point.changes), injectedWhenBounded, options.seed) : all;
  let done = 0;
  await inParallel(chosen, async (injected) => {
    const played = await playInjected(injected);
    if (played) figures['calls failed']++;
    else figures['calls not hit']++;
    if (played?.syncFailed) figures['failed syncs']++;
    if (played?.uncertain) figures['sends uncertain']++;
    failures.push(...(played?.problems ?? []));
    if (++done % 100 === 0) options.progress(`${done} of ${chosen.length} failing calls, ${failures.length} failures`);
  });
  if (figures['calls not hit'] * 20 > chosen.length) failures.push(`${figures['calls not hit']} calls were not hit`);
  return { figures, failures };
}
