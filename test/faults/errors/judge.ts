import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { check, type Ended } from '../kill/check.ts';
import { watchForHang } from '../hung.ts';
import { clear, toldIn, type Stage } from '../kill/stage.ts';

/** How a command ended whose disk failed. */
export interface Ending {
  /** `null`: it did not come to an end. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What it did then. */
  readonly hung?: string;
  /** It did not, because libuv waits for itself. */
  readonly inLibuv?: boolean;
}

// As a shell says it.
const fellBySignal = 134;

interface Judged {
  readonly problems: string[];
  readonly uncertain: boolean;
}

/**
 * Exit 0 means done, and exit 7 that nothing is half done, unless SEND_UNCERTAIN says otherwise. Everything else calls a
 * failing disk something that it is not.
 * @param options.unprinted what it prints to failed too, so what was done may not have been told
 * @param options.unsaid so did what it says on stderr
 * @param options.fell Node itself fell over the errors; that is a killed command, not one that failed
 */
export async function judge(
  stage: Stage,
  play: string,
  ending: Ending,
  { unprinted = false, unsaid = false, fell = false }: { unprinted?: boolean; unsaid?: boolean; fell?: boolean } = {},
): Promise<Judged> {
  const { code, stdout, stderr, hung = 'it hangs' } = ending;
  const problems: string[] = [];
  const codes = errorCodes(stderr);
  const { lists = false, waits = false } = stage.story;
  const listed = lists && code === 6;
  const waiting = waits && code === 3 && stderr.includes('"warning"');
  if (!fell && !listed && !waiting && code !== null && code !== 0 && code !== 7) {
    problems.push(`that is none of the exit codes of a failing disk: ${stderr.slice(0, 500)}`);
  }
  if (code === null) problems.push(hung);
  if (!fell && !unsaid && code === 7 && codes.length === 0) problems.push('it does not say why');
  const right = listed ? ['PROBLEMS_FOUND'] : waiting ? ['NOTHING_THERE'] : ['DISK_FAILED', 'SEND_UNCERTAIN'];
  if (!fell && codes.some((each) => !right.includes(each)))
    problems.push('that is none of the codes of a failing disk');
  const uncertain = codes.includes('SEND_UNCERTAIN');
  const told = toldIn(stdout);
  if (code === 0 && told.length === 0 && stage.prints) problems.push('it has printed nothing');
  const ended: Ended = { told, failed: code !== 0 && !fell, uncertain: uncertain || unprinted };
  problems.push(...(await check(join(play, 'root'), stage.scenario, stage.story, ended)));
  if (problems.length === 0) clear(play);
  const said = codes.length > 0 ? ` and says ${codes.join(', ')}` : '';
  return {
    problems: problems.length > 0 ? [`it exits with ${String(code)}${said}: ${problems.join('; ')}`] : [],
    uncertain,
  };
}

export function errorCodes(stderr: string): string[] {
  const codes: string[] = [];
  for (const line of stderr.split('\n')) {
    try {
      const { error } = JSON.parse(line) as { error?: { code?: string } };
      if (error?.code !== undefined) codes.push(error.code);
    } catch {
      // Node's own words, when it was Node that fell.
    }
  }
  return codes;
}

/** Runs a stage's command plainly. */
export async function runPlainly(
  stage: Stage,
  play: string,
  more: { node?: readonly string[]; env?: Readonly<Record<string, string>> } = {},
): Promise<Ending> {
  const { starts, argv, env, stdin } = stage.command();
  const [program = '', ...words] = starts;
  const child = spawn(program, [...(more.node ?? []), ...words, ...argv], {
    cwd: play,
    env: { ...env, ...more.env },
  });
  let inLibuv = false;
  let stdout = '';
  let stderr = '';
  const watch = watchForHang(
    child.pid,
    () => stdout.length + stderr.length,
    () => {
      inLibuv ||= waitsForLibuv(child.pid);
      child.kill('SIGKILL');
    },
  );
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => undefined).end(stdin ?? '');
  const code = await new Promise<number | null>((resolve, reject) => {
    child
      .on('error', reject)
      .on('close', (end, signal) => resolve(end ?? (signal === 'SIGKILL' ? null : fellBySignal)));
  });
  const hung = watch.stop();
  return { code, stdout, stderr, inLibuv, ...(hung !== undefined && { hung }) };
}

/**
 * Whether the main thread waits for one byte out of a pipe: of its own bytes libuv makes a lock for signals (src/unix/signal.c),
 * and where a write failed that no disk can fail, it waits for the next one for ever. dreamos reads so from no pipe.
 */
function waitsForLibuv(pid: number | undefined): boolean {
  try {
    const [call, fd, , bytes] = readFileSync(`/proc/${pid}/syscall`, 'utf8').split(' ');
    return call === '0' && bytes === '0x1' && readlinkSync(`/proc/${pid}/fd/${Number(fd)}`).startsWith('pipe:');
  } catch {
    return false;
  }
}
