/**
 * The command's entry, and the only file that touches `process`: what the program gets from its surroundings is handed
 * in here, so that all else can be tested in-process.
 */
import { run } from './program/program.ts';
import { currentFolder } from './model/basics/current-folder.ts';
import type { Surroundings } from './cli/surroundings.ts';
import { mayBringBytes, standardStream, wholeInput } from './cli/standard-stream.ts';

/** Put in by the build. */
declare const DREAMOS_VERSION: string;

/** What the native program's has besides. */
type HostProcess = Pick<Surroundings, 'toNode' | 'endWithin'>;

const isNative = (process as HostProcess).toNode !== undefined;
const interrupt = new AbortController();
// A command that does not come back by itself after Ctrl-C is ended after this long.
const patienceMs = 3000;
/** Work that goes on after the first signal, and what a second one does to it. */
const holds = new Set<() => void>();

// Node makes an ignored SIGHUP one that ends it (PlatformInit in src/node.cc), so nohup is known by what shells tell alone.
const underNohup = /(?:^|\/)nohup$/.test(process.env['_'] ?? '');

for (const [signal, code] of [
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGQUIT', 131],
  ['SIGTERM', 143],
] as const) {
  process.on(signal, () => {
    if (signal === 'SIGHUP' && underNohup) return;
    if (signal === 'SIGINT' || signal === 'SIGQUIT') endEchoedLine();
    if (!interrupt.signal.aborted) {
      interrupt.abort(code);
      endSoon();
    } else if (holds.size === 0) {
      process.exit(code);
    } else {
      for (const hurry of holds) hurry();
      holds.clear();
      endSoon();
    }
  });
}

// Node would open an inspector, through which anybody on this machine could run code in a worker.
process.on('SIGUSR1', () => undefined);

/** The terminal has written ^C where its cursor was, and what comes next begins a line. */
function endEchoedLine(): void {
  const terminal = [stderr, stdout].find(({ isTTY }) => isTTY);
  terminal?.write('\n');
}

function endSoon(): void {
  const code = interrupt.signal.reason as number;
  setTimeout(() => holds.size > 0 || process.exit(code), patienceMs).unref();
}

// What takes a millisecond to set up is only set up when it is asked for: `ack` in a pipeline needs no stdin. No top-level
// await: the command is built as CommonJS, which starts faster. run() never rejects; should it, Node says so and exits
// with 1, a bug.
const stdout = standardStream(1, () => process.stdout);
const stderr = standardStream(2, () => process.stderr);
void run(process.argv.slice(2), {
  env: process.env,
  cwd: () => currentFolder(() => process.cwd()),
  get stdin() {
    return process.stdin;
  },
  // The native program's stdin costs nothing, and goes to Node unread.
  wholeInput: isNative ? undefined : () => wholeInput((bytes) => process.stdin.unshift(bytes)),
  spareInput: async () =>
    mayBringBytes(0) &&
    (await import('./cli/input/spare-input.ts')).spareInput(
      { pid: process.pid, parent: process.ppid, age: () => process.uptime() * 1000 },
      () => process.stdin,
    ),
  stdout,
  stderr,
  signal: interrupt.signal,
  openFile: async (path) => (await import('./cli/input/open-file.ts')).bytesOfFile(path, interrupt.signal),
  canRun: async (path) => {
    const { access, constants, stat } = await import('node:fs/promises');
    const found = await stat(path).catch(() => undefined);
    return (
      found?.isFile() === true &&
      (await access(path, constants.X_OK).then(
        () => true,
        () => false,
      ))
    );
  },
  holdExit: (hurry) => {
    holds.add(hurry);
    return () => {
      if (holds.delete(hurry) && interrupt.signal.aborted) endSoon();
    };
  },
  holdTerminal: (leave, enter) => {
    const stop = (): void => {
      leave();
      // All of the job, as the terminal does it, and by the default of the signal: this call returns when it goes on.
      process.off('SIGTSTP', stop);
      process.kill(0, 'SIGTSTP');
      setTimeout(goOn, 50);
    };
    const goOn = (): void => {
      if (!process.listeners('SIGTSTP').includes(stop)) process.on('SIGTSTP', stop);
      enter();
    };
    process.on('SIGTSTP', stop).on('SIGCONT', goOn).on('exit', leave);
    const letGo = (): void => void process.off('SIGTSTP', stop).off('SIGCONT', goOn).off('exit', leave);
    return { stop, letGo };
  },
  pid: process.pid,
  caller: async () => (await import('./cli/input/spare-input.ts')).behindShells(process.ppid),
  startAlone: async (words) => {
    const { startAlone } = await import('./cli/handler/start.ts');
    startAlone(process.execPath, [process.argv[1] ?? '', ...words]);
  },
  program: () => process.argv[1] ?? 'dreamos',
  version: () => DREAMOS_VERSION,
  runtime: () => {
    const { node, quickjs } = process.versions;
    return quickjs === undefined ? { runtime: 'node', engine: node } : { runtime: 'native', engine: quickjs };
  },
  toNode: (process as HostProcess).toNode,
  endWithin: (process as HostProcess).endWithin,
  openRoot: async (options) => (await import('./core/open-root.ts')).openRoot(options),
  connectRoot: async (server, options) => (await import('./core/remote/connect.ts')).connectRoot(server, options),
  initRoot: async (options) => (await import('./core/open-root.ts')).initRoot(options),
  restoreRoot: async (file, options) => (await import('./core/open-root.ts')).restoreRoot(file, options),
}).then(async (code) => {
  process.exitCode = code;
  // chokidar's throttle leaves timers of a second behind, and `read --wait` that has its message would sit them out. So
  // exit(), but not before what is still on its way into a pipe has been written.
  await Promise.all([stdout.flush(), stderr.flush()]);
  process.exit();
});
