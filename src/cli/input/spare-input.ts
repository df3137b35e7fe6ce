/**
 * Whether a body that was given as an argument comes by stdin, too: `git diff | dreamos send boss "Please review"`.
 *
 * A stdin that is not meant for this command must not be read: a loop's (`while read`) is the loop's, and what sshd, cron or
 * a service manager hand on is there whether it is wanted or not. It is meant for us when a shell or a script has opened it
 * for us alone: then who opened it has no end to read from, and nobody else has one, but for programs that only hand it on
 * (`timeout`). What cannot be seen (no /proc, another user's process) counts as not meant.
 *
 * It does not wait for what may never come. A shell opens a pipe for one command only where somebody typed `|` or `<`, so
 * while its writer is there, it is a second body. Other programs leave pipes open to which they never write, or hand a JSON
 * object to all that they start (hooks, workers): only text that is there counts, and no such object.
 */
import * as fs from 'node:fs';
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { statFields } from '../../model/basics/process-stat.ts';
import { isShell } from '../../model/basics/shells.ts';

const interpreters = /^(?:node(?:js)?|bun|deno|(?:python|pypy|ruby|perl|php)[\d.]*)$/;
const handOn = /^(?:timeout|time|flock|setsid|strace|ltrace)$/;
// npm sets its title, and what it runs has its stdin.
const npm = /^(?:npm (?:exec|run)|npx|pnpm|yarn)\b/;

/** A program writes right after it has started us, and a command that starts fast may be here before. */
const soonMs = 30;
/** On a busy machine it has not come to that yet: it runs, or waits for a processor. For one that goes on to run there is an end. */
const busyMs = 300;

/** @param pid of this process @param parent of the one that has started it @param age of this process in milliseconds */
export async function spareInput(
  { pid, parent, age }: { readonly pid: number; readonly parent: number; readonly age: () => number },
  stdin: () => Readable,
): Promise<boolean> {
  try {
    const input = fs.readlinkSync('/proc/self/fd/0');
    const ours = [pid];
    let opener = parent;
    for (; handsOn(opener) && opened(`/proc/${opener}/fd/0`) === input; opener = parentOf(opener)) ours.push(opener);
    const program = programOf(opener);
    const inShell = isShell(program);
    if (!inShell && !interpreters.test(program)) return false;
    const isOver = (): boolean => age() >= busyMs || (age() >= soonMs && !runs(opener));
    // A shell closes its own ends once it has started all of a line.
    for (;;) {
      const isBusy = age() < busyMs && runs(opener);
      if (!mayRead(opener, input, inShell)) break;
      if (!isBusy) return false;
      await aMoment();
    }
    if (isReadByOthers(input, ours)) return false;
    const bytes = await bytesThere(stdin, isOver);
    return inShell ? bytes === undefined || bytes.length > 0 : isText(bytes);
  } catch {
    return false;
  }
}

/** The first of a process and those that have started it which is no shell; `undefined`: it cannot be seen. */
export function behindShells(pid: number): number | undefined {
  try {
    let at = pid;
    while (at > 1 && isShell(programOf(at))) at = parentOf(at);
    // Whose parent has gone is the first process's, which runs nothing.
    return at > 1 ? at : undefined;
  } catch {
    return undefined;
  }
}

function handsOn(pid: number): boolean {
  const program = programOf(pid);
  if (handOn.test(program)) return true;
  const words = (): string[] => fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0');
  if (isShell(program)) return isOneCommand(words());
  return program.startsWith('node') && npm.test(words().join(' '));
}

/** `sh -c 'dreamos send …'`, as programs start a line of a shell: there is nobody else in it who could read. */
function isOneCommand([, option, line = '']: readonly string[]): boolean {
  return option === '-c' && !/[;&|<>()`\n]/.test(line);
}

function programOf(pid: number): string {
  return basename(fs.readlinkSync(`/proc/${pid}/exe`));
}

function parentOf(pid: number): number {
  return statOf(pid).parent;
}

function runs(pid: number): boolean {
  return statOf(pid).runs;
}

function statOf(pid: number): ReturnType<typeof statFields> {
  return statFields(fs.readFileSync(`/proc/${pid}/stat`, 'latin1'));
}

/** The two ends of a pipe have one name. Of a shell that holds the other end (`coproc`) nobody knows what it will write. */
function mayRead(pid: number, input: string, inShell: boolean): boolean {
  return fs
    .readdirSync(`/proc/${pid}/fd`)
    .some((fd) => opened(`/proc/${pid}/fd/${fd}`) === input && (inShell || !isForWriting(pid, fd)));
}

function isForWriting(pid: number, fd: string): boolean {
  const flags = /^flags:\s*(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'latin1'))?.[1] ?? '0';
  return (parseInt(flags, 8) & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) === fs.constants.O_WRONLY;
}

function isReadByOthers(input: string, ours: readonly number[]): boolean {
  const others = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name) && !ours.includes(Number(name)));
  return others.some((other) => opened(`/proc/${other}/fd/0`) === input);
}

/** `undefined`: it was closed meanwhile, its process has ended, or it is another user's. */
function opened(fd: string): string | undefined {
  try {
    return fs.readlinkSync(fd);
  } catch {
    return undefined;
  }
}

/** How it begins, none at its end; `undefined`: none until it is over, and somebody may write some. */
async function bytesThere(stdin: () => Readable, isOver: () => boolean): Promise<Buffer | undefined> {
  const stat = fs.fstatSync(0);
  if (stat.isSocket()) return chunkThere(stdin(), isOver);
  // A pipe is opened anew, so as not to wait for it; a file would then begin at its start, and never makes anybody wait.
  const fd = stat.isFile() ? 0 : fs.openSync('/proc/self/fd/0', fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  const bytes = Buffer.alloc(1024);
  for (;;) {
    try {
      return bytes.subarray(0, fs.readSync(fd, bytes));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
    if (isOver()) return undefined;
    await aMoment();
  }
}

/** A socket cannot be opened anew. What has come to it a stream has within a turn of the event loop. */
async function chunkThere(stream: Readable, isOver: () => boolean): Promise<Buffer | undefined> {
  const nothing = Buffer.alloc(0);
  if (stream.readableEnded) return nothing;
  let chunk: Buffer | undefined;
  const told = (): Buffer | undefined => chunk;
  stream.on('error', () => (chunk = nothing));
  stream.once('readable', () => (chunk = (stream.read() as Buffer | null) ?? nothing));
  for (let turn = 0; turn < 2; turn++)
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  while (told() === undefined && !isOver()) await aMoment();
  return told();
}

async function aMoment(): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, 1);
  });
}

function isText(bytes: Buffer | undefined): boolean {
  const text = bytes?.toString().trimStart() ?? '';
  return text !== '' && !text.startsWith('{');
}
