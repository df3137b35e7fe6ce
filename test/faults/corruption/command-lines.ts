/** Every command on a spoilt root, in this process: none may end with exit code 1, in a stack trace or without an end. */
import { connectRoot } from '../../../src/core/remote/connect.ts';
import { PassThrough, Writable } from 'node:stream';
import { run } from '../../../src/program/program.ts';
import { startMs } from './specimen.ts';
import { stillClock } from './still-clock.ts';
import { initRoot, openRoot, restoreRoot } from '../../../src/core/open-root.ts';

const lines = [
  'status',
  'status --json',
  'agent list',
  'agent show reviewer',
  'config get',
  'list reviewer --state all',
  'list reviewer --state all --json --as reviewer',
  'peek reviewer -n 3',
  'watch --since start --wait 1ms',
  'dlq list reviewer',
  'archive list reviewer --json',
  'archive search done',
  'reserve list',
  'reserve check /x/a --as reviewer',
  'doctor',
  'send reviewer,tester hello --as planner',
  'send reviewer again --as planner --dedupe-key nightly-build',
  'read reviewer -n 20',
  'read tester -n 20 --json --ack',
  'agent register reviewer --description changed',
  'reserve /x/b --as reviewer',
  'config set lease 20m',
  'doctor --fix',
  'doctor --json',
];

const longestMs = 10_000;
const allowed = new Set([0, 2, 3, 4, 5, 6, 7]);

export const commandsPerTree = lines.length;

/** @returns a sentence for each command line that ended as it must not */
export async function runCommands(path: string): Promise<string[]> {
  const failures: string[] = [];
  for (const line of lines) {
    const ended = await runLine(path, line);
    if (!allowed.has(ended.code) || /UNEXPECTED|unexpected happened|\n {4}at /.test(ended.err)) {
      failures.push(`dreamos ${line}: exit ${ended.code}: ${ended.err.slice(0, 400)}`);
    }
  }
  return failures;
}

async function runLine(path: string, line: string): Promise<{ code: number; err: string }> {
  const clock = stillClock(startMs + 2000);
  const stop = new AbortController();
  let err = '';
  const sink = (keep: boolean) =>
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        if (keep) err += chunk.toString();
        done();
      },
    });
  const stdin = new PassThrough();
  stdin.end();
  const timer = setTimeout(() => stop.abort(99), longestMs);
  try {
    const code = await run([...line.split(' '), '--root', path], {
      env: {},
      cwd: () => path,
      stdin,
      stdout: sink(false),
      stderr: sink(true),
      signal: stop.signal,
      spareInput: async () => false,
      pid: 1,
      caller: async () => undefined,
      startAlone: async () => undefined,
      openFile: async () => stdin,
      canRun: async () => false,
      holdExit: () => () => undefined,
      holdTerminal: () => ({ stop: () => undefined, letGo: () => undefined }),
      program: () => 'dreamos',
      version: () => '0.0.0',
      runtime: () => ({ runtime: 'node', engine: '20.19.0' }),
      openRoot: (options) => openRoot({ ...options, clock }),
      connectRoot,
      initRoot: (options) => initRoot({ ...options, clock }),
      restoreRoot: (file, options) => restoreRoot(file, { ...options, clock }),
    });
    return { code, err };
  } catch (error) {
    return { code: 1, err: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  } finally {
    clearTimeout(timer);
  }
}
