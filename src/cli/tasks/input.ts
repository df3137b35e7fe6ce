import type { Context } from '../context.ts';
import { chunksOf, readText } from '../input/body.ts';
import { durationIn } from '../../model/duration.ts';
import type { DreamosError } from '../../model/errors.ts';
import { parseTime } from '../../model/clock.ts';
import { usage } from '../../model/refusals.ts';
import { type TaskState, taskStates } from '../../model/state.ts';
import { oneOf } from '../input/parse.ts';

interface Words {
  /** What they are, as it is told: `body`. */
  readonly what: string;
  readonly text?: string | undefined;
  readonly file?: string | undefined;
  /** The standard input is for something else. */
  readonly taken?: boolean;
}

/**
 * Words that need not be there: of an option, a file, or the standard input where that is said or somebody has piped it in.
 * Without either, what the standard input may be is left alone: it is the loop's or the tool's that runs this.
 */
export async function wordsOption(context: Context, words: Words): Promise<string | undefined> {
  const { what, text, file, taken = false } = words;
  if (text !== undefined && file !== undefined)
    throw usage(`The ${what} is given twice: with --${what} and with --${what}-file.`, 'Leave out one of them.');
  const asked = text ?? file;
  if (asked !== '-') {
    const spare = !taken && (await context.around.spareInput());
    if (spare && asked !== undefined)
      throw usage(`The ${what} is given twice: with an option and by the standard input.`, 'Leave out one of them.');
    if (file !== undefined) return readText(await context.openFile(file), file, context.signal);
    if (!spare) return text;
  }
  if (taken)
    throw usage(
      `The ${what} and the data cannot both come from the standard input.`,
      `Give one of them with --${what}-file <file> or --data @<file>`,
    );
  const chunks = chunksOf(context);
  if (chunks === undefined)
    throw usage(
      `The ${what} is to come from the standard input, which is a terminal.`,
      `Pipe it in, or name a file: --${what}-file <file>`,
    );
  return readText(chunks, undefined, context.signal);
}

/** `a,b`, said once or several times. */
export function listOption(texts: readonly string[] | undefined): string[] | undefined {
  return texts?.flatMap((text) => text.split(',').map((one) => one.trim())).filter((one) => one !== '');
}

/** A time, or how long from now. @returns milliseconds since 1970 */
export function deadlineOption(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const from = durationIn(text);
  if (from !== undefined) return nowMs + from;
  try {
    return parseTime(text, '--deadline', nowMs);
  } catch (error) {
    const { message, hint } = error as DreamosError;
    throw usage(message, hint?.replace(/^Write /, 'Write how long from now, 2h, or '));
  }
}

/** `ready`, `ready,failed`, or `all`. */
export function taskStatesOption(text: string | undefined): TaskState[] | undefined {
  if (text === undefined) return undefined;
  if (text === 'all') return [...taskStates];
  return text.split(',').map((word) => oneOf(word, taskStates, 'state of a task'));
}
