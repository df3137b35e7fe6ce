import type { Context } from './context.ts';
import { harmless } from './harmless.ts';

/** What takes longer than this looks like hanging. */
const patienceMs = 250;

/**
 * Says once, to a person at a terminal, what a command waits for, if it does not come right away.
 * @param what goes on from "Waiting for"
 */
export async function whileWaiting<T>(context: Context, what: string, wait: () => Promise<T>): Promise<T> {
  const stop = sayWaiting(context, what);
  try {
    return await wait();
  } finally {
    stop();
  }
}

/** The same of what may also be asked for at once: without a time to wait nothing is said. */
export function upTo<T>(waitMs: number | undefined, context: Context, what: string, ask: () => Promise<T>): Promise<T> {
  return waitMs ? whileWaiting(context, what, ask) : ask();
}

/** @returns to be called once it has come, or waiting is over */
export function sayWaiting({ around, output }: Context, what: string): () => void {
  const timer = setTimeout(() => {
    if (around.stderr.isTTY === true) void output.note(`Waiting for ${harmless(what)}, Ctrl-C ends it.`);
  }, patienceMs);
  return () => clearTimeout(timer);
}
