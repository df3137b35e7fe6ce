import { missing } from '../../lack.ts';
import type { FaultOptions, FaultPart, FaultResult } from '../part.ts';
import { check } from './check.ts';
import { runUntilHit, type Point } from './points.ts';
import { choose, inParallel } from './plan.ts';
import { scenarios } from './scenarios.ts';
import { clear, openStage, toldIn, type Stage } from './stage.ts';

const pointsWhenBounded = 40;

/** Each command that writes is killed at each system call that touches its root, and the root is looked at. */
export const part: FaultPart = {
  name: 'kill -9',
  cannotRun: () => missing('strace'),
  runsNatively: true,
  run,
};

async function run(options: FaultOptions): Promise<FaultResult> {
  const failures: string[] = [];
  const figures = { commands: 0, 'kill points': 0, 'points not hit': 0, lost: 0 };
  const plays: { stage: Stage; point: Point }[] = [];
  await inParallel(
    scenarios.filter(({ always }) => always ?? !options.bounded),
    async (scenario) => {
      const stage = await openStage(scenario, options);
      if (!stage) return;
      figures.commands++;
      for (const point of stage.points) plays.push({ stage, point });
      options.progress(`${scenario.name}: ${stage.points.length} points`);
    },
  );
  const chosen = options.bounded
    ? choose(
        plays.filter(({ point }) => point.changes),
        pointsWhenBounded,
        options.seed,
      )
    : plays;
  let done = 0;
  await inParallel(chosen, async ({ stage, point }) => {
    const wrong = await play(stage, point);
    if (wrong === undefined) {
      figures['points not hit']++;
      options.progress(`not hit: ${stage.scenario.name} at ${nameOf(point)}`);
    } else figures['kill points']++;
    if (wrong?.some((problem) => problem.includes('is lost')) === true) figures.lost++;
    if (wrong !== undefined && wrong.length > 0) {
      const failure = `${stage.scenario.name}, killed at ${nameOf(point)}: ${wrong.join('; ')}`;
      failures.push(failure);
      options.progress(failure);
    }
    if (++done % 50 === 0) options.progress(`${done} of ${chosen.length} points, ${failures.length} failures`);
  });
  // A trap that never snaps proves nothing.
  if (figures['points not hit'] * 20 > chosen.length) failures.push(`${figures['points not hit']} points were not hit`);
  return { figures, failures };
}

/** @returns what was wrong; `undefined`: the command could not be killed there */
async function play({ scenario, story, command, fresh }: Stage, point: Point): Promise<string[] | undefined> {
  const hit = await runUntilHit({ ...command(), trace: [point.call] }, point, (n) => `signal=SIGKILL:when=${n}`, fresh);
  if (!hit) return undefined;
  const { dir, result } = hit;
  const wrong = await check(`${dir}/root`, scenario, story, { told: toldIn(result.stdout) });
  if (wrong.length === 0) clear(dir);
  return wrong;
}

function nameOf({ call, index, thread, text }: Point): string {
  return `${call} ${index + 1} of its ${thread} thread, ${text.slice(0, 300)}`;
}
