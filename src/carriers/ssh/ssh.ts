/**
 * Any command line whose other end is `dreamos receive`: ssh to another machine, a container, another root of this one. It is kept
 * running as long as it runs; how it gets in (keys, an agent of ssh) is its own.
 */
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { kill } from 'node:process';
import type { Readable, Writable } from 'node:stream';
import { type Carrier, CarrierDown, type Connection } from '../port.ts';
import { createUnderWay } from '../under-way.ts';
import { answerIn, mostLineBytes, parcelLine, versionIn } from '../frames.ts';
import { createSplitter } from './lines.ts';

export interface SshOptions {
  /** For the shell. */
  readonly command: string;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string | undefined;
  /** The hello has to come within this; milliseconds. */
  readonly helloMs?: number;
  /** What is under way has to be answered within this, or the connection is taken for dead; milliseconds. */
  readonly answerMs?: number;
}

// Until a login is done, with what the other machine says before.
const helloWithinMs = 30_000;
const answerWithinMs = 60_000;
// What a login shell prints is passed over.
const mostChatter = 200;
const graceMs = 2000;
const keptOfErrors = 500;

export function sshCarrier(options: SshOptions): Carrier {
  return { words: options.command, connect: (signal) => connect(options, signal) };
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

async function connect(options: SshOptions, signal: AbortSignal): Promise<Connection> {
  const { command, env, cwd, helloMs = helloWithinMs, answerMs = answerWithinMs } = options;
  // In a group of its own: a terminal's Ctrl-C reaches the bridge alone, and all that it starts is ended with it.
  const child: Child = spawn('/bin/sh', ['-c', command], { env, cwd, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  let words = '';
  let isOver = false;
  let tellEnd: (why: string) => void = () => undefined;
  const ended = new Promise<string>((resolve) => (tellEnd = resolve));
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()));

  const end = (reason: string): void => {
    if (!underWay.end(reason)) return;
    isOver = true;
    tellEnd(reason);
    void endChild(child, exited);
  };
  const underWay = createUnderWay(answerMs, end);
  child.once('error', (error) => end(error.message));
  child.once('close', (code, killed) => end(endOf(code, killed, words)));
  child.stdin.on('error', () => undefined);
  child.stderr.on('data', (chunk: Buffer) => (words = `${words}${chunk.toString()}`.slice(-keptOfErrors)));

  const greeted = new Promise<void>((resolve) => {
    let isGreeted = false;
    let chatter = 0;
    const splitter = createSplitter(mostLineBytes);
    const hear = (line: string): void => {
      if (isGreeted) {
        const said = answerIn(line);
        if (!said) return end(`this is no answer: ${line.slice(0, 60)}`);
        return underWay.answered(said.n, said.answer);
      }
      const version = versionIn(line);
      if (version === undefined) {
        if (++chatter > mostChatter) end('its command prints, and is no `dreamos receive`');
      } else if (version === 1) {
        isGreeted = true;
        resolve();
      } else end(`it speaks version ${version} of what bridges say, and this one 1`);
    };
    child.stdout.on('data', (chunk: Buffer) => {
      try {
        for (const line of isOver ? [] : splitter.add(chunk)) {
          hear(line.toString());
          if (isOver) return;
        }
      } catch (error) {
        end((error as Error).message);
      }
    });
  });

  const stop = (): void => end('the bridge was stopped');
  signal.addEventListener('abort', stop, { once: true });
  const timer = setTimeout(
    () => end(`its command has not said in ${helloMs / 1000} s that it is \`dreamos receive\``),
    helloMs,
  );
  const early = await Promise.race([greeted, ended]);
  clearTimeout(timer);
  signal.removeEventListener('abort', stop);
  if (typeof early === 'string') throw new CarrierDown(early);

  return {
    ended,
    publish: async (parcel) => {
      const { n, answer } = underWay.add();
      child.stdin.cork();
      child.stdin.write(parcelLine({ n, parcel }));
      child.stdin.write('\n');
      child.stdin.uncork();
      return answer;
    },
    close: async () => {
      end('the bridge was stopped');
      await exited;
    },
  };
}

/** Its input ends first: what it is at it finishes. */
async function endChild(child: Child, exited: Promise<void>): Promise<void> {
  child.stdin.end();
  const after = [
    setTimeout(() => endGroup(child, 'SIGTERM'), graceMs),
    setTimeout(() => endGroup(child, 'SIGKILL'), 2 * graceMs),
  ];
  await exited;
  for (const timer of after) clearTimeout(timer);
}

function endGroup({ pid }: Child, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    kill(-pid, signal);
  } catch {
    // It has ended.
  }
}

function endOf(code: number | null, killed: NodeJS.Signals | null, words: string): string {
  const how = killed === null ? `ended with exit ${code}` : `was ended by ${killed}`;
  const said = words.trim().split('\n').slice(-3).join(' ').trim();
  return `its command ${how}${said === '' ? '' : `: ${said}`}`;
}
