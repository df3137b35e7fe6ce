/** A world of an agent's own: a home, a project with a root of dreamos, a tmux server, and nothing of the user's. */
import { execFile } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { isTurn, type Mock, type ModelRequest, startMock } from './mock.ts';
import { type Pane, startTmux, type Tmux } from './tmux.ts';

const top = process.cwd();
const run = promisify(execFile);

export interface World {
  readonly dir: string;
  readonly home: string;
  readonly project: string;
  readonly mock: Mock;
  readonly tmux: Tmux;
  readonly env: Readonly<Record<string, string>>;
  /** Where what each hook is given is kept, if it is. */
  readonly recording: string | undefined;
  write(path: string, text: string | object, mode?: number): void;
  /** Runs a command in the project to its end. */
  sh(command: string, env?: Readonly<Record<string, string>>): Promise<{ code: number; out: string; err: string }>;
  /** Sends a message. @returns when `dreamos send` had returned, and the message's id */
  send(to: string, body: string): Promise<{ at: number; id: string }>;
  /** Turns of the agent's that hold a text, from a request on. */
  turns(text?: string, since?: number): ModelRequest[];
  turn(text: string, ms?: number, since?: number): Promise<ModelRequest>;
  /** Processes that came to be in this world and still run. */
  processes(matching?: RegExp): { pid: number; line: string }[];
  end(): Promise<void>;
}

export async function makeWorld({ record = false } = {}): Promise<World> {
  const dir = mkdtempSync(join(tmpdir(), 'dreamos-agents-'));
  const recording = record ? join(dir, 'recording') : undefined;
  if (recording !== undefined) mkdirSync(recording);
  const [home, project, bin] = ['home', 'project', 'bin'].map((name) => join(dir, name)) as [string, string, string];
  for (const one of [home, project, bin]) mkdirSync(one);
  const built = join(top, 'bin', 'dreamos.cjs');
  if (recording === undefined) symlinkSync(built, join(bin, 'dreamos'));
  else writeFileSync(join(bin, 'dreamos'), recorder(built, recording), { mode: 0o755 });
  // Codex's waiter looks for it there.
  for (const name of ['claude', 'codex', 'gemini', 'opencode'])
    symlinkSync(join(top, 'test', 'agents', 'node_modules', '.bin', name), join(bin, name));
  // Codex runs commands in a login shell, and /etc/profile sets PATH anew.
  writeFileSync(join(home, '.bash_profile'), `PATH=${bin}:$PATH\n`);
  const env = {
    HOME: home,
    PATH: `${bin}:${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
    TERM: 'xterm-256color',
    LANG: 'C.UTF-8',
    SHELL: '/bin/bash',
    DREAMOS_TEST_WORLD: dir,
  };
  const mock = await startMock();
  const tmux = startTmux(dir, project, env);
  const sh: World['sh'] = async (command, more = {}) => {
    try {
      const { stdout, stderr } = await run('/bin/sh', ['-c', command], { cwd: project, env: { ...env, ...more } });
      return { code: 0, out: stdout, err: stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, out: stdout, err: stderr };
    }
  };
  const turns: World['turns'] = (text = '', since = 0) =>
    mock.requests.filter((one) => one.id > since && isTurn(one) && one.text.includes(text));
  const world: World = {
    dir,
    home,
    project,
    mock,
    tmux,
    env,
    recording,
    write(path, text, mode) {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), typeof text === 'string' ? text : `${JSON.stringify(text, null, 2)}\n`);
      if (mode !== undefined) chmodSync(join(dir, path), mode);
    },
    sh,
    async send(to, body) {
      const { code, out, err } = await sh(`dreamos send ${to} "${body}" --as planner`);
      if (code !== 0) throw new Error(`send: ${err}`);
      return { at: Date.now(), id: out.trim() };
    },
    turns,
    turn: (text, ms = 20_000, since = 0) => until(`a turn with ${text}`, () => turns(text, since)[0], ms),
    processes: (matching = /./) => processesOf(dir).filter(({ line }) => matching.test(line)),
    async end() {
      await tmux.end();
      // What is left of it, by id: a daemon of Codex's outlives its terminal.
      for (let round = 0; round < 50 && processesOf(dir).length > 0; round++) {
        for (const { pid } of processesOf(dir)) signal(pid, round < 20 ? 'SIGTERM' : 'SIGKILL');
        await sleep(100);
      }
      await mock.close();
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  const made = await sh('git init -q . && dreamos init planner reviewer builder >/dev/null');
  if (made.code !== 0) throw new Error(made.err);
  return world;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

export async function until<T>(what: string, look: () => T | undefined | false, ms = 20_000): Promise<T> {
  const begun = Date.now();
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() - begun > ms) throw new Error(`${what} did not come in ${ms} ms`);
    await sleep(20);
  }
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile.
  }
}

export async function screenShows(pane: Pane, text: RegExp, ms = 120_000): Promise<string> {
  const begun = Date.now();
  for (;;) {
    const screen = await pane.screen();
    if (text.test(screen)) return screen;
    if (Date.now() - begun > ms) throw new Error(`the screen does not show ${text}:\n${screen}`);
    await sleep(150);
  }
}

function processesOf(dir: string): { pid: number; line: string }[] {
  const mark = `DREAMOS_TEST_WORLD=${dir}\0`;
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    try {
      if (!readFileSync(`/proc/${name}/environ`, 'latin1').includes(mark)) return [];
      const line = readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ').trim();
      // One without a command line has ended, and its parent has not asked yet.
      return line === '' ? [] : [{ pid, line }];
    } catch {
      return [];
    }
  });
}

/** In dreamos's place: keeps what a hook is given, and what among its surroundings tells of the agent. */
function recorder(built: string, folder: string): string {
  return `#!/bin/sh
if [ "$1" = hook ] && [ "$2" != bind ]; then
  at=$(mktemp ${folder}/${'X'.repeat(10)})
  env | grep -E '^(CLAUDE|CODEX|GEMINI|OPENCODE)' >"$at.env"
  echo "$*" >"$at.words"
  cat >"$at.said"
  exec ${built} "$@" <"$at.said"
fi
exec ${built} "$@"
`;
}
