/** Looks for secrets by a command of the user's: it reads the text, and says by its exit code whether one is in it. */
import { spawn } from 'node:child_process';
import { DreamosError } from '../../model/errors.ts';
import type { Found } from './found.ts';

// A start of a program for each message: of many at once no more run than that.
const mostAtOnce = 4;
const mostMs = 10_000;

let running = 0;
const waiting: (() => void)[] = [];

/**
 * Exit 0: there is none. What the command prints goes nowhere, because it may print what it has found.
 * @param command its words; no shell is between
 * @throws CONFIG_INVALID: it cannot be started, was ended by a signal, takes longer than 10 s, or says that it did not look
 */
export async function lookByCommand(command: readonly string[], text: string): Promise<Found[]> {
  if (running >= mostAtOnce) await new Promise<void>((resolve) => waiting.push(resolve));
  running++;
  try {
    const [name = ''] = command;
    const code = await runOn(command, text);
    return code === 0 ? [] : [{ what: `${JSON.stringify(name)} ends with exit code ${code}` }];
  } finally {
    running--;
    waiting.shift()?.();
  }
}

function runOn([file = '', ...words]: readonly string[], text: string): Promise<number> {
  const child = spawn(file, words, { stdio: ['pipe', 'ignore', 'ignore'], timeout: mostMs, killSignal: 'SIGKILL' });
  // It need not read to the end.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(text);
  return new Promise((resolve, reject) => {
    const didNotLook = (why: string, cause?: unknown): void => {
      const message = `The command ${JSON.stringify(file)} of the setting secretScanner did not look for secrets: ${why}.`;
      const hint = 'Look whether it runs here; which it is: dreamos config get secretScanner';
      reject(new DreamosError('invalid', 'CONFIG_INVALID', message, { hint, cause }));
    };
    child.on('error', (error: NodeJS.ErrnoException) =>
      didNotLook(error.code === 'ENOENT' ? 'there is no such command here' : error.message, error),
    );
    child.on('exit', (code, signal) => {
      if (code === null) didNotLook(`it was ended by ${signal ?? 'a signal'}, at the latest after ${mostMs / 1000} s`);
      // By these a shell says that there is no such command.
      else if (code === 126 || code === 127) didNotLook(`it ended with exit code ${code}`);
      else resolve(code);
    });
  });
}
