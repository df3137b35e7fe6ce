import type { Readable } from 'node:stream';
import type { VersionJson } from '../contract/system.ts';
import type { initRoot, openRoot, restoreRoot } from '../core/open-root.ts';
import type { connectRoot } from '../core/remote/connect.ts';

/** Where a command's words go: what it needs of a stream. */
export interface Outlet {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  write(text: string | Uint8Array, callback?: (error?: Error | null) => void): unknown;
  /** `resize`: of a terminal */
  on(event: 'error' | 'resize', listener: (error: Error) => void): unknown;
}

/** Everything that a command gets from outside; main.ts hands in the process's, tests hand in their own. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  /** `undefined`: it has been removed. */
  readonly cwd: () => string | undefined;
  readonly stdin: Readable & { readonly isTTY?: boolean | undefined; setRawMode?: (on: boolean) => unknown };
  /** All of stdin, which is taken with it; `undefined`: it is not there yet, or long, and all of it comes by `stdin`. */
  readonly wholeInput?: (() => Uint8Array | undefined) | undefined;
  /** Whether bytes stand on stdin that were meant for this command. It never waits, and takes nothing that is another's. */
  readonly spareInput: () => Promise<boolean>;
  readonly stdout: Outlet;
  readonly stderr: Outlet;
  /** Aborted by Ctrl-C or SIGTERM; the reason is the exit code. */
  readonly signal: AbortSignal;
  /** A file's bytes; an error comes while reading. */
  readonly openFile: (path: string) => Promise<AsyncIterable<Uint8Array>>;
  /** Whether there is a file that may be started as a program. */
  readonly canRun: (path: string) => Promise<boolean>;
  /**
   * Work that goes on after Ctrl-C or SIGTERM: the command is then not ended after some seconds, and a second signal calls
   * `hurry` instead of ending it at once. @returns lets go
   */
  readonly holdExit: (hurry: () => void) => () => void;
  /**
   * Of who has changed the terminal, for as long as he does: `leave` is called right before this process is stopped or ends,
   * whatever ends it but SIGKILL, and `enter` when it goes on. Either may be called twice.
   * @returns stops this process, as Ctrl-Z does; and ends that
   */
  readonly holdTerminal: (leave: () => void, enter: () => void) => { stop(): void; letGo(): void };
  /** Of this process. */
  readonly pid: number;
  /** The process that has this command run, behind the shells between; `undefined`: it cannot be seen. */
  readonly caller: () => Promise<number | undefined>;
  /** Starts this command once more with other words, in a session of its own and without streams; it outlives this one. */
  readonly startAlone: (words: readonly string[]) => Promise<void>;
  /** The path of this command itself, by which it can be run again. */
  readonly program: () => string;
  readonly version: () => string;
  readonly runtime: () => Omit<VersionJson, 'version'>;
  /** Of the native program: begins anew in Node, as if it had been started there. @throws when something was done already */
  readonly toNode?: ((what: string) => never) | undefined;
  /**
   * Of the native program: what it has not done and said after so many milliseconds it leaves, and ends with 0 and nothing said,
   * also when its disk hangs. Node has no such thing.
   */
  readonly endWithin?: ((ms: number) => unknown) | undefined;
  readonly openRoot: typeof openRoot;
  /** Of a root that a server has opened, which DREAMOS_SERVER names. */
  readonly connectRoot: typeof connectRoot;
  readonly initRoot: typeof initRoot;
  readonly restoreRoot: typeof restoreRoot;
}
