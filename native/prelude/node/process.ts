import * as host from 'dreamos:host';
import { EventEmitter } from './events.ts';
import { heard } from '../loop.ts';
import { HostReader, HostWriter } from '../stream.ts';
import { done } from '../system-error.ts';
import * as crypto from './crypto.ts';

// They have these numbers on Linux and on macOS; what differs is not heard.
const signals: Record<string, number> = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 };
if (host.platform === 'linux') signals['SIGUSR1'] = 10;

/** Of this process: looked up when it begins, for what is prepared before that is the same in every one. */
let ids: readonly [pid: number, ppid: number, uid: number, euid: number] = [0, 0, 0, 0];
let started = 0;
let surroundings: Record<string, string> | undefined;
let output: HostWriter | undefined;
let errors: HostWriter | undefined;
let input: HostReader | undefined;

class HostProcess extends EventEmitter {
  readonly platform = host.platform;
  readonly arch = host.arch;
  readonly execPath = '/proc/self/exe';
  readonly execArgv: readonly string[] = [];
  /** What it behaves like; and what it is. */
  readonly version = 'v20.19.0';
  readonly versions = { node: '20.19.0', quickjs: host.engine };
  argv: readonly string[] = [];
  exitCode: number | undefined;
  #ending = false;

  /** Of all that is prepared before, nothing may depend on the machine or the moment. */
  begin(): void {
    ids = host.ids();
    [pid] = ids;
    started = host.uptime();
    this.argv = ['dreamos', 'dreamos', ...host.argv()];
  }

  get pid(): number {
    return ids[0];
  }

  get ppid(): number {
    return ids[1];
  }

  get env(): Record<string, string> {
    return (surroundings ??= host.environment());
  }

  get stdout(): HostWriter {
    return (output ??= new HostWriter(1));
  }

  get stderr(): HostWriter {
    return (errors ??= new HostWriter(2));
  }

  get stdin(): HostReader {
    return (input ??= new HostReader(() => 0, host.isTerminal(0)));
  }

  override on(event: string | symbol, listener: (...given: never[]) => void): this {
    const number = signals[event as string];
    if (number !== undefined && !heard.has(number)) {
      done(host.hearSignal(number), 'uv_signal_start');
      heard.set(number, () => this.emit(event, event));
    }
    return super.on(event, listener);
  }

  cwd(): string {
    return cwd();
  }

  getuid(): number {
    return ids[2];
  }

  geteuid(): number {
    return ids[3];
  }

  /** Seconds since it has started. */
  uptime(): number {
    return (host.uptime() - started) / 1000;
  }

  umask(): number {
    return host.umask();
  }

  hrtime(): [number, number] {
    return hrtime();
  }

  kill(pid: number, signal: string | number = 'SIGTERM'): true {
    return kill(pid, signal);
  }

  emitWarning(): void {}

  nextTick(work: (...given: unknown[]) => void, ...given: unknown[]): void {
    void Promise.resolve().then(() => work(...given));
  }

  getBuiltinModule(name: string): unknown {
    return getBuiltinModule(name);
  }

  /** What src/main.ts knows the host by. */
  readonly toNode = host.toNode;
  readonly endWithin = host.endWithin;

  exit(code?: number): never {
    if (code !== undefined) this.exitCode = code;
    if (!this.#ending) {
      this.#ending = true;
      this.emit('exit', this.exitCode ?? 0);
    }
    return host.exit(this.exitCode ?? 0);
  }
}

export const hostProcess = new HostProcess();
export { hostProcess as default };
export const { platform } = hostProcess;
export let pid = 0;

export function cwd(): string {
  return done(host.cwd(), 'getcwd');
}

export function geteuid(): number {
  return ids[3];
}

export function hrtime(): [number, number] {
  const ms = host.uptime();
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.floor((ms - seconds * 1000) * 1e6)];
}

/** @throws as Node: ESRCH for nobody, EPERM for another user's */
export function kill(of: number, signal: string | number = 'SIGTERM'): true {
  const number = typeof signal === 'number' ? signal : signals[signal];
  if (number === undefined) throw new TypeError(`Unknown signal: ${signal}`);
  done(host.kill(of, number), 'kill');
  return true;
}

export function getBuiltinModule(name: string): typeof crypto | undefined {
  if (name === 'node:crypto') return crypto;
  // Of source maps, which are asked for where it is too late for Node: there are none.
  if (name === 'node:module') return undefined;
  return host.toNode(name);
}
