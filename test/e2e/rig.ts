/**
 * The built command as real processes, each test on a temporary root of its own. What a test starts is ended with it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  rmdirSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test as plainTest } from 'vitest';
import { isServed, notServed, servedRoot } from './served.ts';
import { isStored, notStored, storeWords } from './stored.ts';
import { checkRuntime, command, native, noteNode, project, starts } from './runtime.ts';

export { native, project };

/** A line of --json. Which of the fields it really has is what the tests look at. */
export interface Line {
  readonly [field: string]: unknown;
  readonly id: string;
  readonly receipt: string;
  readonly mailbox: string;
  readonly state: string;
  readonly attempt: number;
  readonly leaseUntil: string;
  readonly cursor: string;
  readonly event: string;
  readonly message: { readonly [field: string]: unknown; readonly id: string; readonly body: string };
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
  /** stdout's lines, parsed. @throws when one is not JSON */
  readonly json: readonly Line[];
}

export interface Terms {
  /** What comes in on stdin, before its end; by default nothing. */
  readonly stdin?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** As another user. */
  readonly uid?: number;
  /** What begins it and becomes it, in front of its command line: `ip netns exec host`. */
  readonly within?: readonly string[];
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** The whole lines that have come on stdout. */
  readonly lines: () => string[];
  readonly err: () => string;
  kill(signal: NodeJS.Signals): Promise<Ended>;
}

export type Words = string | readonly string[];

/** A folder of a project with a root in it. */
export interface Rig {
  readonly dir: string;
  readonly root: string;
  /** Runs `dreamos <words>` to its end; a string is split at spaces. */
  dreamos(words: Words, terms?: Terms): Promise<Ended>;
  start(words: Words, terms?: Terms): Running;
  /** Runs a bash script that finds `dreamos`; it is ended together with what it started. */
  shell(script: string, terms?: Terms): Promise<Ended>;
  startShell(script: string, terms?: Terms): Running;
  /** A script of workers/, in a process of its own, that gets `input` as JSON. */
  worker(name: string, input: object): Running;
  /** Sends and hands back the id. */
  sent(words: Words, terms?: Terms): Promise<string>;
  /** The mailbox's folder. */
  box(agent: string): string;
}

export const test = plainTest.extend<{ rig: Rig; bare: Rig }>({
  /** With the agents planner and reviewer. */
  rig: ({ task, skip }, use) =>
    withRig(task.name, async (rig) => {
      if (isServed && task.name in notServed) skip(notServed[task.name]);
      if (isStored && task.name in notStored) skip(notStored[task.name]);
      if (native) expect((await rig.dreamos('--version --json')).json[0]).toMatchObject({ runtime: 'native' });
      expect(await rig.dreamos('init planner reviewer --quiet')).toMatchObject({ code: 0, err: '' });
      await use(rig);
    }),
  /** Without a root. */
  bare: ({ task }, use) => withRig(task.name, use),
});

async function withRig(purpose: string, work: (rig: Rig) => Promise<void>): Promise<void> {
  const rig = createRig(purpose);
  try {
    await work(rig);
  } finally {
    await rig.close();
  }
}

