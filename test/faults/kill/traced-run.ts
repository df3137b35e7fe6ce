import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { watchForHang } from '../hung.ts';

/** Every system call with which a command changes something on disk, and the opens, with which it looks: musl's are `open`. */
export const calls = [
  'openat',
  ...(process.arch === 'x64' ? (['open'] as const) : []),
  'write',
  'pwrite64',
  'writev',
  'fsync',
  'fdatasync',
  'rename',
  'renameat',
  'renameat2',
  'link',
  'linkat',
  'unlink',
  'unlinkat',
  'mkdir',
  'mkdirat',
  'rmdir',
] as const;
export type Call = (typeof calls)[number];

/** Who makes a call: Node's main thread (all synchronous work), or the one thread of its pool (what is asynchronous). */
export type Thread = 'main' | 'pool';

interface Injection {
  readonly call: Call;
  /** For strace: `signal=SIGKILL:when=7`. */
  readonly what: string;
}

export interface TracedRun {
  /** The program, and the words before the command's own. */
  readonly starts: readonly string[];
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly thread: Thread;
  readonly trace: readonly string[];
  readonly inject?: readonly Injection[];
  /** A folder of this run's own; the root lies in it as `root`. */
  readonly dir: string;
}

export interface TracedResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** It came to no end by itself: what it did when it was killed for that, and its last calls. */
  readonly hung?: string;
  readonly made: readonly TracedCall[];
  /** What was struck in another thread than the one that was meant: strace counts in each, and injects in all. */
  readonly strayed: readonly string[];
}

export interface TracedCall {
  readonly thread: Thread;
  readonly call: string;
  /** Its number among this thread's calls of this name, from 1: strace's `when`. */
  readonly ordinal: number;
  /** Inside the root, or of what becomes one; of a backup; of the user's own files; or the command's own standard output. */
  readonly ours: boolean;
  readonly text: string;
  readonly injected: boolean;
}

/**
 * Runs a command under strace. strace counts `when` for each thread by itself, so the main thread is traced alone. For the
 * pool's thread all are traced, and its counters are first driven beyond those that the main thread will reach.
 */
export async function tracedRun(run: TracedRun): Promise<TracedResult> {
  const log = join(run.dir, 'strace');
  const stdout = join(run.dir, 'stdout');
  const out = openSync(stdout, 'w');
  const args = ['-q', '-y', '-s', '0', '-e', 'signal=none', '-o', log, '-e', `trace=execve,${run.trace.join(',')}`];
  for (const { call, what } of run.inject ?? []) args.push('-e', `inject=${call}:${what}`);
  const [program = '', ...words] = run.starts;
  const options: string[] = [];
  if (run.thread === 'pool') {
    const ahead = join(run.dir, 'ahead.cjs');
    writeFileSync(ahead, countersAhead);
    // Without --seccomp-bpf, with which strace loses the signals that it injects.
    args.push('-f');
    options.push('--require', ahead);
  }
  const child = spawn('strace', [...args, program, ...options, ...words, ...run.argv], {
    cwd: run.dir,
    env: { ...run.env, UV_THREADPOOL_SIZE: '1' },
    stdio: ['pipe', out, 'pipe'],
    // A group of its own, because strace leaves its tracee behind when it is killed.
    detached: true,
  });
  closeSync(out);
  const kill = (): void => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, 'SIGKILL');
  };
  const watch = watchForHang(child.pid, () => `${sizeOf(log)} ${sizeOf(stdout)}`, kill);
  const pipes = setInterval(() => {
    if (existsSync(log) && struckPipe.test(readFileSync(log, 'utf8'))) kill();
  }, 1000);
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  // A killed command does not read what it is given.
  child.stdin?.on('error', () => undefined).end(run.stdin ?? '');
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on('error', reject).on('close', (...end) => resolve(end));
  }).finally(() => {
    watch.stop();
    clearInterval(pipes);
  });
  const logged = readFileSync(log, 'utf8');
  const where = watch.stop();
  const hung = where === undefined ? undefined : `its last calls:\n${logged.split('\n').slice(-15).join('\n')}${where}`;
  const all = parseLog(logged, run);
  const made = all.filter(({ thread }) => thread === run.thread);
  const strayed = all.filter(({ thread, injected }) => injected && thread !== run.thread).map(({ text }) => text);
  return {
    code,
    signal,
    stdout: readFileSync(stdout, 'utf8'),
    stderr,
    ...(hung !== undefined && { hung }),
    made,
    strayed,
  };
}

// The count was one short and hit a write of libuv to its own pipe, which no disk can fail: it waits for the byte for ever.
const struckPipe = /^(?:\d+ +)?write\(\d+<pipe:.*\(INJECTED\)$/m;

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

function parseLog(text: string, { dir }: TracedRun): TracedCall[] {
  const beside = `["<]${escaped(dir)}/(?:root|user|mail\\.tar\\.gz)(?:\\.[\\w-]+)?[/">]`;
  const place = new RegExp(`${beside}|^\\d+<${escaped(dir)}>`);
  const stdout = join(dir, 'stdout');
  const counts = new Map<string, number>();
  const made: TracedCall[] = [];
  let main: string | undefined;
  for (const line of text.split('\n')) {
    const match = /^(?:(\d+) +)?(\w+)\((.*)$/.exec(line);
    if (!match) continue;
    const [, pid = '', call = '', rest = ''] = match;
    // The first line is the main thread's execve.
    main ??= pid;
    const key = `${pid} ${call}`;
    const ordinal = (counts.get(key) ?? 0) + 1;
    counts.set(key, ordinal);
    const thread: Thread = pid === main ? 'main' : 'pool';
    const ours = place.test(rest) || (rest.startsWith('1<') && rest.includes(`<${stdout}>`));
    made.push({ thread, call, ordinal, ours, text: `${call}(${rest}`, injected: rest.includes('(INJECTED)') });
  }
  return made;
}

function escaped(path: string): string {
  return path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** More than the main thread makes of any call that both make; 'write' is counted by the pool's own wake-ups. */
const countersAhead = `
const fs = require('node:fs');
const ignore = () => undefined;
const fd = fs.openSync('/dev/null', 'w');
for (let i = 0; i < 400; i++) fs.open('/dev/null/x', 'r', ignore);
for (let i = 0; i < 80; i++) {
  fs.fsync(fd, ignore);
  fs.rename('/dev/null/x', '/dev/null/y', ignore);
  fs.link('/dev/null/x', '/dev/null/y', ignore);
  fs.unlink('/dev/null/x', ignore);
  fs.mkdir('/dev/null/x', ignore);
  fs.rmdir('/dev/null/x', ignore);
}
`;
