/** Command lines under a pseudo-terminal: the way a person, or an agent that types, sees their output. */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';

export interface Job {
  readonly words: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Ctrl-C after so long. */
  readonly interruptMs?: number;
}

export interface Ended {
  readonly job: Job;
  /** `null`: it did not end in time. */
  readonly code: number | null;
  readonly ms: number;
  /** stdout and stderr, as they come on a screen. */
  readonly output: Buffer;
}

/** @param command the built command @param limitMs a command that takes longer hangs */
export async function runAll(command: string, jobs: readonly Job[], limitMs: number): Promise<Ended[]> {
  const script = join(dirname(dirname(command)), 'test', 'faults', 'hostile', 'run-many.py');
  const child = spawn('python3', [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  for (const { words, cwd, env = {}, interruptMs } of jobs) {
    const argv = [process.execPath, command, ...words];
    const given = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/', TERM: 'xterm-256color', ...env };
    child.stdin.write(`${JSON.stringify({ argv, cwd, env: given, limitMs, interruptMs })}\n`);
  }
  child.stdin.end();
  const code = await new Promise((resolve) => child.on('close', resolve));
  const lines = text.split('\n').filter(Boolean);
  if (code !== 0 || lines.length !== jobs.length)
    throw new Error(`${script} ended with ${String(code)} after ${lines.length} of ${jobs.length} command lines.`);
  return lines.map((line, i) => {
    const { code: exit, ms, output } = JSON.parse(line) as { code: number | null; ms: number; output: string };
    return { job: jobs[i] as Job, code: exit, ms, output: Buffer.from(output, 'base64') };
  });
}
