import { connectRoot } from '../../src/core/remote/connect.ts';
import { PassThrough, Readable, Writable } from 'node:stream';
import { rootOver } from '../../src/core/open-root.ts';
import { registerAgent } from '../../src/core/agents/agents.ts';
import type { Session } from '../../src/core/root/root.ts';
import type { Clock } from '../../src/model/clock.ts';
import { createIds } from '../../src/model/id.ts';
import { run } from '../../src/program/program.ts';
import { createMail } from '../../src/storage/memory/mail.ts';
import { createMemoryStore } from '../../src/storage/memory/store.ts';

export interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** stdout's lines, parsed; without --json none. */
  readonly json: readonly Record<string, unknown>[];
}

export interface Terms {
  /** What comes in on stdin; by default nothing. */
  readonly stdin?: string | Uint8Array | Readable;
  /** stdin has been given to this command alone, and has bytes. */
  readonly spareInput?: boolean;
  /** stdin, stdout and stderr are a terminal. */
  readonly terminal?: boolean;
  readonly screen?: { readonly rows: number; readonly columns: number };
  /** stderr alone is one. */
  readonly errTerminal?: boolean;
  readonly env?: NodeJS.ProcessEnv;
  /** Else a folder that nothing is written into. */
  readonly cwd?: string;
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly signal?: AbortSignal;
  readonly stdout?: Writable;
  /** Called with the root that the command opens. */
  readonly onRoot?: (root: Session) => void;
  /** Called at each write with all that is on stdout so far. */
  readonly onOutput?: (text: string) => void;
  readonly onError?: (text: string) => void;
  /** The process that has this command run. */
  readonly caller?: number;
  /** Of the native program. */
  readonly toNode?: (what: string) => never;
}

/** A root in memory and a way to run command lines on it, each like a process of its own. */
export async function createRig(agents: readonly string[] = ['planner', 'reviewer']) {
  const time = { nowMs: Date.parse('2026-11-20T09:00:00.000Z') };
  const clock: Clock = { now: () => time.nowMs, uptime: () => performance.now() };
  const ids = createIds();
  const mail = createMail();
  const rootFor = (
    env: NodeJS.ProcessEnv,
    warn: (message: string) => void,
    { as, label }: { as?: string | undefined; label?: string | undefined } = {},
  ): Session => {
    const who = { env, warn, ...(label !== undefined && { label }) };
    const store = createMemoryStore({ clock, ids }, mail, { durability: 'full' });
    // A name that no root would take shows what is done with what it says.
    return { ...rootOver(store, { path: '/root', clock, ids }, who), ...(as && { acting: as }) };
  };
  const root = rootFor({}, () => undefined);
  for (const name of agents) await registerAgent(root, { name });

  /** @param line words, split at spaces; a list when a word has one */
  async function dreamos(line: string | readonly string[], terms: Terms = {}): Promise<Result> {
    const words = typeof line === 'string' ? line.split(' ').filter(Boolean) : line;
    const out = collector(terms.onOutput);
    const err = collector(terms.onError);
    const env = terms.env ?? {};
    const isTTY = terms.terminal ?? false;
    const code = await run(words, {
      env,
      cwd: () => terms.cwd ?? '/work',
      stdin: Object.assign(inputOf(terms.stdin), { isTTY }),
      stdout: Object.assign(terms.stdout ?? out.stream, { isTTY }, terms.screen),
      pid: 1,
      caller: async () => terms.caller,
      startAlone: async () => undefined,
      spareInput: async () => terms.spareInput ?? false,
      stderr: Object.assign(err.stream, { isTTY: terms.errTerminal ?? isTTY }),
      signal: terms.signal ?? new AbortController().signal,
      openFile: async (path) => fileOf(terms.files ?? {}, path),
      canRun: async () => true,
      holdExit: () => () => undefined,
      holdTerminal: () => ({ stop: () => undefined, letGo: () => undefined }),
      program: () => '/opt/dreamos/bin/dreamos.cjs',
      version: () => '0.0.0',
      toNode: terms.toNode,
      runtime: () => ({ runtime: 'node', engine: '20.19.0' }),
      openRoot: async ({ as, label, warn = () => undefined } = {}) => {
        const opened = rootFor(env, warn, { as: as ?? env['DREAMOS_AGENT'], label });
        terms.onRoot?.(opened);
        return opened;
      },
      connectRoot,
      initRoot: async ({ agents: names = [], warn = () => undefined }) => {
        const made = [];
        for (const name of names) {
          const { card, created } = await registerAgent(root, { name });
          made.push({ name: card.name, created });
        }
        return { root: rootFor(env, warn), created: false, agents: made };
      },
      restoreRoot: async (_, { warn = () => undefined } = {}) => {
        return { root: rootFor(env, warn), messages: 3, claimed: 1, begunAt: new Date(time.nowMs).toISOString() };
      },
    });
    return {
      code,
      out: out.text(),
      err: err.text(),
      json: words.includes('--json') ? parseLines(out.text()) : [],
    };
  }

  /** Sends one message. @returns its id */
  async function sent(line: string | readonly string[] = 'send reviewer hello --as planner'): Promise<string> {
    const { out } = await dreamos(line);
    return out.trim();
  }

  /** Claims the reviewer's next message. @returns its receipt */
  async function claimed(): Promise<string> {
    const { json } = await dreamos('read reviewer --json');
    return String(json[0]?.['receipt']);
  }

  return { dreamos, root, time, sent, claimed, mail };
}

export type Rig = Awaited<ReturnType<typeof createRig>>;

/** A stream like a pipe whose reader has gone. */
export function closedPipe(): Writable {
  return new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
  });
}

function parseLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

function collector(onText?: (text: string) => void) {
  let text = '';
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString();
      done();
      onText?.(text);
    },
  });
  return { stream, text: () => text };
}

function inputOf(input: Terms['stdin']): Readable {
  if (input instanceof Readable) return input;
  const stream = new PassThrough();
  stream.end(input ?? '');
  return stream;
}

async function* fileOf(files: Readonly<Record<string, string | Uint8Array>>, path: string): AsyncGenerator<Uint8Array> {
  const content = files[path];
  if (content === undefined) throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });
  yield Buffer.from(content);
}

/** Runs a command, and, once it has sent something to the reviewer, `work`. */
export async function meanwhile(
  rig: Rig,
  line: string | readonly string[],
  work: () => Promise<unknown>,
  terms: Terms = {},
): Promise<Result> {
  const running = rig.dreamos(line, terms);
  while ((await rig.root.store.look.counts('reviewer')).ready === 0) {
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
  await work();
  return running;
}