function createRig(purpose: string): Rig & { close(): Promise<void> } {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'dreamos-e2e-')));
  mkdirSync(join(dir, 'bin'));
  symlinkSync(command, join(dir, 'bin', 'dreamos'));
  // Beside it, because tests look at all that is in it.
  const log = `${dir}.log`;
  const noted = noteNode(join(dir, 'bin', 'in-node.cjs'), log);
  const served = servedRoot(dir);
  const running = new Set<{ group: boolean; child: ChildProcess; ended: Promise<Ended> }>();

  const launch = (program: string, args: readonly string[], terms: Terms, group = false): Running => {
    const [file = '', ...words] = [...(terms.within ?? []), program, ...args];
    const child = spawn(file, words, {
      cwd: terms.cwd ?? dir,
      env: environment(dir, { ...noted, ...terms.env }),
      detached: group,
      stdio: 'pipe',
      ...(terms.uid === undefined ? {} : { uid: terms.uid, gid: terms.uid }),
    });
    const one = follow(child, args);
    const known = { group, child, ended: one.ended };
    running.add(known);
    void one.ended.then(() => {
      // What it has left behind keeps the group's number; else the next one may have it that begins.
      if (!group || !isThere(child.pid)) running.delete(known);
    });
    // It may be gone before it has read everything, which is its business.
    child.stdin.on('error', () => undefined);
    child.stdin.end(terms.stdin ?? '');
    return one;
  };
  const start = (words: Words, terms: Terms = {}): Running => {
    const own = split(words);
    const [file = '', ...before] = starts;
    const one = launch(file, [...before, ...own], { ...terms, env: { ...served.env(own, terms), ...terms.env } });
    const ended = one.ended.then((end) => {
      // Another user can write no note.
      if (terms.env?.['DREAMOS_RUNTIME'] !== 'node' && terms.uid === undefined)
        checkRuntime(log, one.child.pid, own, end);
      return end;
    });
    return { ...one, ended };
  };
  const startShell = (script: string, terms: Terms = {}) =>
    launch('bash', ['-c', script], { ...terms, env: { ...served.env([], terms), ...terms.env } }, true);
  const dreamos = async (words: Words, terms: Terms = {}) => {
    const own = split(words);
    const ended = await start([...own, ...(await storeWords(own))], terms).ended;
    await served.begin();
    return ended;
  };

  return {
    dir,
    root: join(dir, 'runtime', 'agent_comms'),
    dreamos,
    start,
    shell: (script, terms) => startShell(script, terms).ended,
    startShell,
    worker: (name, input) =>
      launch(process.execPath, [join(project, 'test/e2e/workers', name), JSON.stringify(input)], {}),
    sent: async (words, terms) => {
      const result = await dreamos(words, terms);
      expect(result, 'a send that should succeed').toMatchObject({ code: 0 });
      return result.out.trim();
    },
    box: (agent) => join(dir, 'runtime', 'agent_comms', 'agent_mailboxes', agent),
    async close() {
      for (const { group, child } of running) {
        try {
          if (group && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
          else child.kill('SIGKILL');
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
        }
      }
      await Promise.all([...running].map(({ ended }) => ended));
      await served.close();
      try {
        rmSync(log, { force: true });
        rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
      } catch (cause) {
        throw new Error(`the root of "${purpose}" could not be removed`, { cause });
      }
    },
  };
}

function isThere(group: number | undefined): boolean {
  try {
    return group !== undefined && process.kill(-group, 0);
  } catch {
    return false;
  }
}

