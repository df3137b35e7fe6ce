import { spawn } from 'node:child_process';

/** Starts a program that outlives this one, in a session of its own and without streams. */
export function startAlone(file: string, words: readonly string[]): void {
  spawn(file, words, { detached: true, stdio: 'ignore' }).unref();
}

/**
 * Runs a program without streams, and kills it after so many milliseconds, if that is said.
 * @returns its exit code; `null`: a signal has ended it @throws ENOENT and its like
 */
export async function runToEnd(file: string, words: readonly string[], mostMs?: number): Promise<number | null> {
  const child = spawn(file, words, { stdio: 'ignore', timeout: mostMs, killSignal: 'SIGKILL' });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', resolve);
  });
}

/** What a program that takes no input has printed, as text. @throws ENOENT and its like */
export async function runToRead(
  file: string,
  words: readonly string[],
): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(file, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}
