/**
 * Any command line whose other end is `dreamos receive`: ssh to another machine, a container, another root of this one. It is kept
 * running as long as it runs; how it gets in (keys, an agent of ssh) is its own.
 */
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { kill } from 'node:process';
import type { Readable, Writable } from 'node:stream';
import { type Answer, type Carrier, CarrierDown, type Connection } from '../port.ts';
import { answerIn, mostLineBytes, parcelParts } from '../frames.ts';
import { createTalk } from '../talk.ts';
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
/** Of more a copy would cost more than the write. */
const writtenTogether = 64 * 1024;
const lineEnd = Buffer.from('\n');

export function sshCarrier(options: SshOptions): Carrier {
  return { words: options.command, connect: (signal) => connect(options, signal) };
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

async function connect(options: SshOptions, signal: AbortSignal): Promise<Connection> {
  const { command, env, cwd, helloMs = helloWithinMs, answerMs = answerWithinMs } = options;
  // In a group of its own: a terminal's Ctrl-C reaches the bridge alone, and all that it starts is ended with it.
  const child: Child = spawn('/bin/sh', ['-c', command], { env, cwd, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  let words = '';
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let isGreeted = false;
  let ending = Promise.resolve();
  const talk = createTalk<Answer>({
    answerIn,
    helloMs,
    who: 'its command has',
    stranger: 'its command prints, and is no `dreamos receive`',
    mostChatter,
    answerMs,
    onEnd: () => void (ending = endChild(child, exited, isGreeted ? graceMs : 0)),
  });
  child.once('error', (error) => talk.end(error.message));
  let hint: string | undefined;
  child.once('close', (code, killed) => {
    const end = endOf(code, killed, words);
    ({ hint } = end);
    talk.end(end.why);
  });
  child.stdin.on('error', () => undefined);
  child.stderr.on('data', (chunk: Buffer) => (words = `${words}${chunk.toString()}`.slice(-keptOfErrors)));

  const splitter = createSplitter(mostLineBytes);
  child.stdout.on('data', (chunk: Buffer) => {
    try {
      for (const line of talk.isOver() ? [] : splitter.add(chunk)) {
        talk.hear(line.toString());
        if (talk.isOver()) return;
      }
    } catch (error) {
      talk.end((error as Error).message);
    }
  });
  try {
    await talk.greeted(signal);
    isGreeted = true;
  } catch (error) {
    // Whoever hears of it may end his process, and nobody else would end this one.
    await ending;
    throw new CarrierDown((error as Error).message, { hint });
  }

  const say = inOneWrite((bytes) => void child.stdin.write(bytes));
  return {
    ended: talk.ended,
    publish: async (parcel) => {
      const { n, answer } = talk.add();
      say([...parcelParts({ n, parcel }), lineEnd]);
      return answer;
    },
    close: async () => {
      talk.end('the bridge was stopped');
      await ending;
    },
  };
}

/** What is said in one turn of the event loop, such as of all that was claimed together, goes out together. */
function inOneWrite(write: (bytes: Uint8Array) => void): (parts: readonly Uint8Array[]) => void {
  let waiting: Uint8Array[] = [];
  let length = 0;
  const go = (): void => {
    const all = waiting;
    waiting = [];
    length = 0;
    if (all.length > 0) write(Buffer.concat(all));
  };
  return (parts) => {
    if (length === 0) setImmediate(go);
    waiting.push(...parts);
    for (const { byteLength } of parts) length += byteLength;
    if (length >= writtenTogether) go();
  };
}

/** Its input ends first: what it is at it finishes. @param restMs how long it may; then it is told to end, and at last killed */
async function endChild(child: Child, exited: Promise<void>, restMs: number): Promise<void> {
  child.stdin.end();
  const timers: NodeJS.Timeout[] = [];
  const after = (ms: number, end: () => void): void => void timers.push(setTimeout(end, ms));
  after(restMs, () => endGroup(child, 'SIGTERM'));
  // What it has put into a group of its own, as a master of ssh does with itself, may hold its output for hours.
  const killed = new Promise<void>((resolve) => {
    after(restMs + graceMs, () => {
      endGroup(child, 'SIGKILL');
      resolve();
    });
  });
  await Promise.race([exited, killed]);
  for (const timer of timers) clearTimeout(timer);
}

function endGroup({ pid }: Child, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    kill(-pid, signal);
  } catch {
    // It has ended.
  }
}

/** Of a `dreamos receive` that has ended with an error: that, and what it says is next. */
function endOf(
  code: number | null,
  killed: NodeJS.Signals | null,
  words: string,
): { readonly why: string; readonly hint?: string } {
  const how = `its command ${killed === null ? `ended with exit ${code}` : `was ended by ${killed}`}`;
  const [, error, next] = /(?:^|\n)Error: ([^\n]+)(?:\n {2}Next: ([^\n]+))?\s*$/.exec(words) ?? [];
  if (error !== undefined)
    return {
      why: `${how}: ${error}`,
      ...(next !== undefined && { hint: `There${next.startsWith('dreamos ') ? ' run' : ':'} ${next}` }),
    };
  const said = words.trim().split('\n').slice(-3).join(' ').trim();
  return { why: `${how}${said === '' ? '' : `: ${said}`}` };
}
