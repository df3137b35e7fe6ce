/** One system call of a command fails, or everything from that one on. */
import { pointsOf, runUntilHit, type Point } from '../kill/points.ts';
import type { Stage } from '../kill/stage.ts';
import { tracedRun, type Call, type TracedCall, type TracedResult } from '../kill/traced-run.ts';
import { judge } from './judge.ts';

export interface Injected {
  readonly stage: Stage;
  readonly point: Point;
  readonly errno: string;
  /** Every later call of these kinds fails as well. */
  readonly andThen: boolean;
}

const opening = ['EMFILE', 'EACCES', 'EIO'] as const;
const creating = ['ENOSPC', 'EDQUOT', ...opening] as const;
const changing = ['ENOSPC', 'EIO', 'EACCES', 'EDQUOT'] as const;
const errnos: Partial<Record<Call, readonly string[]>> = {
  write: ['ENOSPC', 'EIO', 'EDQUOT'],
  pwrite64: ['ENOSPC', 'EIO', 'EDQUOT'],
  writev: ['ENOSPC', 'EIO', 'EDQUOT'],
  fsync: ['EIO', 'ENOSPC', 'EDQUOT'],
  fdatasync: ['EIO', 'ENOSPC', 'EDQUOT'],
  unlink: ['EIO', 'EACCES'],
  rmdir: ['EIO', 'EACCES'],
};
// Node makes none of these by itself, so their numbers hold; a disk that has died is one on which all of them fail.
const lasting: readonly Call[] = ['fsync', 'rename', 'link', 'unlink', 'mkdir', 'rmdir'];

/** What can be made to fail in a command: each call with each errno that it knows, and each change with all that follow. */
export function injections(stage: Stage): Injected[] {
  const all: Injected[] = [];
  for (const [n, point] of stage.points.entries()) {
    // An open for reading fails in the same place whatever the errno is; they take turns.
    const looking = [opening[n % opening.length] ?? 'EIO'];
    const kinds = point.call.startsWith('open')
      ? point.changes
        ? creating
        : looking
      : (errnos[point.call] ?? changing);
    for (const errno of kinds) all.push({ stage, point, errno, andThen: false });
    if (lasting.includes(point.call) && point.thread === 'main')
      all.push({ stage, point, errno: 'EIO', andThen: true });
  }
  return all;
}

/** @returns `undefined`: it could not be made to fail there */
export async function playInjected(
  injected: Injected,
): Promise<{ problems: string[]; uncertain: boolean; syncFailed: boolean } | undefined> {
  const { stage, point, andThen } = injected;
  const hit = andThen ? await failFromThereOn(injected) : await failOnce(injected);
  if (!hit) return undefined;
  const { result, dir } = hit;
  const unsaid = result.strayed.some((text) => text.startsWith('write(2<'));
  const judged = await judge(stage, dir, result, { unprinted: point.toStdout, unsaid });
  const problems = judged.problems.map((problem) => `${nameOf(injected)}: ${problem}`);
  const again = syncedAgain(result.made);
  if (again !== undefined) problems.push(`${nameOf(injected)}: a failed sync is tried again: ${again}`);
  return { problems, uncertain: judged.uncertain, syncFailed: point.call === 'fsync' };
}

type Hit = { result: TracedResult; dir: string } | undefined;

function failOnce({ stage, point, errno }: Injected): Promise<Hit> {
  const trace = [...new Set([point.call, 'fsync', 'fdatasync', 'close'])];
  return runUntilHit({ ...stage.command(), trace }, point, (n) => `error=${errno}:when=${n}`, stage.fresh);
}

async function failFromThereOn({ stage, point, errno }: Injected): Promise<Hit> {
  const dir = await stage.fresh();
  const at = stage.points.indexOf(point);
  const inject = lasting.map((call) => {
    const before = stage.points.slice(0, at).filter((other) => other.call === call && other.thread === 'main').length;
    return { call, what: `error=${errno}:when=${before + 1}+` };
  });
  const result = await tracedRun({ ...stage.command(), thread: 'main', trace: [...lasting, 'close'], inject, dir });
  const struck = result.made.find(({ injected }) => injected);
  return struck?.call === point.call && pointsOf(result).length > 0 ? { result, dir } : undefined;
}

/**
 * After a failed fsync the kernel may call the same pages clean: a second one on this descriptor that succeeds proves
 * nothing. @returns the call that tried
 */
function syncedAgain(made: readonly TracedCall[]): string | undefined {
  const failed = new Set<string>();
  for (const { call, text, injected } of made) {
    const fd = /^\w+\((\d+)/.exec(text)?.[1];
    if (fd === undefined) continue;
    if (call === 'close') failed.delete(fd);
    if (call !== 'fsync' && call !== 'fdatasync') continue;
    if (failed.has(fd)) return text;
    if (injected) failed.add(fd);
  }
  return undefined;
}

export function nameOf({ stage, point, errno, andThen }: Injected): string {
  const { call, index, thread, text } = point;
  return `${stage.scenario.name}, ${errno} at ${call} ${index + 1}${andThen ? ' and all changes from there on' : ''} of its ${thread} thread (${text.slice(0, 300)})`;
}
