/** Runs a worker's command for one message. The only place that starts and ends other processes. */
import { spawn } from 'node:child_process';
import { kill } from 'node:process';
import type { Readable } from 'node:stream';

export interface HandlerRun {
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string | undefined;
  readonly stdin: string;
  /** Ends the handler and all that it has started. */
  readonly signal: AbortSignal;
  /** There is little time left to end it. */
  readonly hurry: AbortSignal;
  /** It has exited: only its last words are still to come. */
  readonly onExit: () => void;
  /** Chunks of what it prints; the next one is read when this has come back. Never rejects. */
  readonly onStdout: (chunk: Uint8Array) => Promise<void>;
  readonly onStderr: (chunk: Uint8Array) => Promise<void>;
}

/** How it ended: with an exit code, or by a signal. */
export interface HandlerEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

// From SIGTERM to SIGKILL.
const graceMs = 5000;
const hurriedGraceMs = 1000;
const killedMs = 500;
const lookEveryMs = 25;
// What the handler left running in the background may keep its output open for ever, silent or not. What the handler itself
// has written lies ready when it exits, and no socket holds so much.
const quietMs = 500;
const lingerMs = 2000;
const lingerBytes = 1024 * 1024;

/**
 * Starts the command as it is, without a shell, as the leader of a process group of its own: so that all that it starts
 * can be ended with it, and a terminal's Ctrl-C reaches the worker alone.
 * @throws the system's error (ENOENT, EACCES …) when it cannot be started
 */
export async function runHandler(run: HandlerRun): Promise<HandlerEnd> {
  const [file = '', ...args] = run.command;
  const child = spawn(file, args, { cwd: run.cwd, env: run.env, detached: true, stdio: 'pipe' });
  const exited = new Promise<HandlerEnd>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
  });
  if (child.pid === undefined) return exited;
  // A handler need not read what it is given.
  child.stdin.on('error', () => undefined);
  child.stdin.end(run.stdin);
  const outputs = [follow(child.stdout, exited, run.onStdout), follow(child.stderr, exited, run.onStderr)];
  let ending: Promise<void> | undefined;
  const end = (): void => {
    if (child.pid !== undefined) ending = endGroup(child.pid, run.hurry);
  };
  run.signal.addEventListener('abort', end);
  if (run.signal.aborted) end();
  try {
    const ended = await exited;
    run.onExit();
    await Promise.all(outputs);
    return ended;
  } finally {
    run.signal.removeEventListener('abort', end);
    child.stdin.destroy();
    // Also what outlived its leader: the message must not be given to the next one before.
    await ending;
  }
}

/** Reads to the end, or until the handler has exited and what came from it has been read. */
async function follow(
  stream: Readable,
  exited: Promise<unknown>,
  onChunk: (chunk: Uint8Array) => Promise<void>,
): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let state: 'waiting' | 'busy' | 'over' = 'waiting';
  let chunks = 0;
  let bytesAfter = 0;
  let late = false;
  let deadline: ReturnType<typeof setTimeout> | undefined;
  const endWhenQuiet = (): void => {
    const before = chunks;
    clearTimeout(timer);
    // Behind what lies ready to be read: a write to a slow reader may have kept the whole process from looking.
    const end = (): void => void setImmediate(() => state === 'waiting' && chunks === before && stream.destroy());
    timer = setTimeout(end, late ? 0 : quietMs);
  };
  let hasExited = false;
  const onExit = (): void => {
    hasExited = true;
    if (state === 'over') return;
    if (state === 'waiting') endWhenQuiet();
    deadline = setTimeout(() => {
      late = true;
      if (state === 'waiting') endWhenQuiet();
    }, lingerMs);
  };
  exited.then(onExit, onExit);
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      chunks++;
      state = 'busy';
      await onChunk(chunk);
      state = 'waiting';
      if (!hasExited) continue;
      bytesAfter += chunk.length;
      if (bytesAfter > lingerBytes) break;
      endWhenQuiet();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  } finally {
    state = 'over';
    clearTimeout(timer);
    clearTimeout(deadline);
  }
}

/** Comes back when nobody of the group is there any more. */
async function endGroup(leader: number, hurry: AbortSignal): Promise<void> {
  for (const [signal, withinMs] of [
    ['SIGTERM', () => (hurry.aborted ? hurriedGraceMs : graceMs)],
    // Not for ever: where nobody reaps orphans they stay as zombies.
    ['SIGKILL', () => killedMs],
  ] as const) {
    const sentAt = performance.now();
    let isThere = signalGroup(leader, signal);
    while (isThere && performance.now() - sentAt < withinMs()) {
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
      isThere = signalGroup(leader, 0);
    }
    if (!isThere) return;
  }
}

/** @returns whether anybody of the group is there */
function signalGroup(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return kill(-leader, signal);
  } catch (error) {
    // EPERM: all that is left has become another user's.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ESRCH' || code === 'EPERM') return false;
    throw error;
  }
}