// Nothing of the caller's that dreamos looks at, and no cache in the caller's home.
function environment(dir: string, more: Terms['env'] = {}): Record<string, string> {
  const env: Record<string, string | undefined> = {
    PATH: `${join(dir, 'bin')}:${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
    HOME: dir,
    LANG: 'C.UTF-8',
    TERM: 'xterm-256color',
    XDG_CACHE_HOME: join(project, 'node_modules', '.cache', 'dreamos-e2e'),
    ...more,
  };
  return Object.fromEntries(Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined));
}

function follow(child: ChildProcess, args: readonly string[]): Running {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
  const outText = () => Buffer.concat(out).toString();
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const text = outText();
      resolve({
        code,
        signal,
        out: text,
        err: Buffer.concat(err).toString(),
        get json() {
          return parseLines(text, args);
        },
      });
    });
  });
  return {
    child,
    ended,
    lines: () => outText().split('\n').slice(0, -1),
    err: () => Buffer.concat(err).toString(),
    kill: async (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}

/** As if what an agent has finished had been finished so many days earlier. */
export function agedArchive(rig: Rig, agent: string, days: number): void {
  const archive = join(rig.box(agent), 'archive');
  for (const day of readdirSync(archive).filter((name) => /^\d{4}-\d\d-\d\d$/.test(name))) {
    for (const name of readdirSync(join(archive, day))) {
      const time = Number(name.slice(1, 14)) - days * 86_400_000;
      const older = join(archive, new Date(time).toISOString().slice(0, 10));
      mkdirSync(older, { recursive: true, mode: 0o700 });
      renameSync(join(archive, day, name), join(older, `k${String(time).padStart(13, '0')}${name.slice(14)}`));
    }
    rmdirSync(join(archive, day));
  }
}

export function parseLines(text: string, from: readonly string[] = []): Line[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      try {
        return JSON.parse(line) as Line;
      } catch (cause) {
        throw new Error(`not a line of JSON from "${from.slice(1).join(' ')}": ${line}`, { cause });
      }
    });
}

function split(words: Words): readonly string[] {
  return typeof words === 'string' ? words.split(' ').filter(Boolean) : words;
}

/** Looks again and again until there is something; the deadline is for a loaded machine, not what is expected. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  withinMs = 40_000,
): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`${what}: not within ${withinMs} ms`);
    await pause(10);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Until the process has used no processor time for a while: then it waits. Linux tells it in /proc. */
export async function idle({ child }: Running): Promise<void> {
  let before = '';
  await until('the process waits', async () => {
    await pause(150);
    const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(' ');
    const now = fields.slice(13, 15).join(' ');
    // On a loaded machine one that would run waits for its turn, too; it does not sleep.
    const same = now === before && !now.startsWith('0 0') && fields[2] === 'S';
    before = now;
    return same;
  });
}

/** Everything below a folder, with kind, mode and content: two equal listings mean that nothing was written. */
export function tree(dir: string): string[] {
  const lines: string[] = [];
  const walk = (path: string) => {
    const stat = lstatSync(path);
    const mode = (stat.mode & 0o7777).toString(8);
    const name = path.slice(dir.length);
    if (stat.isSymbolicLink()) lines.push(`${name} -> ${readlinkSync(path)}`);
    else if (stat.isDirectory()) {
      lines.push(`${name}/ ${mode}`);
      for (const child of readdirSync(path).sort()) walk(join(path, child));
    } else lines.push(`${name} ${mode} ${stat.size} ${contentOf(path, stat.size)}`);
  };
  walk(dir);
  return lines;
}

function contentOf(path: string, bytes: number): string {
  return bytes > 10_000_000 ? 'large' : createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16);
}

/** The files (no folders) below a folder, by their path in it; none when the folder is not there. */
export function filesIn(dir: string): string[] {
  const found: string[] = [];
  const walk = (path: string) => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const inside = join(path, entry.name);
      if (entry.isDirectory()) walk(inside);
      else found.push(inside.slice(dir.length + 1));
    }
  };
  walk(dir);
  return found.sort();
}

/** The commands that a help lists; without the `help` that each group has. */
export function commandsIn(help: string): string[] {
  const [, list = ''] = help.split('\nCommands:\n');
  const names =
    list
      .split('\n\n')[0]
      ?.match(/^ {2}[a-z]+/gm)
      ?.map((name) => name.trim()) ?? [];
  return help.startsWith('Usage: dreamos [options]') ? names : names.filter((name) => name !== 'help');
}

export interface Refusal {
  readonly exit: number;
  readonly code: string;
  /** What the sentence has to name. */
  readonly names: string | RegExp;
  /** What the hint has to offer; every refusal has one. */
  readonly next: string | RegExp;
}

/** An error as --json tells it: the exit code, one line with a sentence that names the thing, and the next step. */
export function expectRefusal(ended: Ended, { exit, code, names, next }: Refusal): void {
  const error = errorOf(ended);
  expect({ exit: ended.code, code: error.code, out: ended.out }, ended.err).toEqual({ exit, code, out: '' });
  expect(error.message).toMatch(names);
  expect(error.message, 'a sentence').toMatch(/^[A-Z"/-].*\.$/s);
  expect(error.hint).toMatch(next);
}

export function errorOf(ended: Ended): { code: string; message: string; hint: string; line?: number } {
  const [error, ...more] = errorsOf(ended);
  if (error === undefined || more.length > 0) throw new Error(`not one error but: ${ended.err}`);
  return error;
}

export function errorsOf({ err }: Ended): { code: string; message: string; hint: string; line?: number }[] {
  return parseLines(err).flatMap((line) => ('error' in line ? [line['error'] as ReturnType<typeof errorOf>] : []));
}
