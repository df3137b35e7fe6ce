import type { Heard } from '../../contract/look.ts';
import type { Context } from '../../cli/context.ts';
import { printOrWarn } from '../../cli/print-message.ts';
import { cutLine, widthOf } from '../../cli/fit.ts';
import { harmless } from '../../cli/harmless.ts';
import { signatureWord, titleOf } from '../../cli/show/message-view.ts';
import type { Paint } from '../../cli/output.ts';
import { countOption, durationOption, given } from '../../cli/input/parse.ts';
import { sinceOption } from '../../cli/input/since.ts';
import { sayWaiting } from '../../cli/waiting.ts';
import { listen } from '../../core/follow/listen.ts';
import { DreamosError } from '../../model/errors.ts';

export interface ListenOptions {
  since?: string;
  count?: string;
  wait?: string;
}

export async function listenCommand(
  context: Context,
  patterns: readonly string[],
  options: ListenOptions,
): Promise<void> {
  const { output, signal } = context;
  const count = countOption(options.count, '--count');
  const waitMs = durationOption(options.wait, '--wait');
  const session = await context.session();
  const start = await startOf(context, options.since, session.clock.now());
  const paint = await output.paint();
  const onWarning = (text: string) => void output.warn(text);
  let last: string | undefined;
  const stop = sayWaiting(context, `what is published to ${patterns.join(', ')}`);
  try {
    for await (const heard of listen(session, patterns, { ...start, ...given({ waitMs, count }), signal, onWarning })) {
      await printOrWarn(output, heard.message.id, heard, () => heardText(heard, paint, output.width));
      // Only what was written out counts as heard.
      last = heard.cursor;
    }
  } finally {
    stop();
  }
  if (last !== undefined) {
    const words = patterns.map((pattern) => `'${pattern}'`).join(' ');
    await output.note(`To go on from here: dreamos listen ${words} --since ${last}${context.flags()}`);
  } else if (!signal.aborted) {
    throw new DreamosError(
      'nothing',
      'NOTHING_THERE',
      `Nothing was published${options.wait === undefined ? '' : ` within ${options.wait}`}.`,
    );
  }
}

/** A cursor, `start`, `now`, `@<file>`, or a duration: so long ago. */
async function startOf(
  context: Context,
  text: string | undefined,
  nowMs: number,
): Promise<{ since?: string; from?: number }> {
  if (text === undefined || !/^\d/.test(text)) return given({ since: await sinceOption(context, text) });
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
