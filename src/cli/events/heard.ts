import type { Heard } from '../../contract/look.ts';
import type { Context } from '../context.ts';
import { printOrWarn } from '../print-message.ts';
import { cutLine, widthOf } from '../fit.ts';
import { harmless } from '../harmless.ts';
import { signatureWord, titleOf } from '../show/message-view.ts';
import type { Paint } from '../output.ts';
import { countOption, durationOption, given } from '../input/parse.ts';
import { sinceOption } from '../input/since.ts';
import { sayWaiting } from '../waiting.ts';
import type { ListenOptions } from '../../core/follow/listen.ts';
import { DreamosError } from '../../model/errors.ts';

export interface ListenFlags {
  since?: string;
  count?: string;
  wait?: string;
}

/** Prints each as it is heard. @param also what a command line needs besides, to go on */
export async function printHeard(
  context: Context,
  patterns: readonly string[],
  flags: ListenFlags,
  hear: (options: ListenOptions) => AsyncIterable<Heard>,
  also = '',
): Promise<void> {
  const { output, signal } = context;
  const count = countOption(flags.count, '--count');
  const waitMs = durationOption(flags.wait, '--wait');
  const session = await context.session();
  const words = patterns.map((pattern) => `'${pattern}'`).join(' ');
  const start = await startOf(context, flags.since, session.clock.now(), `dreamos listen ${words}${also}`);
  const paint = await output.paint();
  const onWarning = (text: string) => void output.warn(text);
  let last: string | undefined;
  const stop = sayWaiting(context, `what is published to ${patterns.join(', ')}`);
  try {
    for await (const heard of hear({ ...start, ...given({ waitMs, count }), signal, onWarning })) {
      await printOrWarn(output, heard.message.id, heard, () => heardText(heard, paint, output.width));
      // Only what was written out counts as heard.
      last = heard.cursor;
    }
  } finally {
    stop();
  }
  if (last !== undefined) {
    await output.note(`To go on from here: dreamos listen ${words} --since ${last}${also}${context.flags()}`);
  } else if (!signal.aborted) {
    throw new DreamosError(
      'nothing',
      'NOTHING_THERE',
      `Nothing was published${flags.wait === undefined ? '' : ` within ${flags.wait}`}.`,
    );
  }
}

/** A cursor, `start`, `now`, `@<file>`, or a duration: so long ago. */
async function startOf(
  context: Context,
  text: string | undefined,
  nowMs: number,
  again: string,
): Promise<{ since?: string; from?: number }> {
  if (text === undefined || !/^\d/.test(text)) return given({ since: await sinceOption(context, text, again) });
  return { since: 'start', from: nowMs - (durationOption(text, '--since') ?? 0) };
}

function heardText({ at, topic, message, again, ...known }: Heard, paint: Paint, columns: number): string {
  const from = `from ${harmless(message.from)}`;
  const head = `${harmless(at)}  ${harmless(topic)}`;
  const signed = known.signature === undefined ? '' : ` (${signatureWord(known)})`;
  const told = `${from}${signed}  ${harmless(titleOf(message))}${again ? ' (told again)' : ''}`;
  const room = Math.max(2, columns - widthOf(head) - 2);
  return `${paint.dim(harmless(at))}  ${paint.cyan(harmless(topic))}  ${cutLine(told, room)}`.trimEnd();
}
