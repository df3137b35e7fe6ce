import { calls, tracedRun, type Call, type Thread, type TracedResult, type TracedRun } from './traced-run.ts';

/** One system call of a command at which something can go wrong. */
export interface Point {
  readonly call: Call;
  readonly thread: Thread;
  /** Which of the calls of this name, by this thread and on this root, it is; from 0. */
  readonly index: number;
  /** Its number among all calls of this name by this thread, Node's own included. */
  readonly ordinal: number;
  /** How it looked when it was recorded. */
  readonly text: string;
  /** It changes something (an open for reading does not). */
  readonly changes: boolean;
  readonly toStdout: boolean;
}

// Node itself, or strace, now and then comes to no end; a command that does hangs again.
const triesOfHung = 3;

/**
 * Runs a command untouched, once for each thread that it has, and one that hangs again.
 * @param fresh gives each run a prepared folder of its own
 * @param tell what a run that hung did
 */
export async function record(
  run: Omit<TracedRun, 'thread' | 'trace' | 'dir'>,
  threads: readonly Thread[],
  fresh: () => Promise<string>,
  tell: (hung: string) => void,
): Promise<{ points: Point[]; results: TracedResult[] }> {
  const results: TracedResult[] = [];
  const points: Point[] = [];
  for (const thread of threads) {
    let result: TracedResult;
    for (let tries = 1; ; tries++) {
      result = await tracedRun({ ...run, thread, trace: calls, dir: await fresh() });
      if (result.hung === undefined) break;
      tell(`its ${thread} thread, for the ${tries}. time: ${result.hung}`);
      if (tries === triesOfHung) break;
    }
    results.push(result);
    points.push(...pointsOf(result));
  }
  return { points, results };
}

export function pointsOf({ made }: TracedResult): Point[] {
  const seen = new Map<string, number>();
  const points: Point[] = [];
  for (const { ours, call, thread, ordinal, text } of made) {
    // The empty write is Node's way of waiting for the stream.
    if (!ours || text.includes('NULL, 0)') || !(calls as readonly string[]).includes(call)) continue;
    const index = seen.get(call) ?? 0;
    seen.set(call, index + 1);
    const changes = !call.startsWith('open') || text.includes('O_CREAT');
    const toStdout = text.startsWith('write(1<');
    points.push({ call: call as Call, thread, index, ordinal, text, changes, toStdout });
  }
  return points;
}

/**
 * Runs a command with something injected at one point. How many calls Node itself makes before varies a little, so a run
 * that was hit elsewhere, or not at all, is repeated with what it taught. @returns `undefined`: it could not be hit
 */
export async function runUntilHit(
  run: Omit<TracedRun, 'thread' | 'inject' | 'dir'>,
  point: Point,
  what: (ordinal: number) => string,
  fresh: () => Promise<string>,
): Promise<{ result: TracedResult; dir: string } | undefined> {
  let { ordinal } = point;
  for (let round = 0; round < 20; round++) {
    const dir = await fresh();
    const inject = [{ call: point.call, what: what(ordinal) }];
    const result = await tracedRun({ ...run, thread: point.thread, inject, dir });
    const own = result.made.filter(({ call }) => call === point.call);
    const hit = own[ordinal - 1];
    const at = pointsOf({ ...result, made: own }).find((found) => found.index === point.index);
    const struck = hit !== undefined && (result.signal === 'SIGKILL' || result.code === 137 || hit.injected);
    if (struck && at?.ordinal === ordinal) return { result, dir };
    ordinal = at?.ordinal ?? ordinal + 1;
  }
  return undefined;
}
