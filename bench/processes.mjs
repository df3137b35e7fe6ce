// Everything that a benchmark starts ends with it.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const project = join(import.meta.dirname, '..');
export const command = join(project, 'bin', 'dreamos.cjs');
const native = join(project, 'dist', 'native', 'dreamos');
const running = new Set();

process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143 }))
  process.on(signal, () => process.exit(code));

/** Starts a process; `child.ended` resolves to its exit code, and rejects when it cannot be started. */
export function start(file, args, options = {}) {
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'], ...options });
  running.add(child);
  child.ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code));
  }).finally(() => running.delete(child));
  // Who awaits `ended` learns of it all the same.
  child.ended.catch(() => undefined);
  return child;
}

export async function stop(child) {
  child.kill('SIGTERM');
  await child.ended.catch(() => undefined);
}

/** The program of `npm run build:native`; `undefined`: it is not built. */
export function nativeCommand() {
  return existsSync(native) ? native : undefined;
}

/** `runProgram` of this Node. */
export function runNode(args, options) {
  return runProgram(process.execPath, args, options);
}

/**
 * Runs a program to its end.
 * @param options.stdin 'pipe': its standard input is a socket, which says nothing
 * @param options.clock 'cpu': `ms` is its processor time, to a millisecond (bash tells it); else the wall's
 * @throws unless it ends with `exit`
 */
export function runProgram(
  program,
  args,
  { exit = 0, env = process.env, input, stdin = 'ignore', clock = 'wall' } = {},
) {
  const timed = clock === 'cpu' ? ['bash', '-c', 'TIMEFORMAT="%U %S"; time "$0" "$@"'] : [];
  const [file, ...rest] = [...timed, program, ...args];
  const begun = performance.now();
  const { status, stdout, stderr, error } = spawnSync(file, rest, {
    env,
    input,
    stdio: [input === undefined ? stdin : 'pipe', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  const wallMs = performance.now() - begun;
  if (error) throw error;
  if (status !== exit)
    throw new Error(`${program} ${args.join(' ').slice(0, 200)} ended with ${status}, not ${exit}.\n${stderr}`);
  return { ms: clock === 'cpu' ? cpuMs(stderr) : wallMs, stdout };
}

function cpuMs(stderr) {
  const [user, system] = stderr.trim().split('\n').at(-1).split(' ');
  return (Number(user) + Number(system)) * 1000;
}

/** What a process that does nothing costs; figures on Linux alone. */
export async function measureIdle(pid, seconds, progress) {
  if (process.platform !== 'linux') return { seconds };
  progress(`idle for ${seconds} s`);
  await pause(seconds >= 10 ? 3000 : 300);
  const before = cpuNanoseconds(pid);
  await pause(seconds * 1000);
  const cpuPercent = ((cpuNanoseconds(pid) - before) / (seconds * 1e9)) * 100;
  const residentKb = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1];
  return { seconds, cpuPercent, residentMb: Number(residentKb) / 1024 };
}

/** Of all its threads; finer than the 10 ms of /proc/<pid>/stat. */
export function cpuNanoseconds(pid) {
  return readdirSync(`/proc/${pid}/task`)
    .map((task) => Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]))
    .reduce((sum, ns) => sum + ns, 0);
}

/**
 * The surroundings of one-shot commands: no agent or root from outside, a code cache of our own, and nothing that makes
 * every start of Node slower and so hides what ours takes: NODE_EXTRA_CA_CERTS adds 45 ms with Node 20.
 */
export function cleanEnv(folder) {
  const {
    DREAMOS_ROOT: _root,
    DREAMOS_AGENT: _agent,
    NODE_EXTRA_CA_CERTS: _certificates,
    NODE_OPTIONS: _options,
    ...env
  } = process.env;
  return { ...env, XDG_CACHE_HOME: join(folder, 'cache') };
}
