import { DreamosError } from '../../model/errors.ts';
import { usage } from '../../model/refusals.ts';
import { hardMaxMessageBytes } from '../../model/basics/limits.ts';
import type { Context } from '../context.ts';
import { Interrupted } from '../errors.ts';
import { whileWaiting } from '../waiting.ts';
import { untilAborted } from './until-aborted.ts';

export interface BodyOptions {
  bodyFile?: string;
  allowEmpty?: boolean;
}

/** As they were typed: a text or `-`, and a `-` behind a text. */
export type BodyWords = readonly [body: string | undefined, input: string | undefined];

/**
 * The words of a message: the argument, `--body-file`, or stdin when the argument is `-` or missing; both, when a `-`
 * stands behind the argument. Bytes are kept as they are, line ends included. Reading stops behind what any recipient can take; each one's own limit is checked later.
 * @throws BODY_NOT_TEXT, MESSAGE_TOO_LARGE; usage when stdin is a terminal, where waiting would look like hanging, or when
 * the body is given twice
 */
export async function readBody(context: Context, [body, input]: BodyWords, options: BodyOptions): Promise<string> {
  const { bodyFile, allowEmpty } = options;
  await beforeInput(context);
  if (body !== undefined && bodyFile !== undefined)
    throw usage('The body is given twice: as an argument and with --body-file.', 'Leave out one of them.');
  if (body === '-' && input !== undefined)
    throw usage('The standard input is given twice, as -.', 'Leave out one of them.');
  if (body !== undefined && input !== undefined) {
    const more = await readBody(context, [input, undefined], options);
    return [body, more].filter(Boolean).join('\n');
  }
  if (body !== undefined && body !== '-') {
    await refuseSpareInput(context, 'as an argument');
    return body;
  }
  if (bodyFile !== undefined && bodyFile !== '-') {
    await refuseSpareInput(context, 'with --body-file');
    return readText(await context.openFile(bodyFile), bodyFile, context.signal);
  }
  const chunks = chunksOf(context);
  if (chunks === undefined) {
    if (allowEmpty && body === undefined && bodyFile === undefined) return '';
    throw usage(
      'There is no body, and the standard input is a terminal.',
      'Give the body as an argument, pipe it in, or name a file with --body-file <file>.',
    );
  }
  return whileWaiting(context, 'the body on the standard input', () => readText(chunks, undefined, context.signal));
}

/** To be called before stdin is looked at for a message: to see that nothing comes is to take it. */
export async function beforeInput(context: Context): Promise<void> {
  if (context.around.toNode) await context.session();
}

async function refuseSpareInput(context: Context, how: string): Promise<void> {
  if (!(await context.around.spareInput())) return;
  throw usage(
    `The body is given twice: ${how} and by the standard input.`,
    'Leave out one of them. For both, in one body: a - behind the text; --subject takes a line, too, and </dev/null turns the input away.',
  );
}

/** stdin's bytes; they end early, without an error, when the command is interrupted. @returns `undefined`: it is a terminal */
export function chunksOf({ around, signal }: Context): AsyncIterable<Uint8Array> | undefined {
  const whole = around.wholeInput?.();
  if (whole) return inOne(whole);
  return around.stdin.isTTY === true ? undefined : untilAborted(around.stdin, signal);
}

async function* inOne(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

// ignoreBOM keeps the mark: what goes in comes out.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws BODY_NOT_TEXT, naming the first bad byte */
export function decodeText(bytes: Uint8Array, what: string): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new DreamosError(
      'invalid',
      'BODY_NOT_TEXT',
      `${capital(what)} is not UTF-8 text: byte ${firstBadByte(bytes) + 1} does not fit.`,
      {
        hint: 'Send a path or a link instead of a binary file, or encode it (base64).',
        cause,
      },
    );
  }
}

export async function readText(
  chunks: AsyncIterable<Uint8Array>,
  file: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  const what = file === undefined ? 'the standard input' : JSON.stringify(file);
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of chunks) {
      parts.push(chunk);
      bytes += chunk.length;
      if (bytes > hardMaxMessageBytes) throw tooLarge(what);
    }
  } catch (error) {
    throw file === undefined ? error : fileError(error, file);
  }
  // Half a body is never sent.
  if (signal.aborted) throw new Interrupted();
  return decodeText(Buffer.concat(parts), what);
}

function tooLarge(what: string): DreamosError {
  return new DreamosError(
    'invalid',
    'MESSAGE_TOO_LARGE',
    `${capital(what)} is longer than the ${hardMaxMessageBytes} bytes that any message may have.`,
    { hint: 'Write it to a file and send its path instead.' },
  );
}

/** What the disk says about a file that the user named, in a sentence. */
export function fileError(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  // Nothing can be there: what stands in front of its last part is a file, or links lead nowhere.
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP')
    return usage(
      `There is no file "${path}".`,
      'Look where it is: `ls`. A relative path begins at the current folder.',
    );
  if (code === 'ENAMETOOLONG')
    return usage(
      `"${path.slice(0, 64)}…" is too long to be the name of a file.`,
      'Name a file; what is to be said itself is an argument, or comes by the standard input.',
    );
  if (code === 'EISDIR') return usage(`"${path}" is a folder, not a file.`, `Name a file in it: ${path}/…`);
  return error;
}

function firstBadByte(bytes: Uint8Array): number {
  // Bytes decoded so far without an error, in halves: 20 steps for a mebibyte.
  let good = 0;
  let bad = bytes.length;
  while (good + 1 < bad) {
    const middle = (good + bad) >> 1;
    if (isPrefixGood(bytes.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

function isPrefixGood(bytes: Uint8Array): boolean {
  try {
    // stream: a character cut by the end of the prefix is not an error yet.
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
