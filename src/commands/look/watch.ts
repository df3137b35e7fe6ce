import type { Context } from '../../cli/context.ts';
import { eventJson, eventText } from '../../cli/events/event-line.ts';
import { countOption, durationOption, given } from '../../cli/input/parse.ts';
import { sinceOption } from '../../cli/input/since.ts';
import { sayWaiting } from '../../cli/waiting.ts';
import { watch } from '../../core/follow/watch.ts';
import { present } from '../../core/reach/presence.ts';
import { DreamosError } from '../../model/errors.ts';

export interface WatchOptions {
  since?: string;
  count?: string;
  wait?: string;
}

/** The young generation stays as small as it is, and the old one is collected when it has grown by 30 %. Node 20 to 26 know both. */
const sparing = '--semi-space-growth-factor=1 --heap-growing-percent=30';

export async function watchCommand(context: Context, names: readonly string[], options: WatchOptions): Promise<void> {
  const { output, signal } = context;
  const count = countOption(options.count, '--count');
  const waitMs = durationOption(options.wait, '--wait');
  const who = names.map((name) => ` ${name}`).join('');
  const since = await sinceOption(context, options.since, `dreamos watch${who}`);
  const session = await context.session();
  const paint = await output.paint();
  const onWarning = (text: string) => void output.warn(text);
  const mailboxes = names.length > 0 ? [...names] : undefined;
  // It rests for days, and V8 would keep what one busy second took: of 5,000 mailboxes 130 MB and up to 190; so 90, for a tenth
  // more CPU.
  if (!mailboxes) (await import('node:v8')).setFlagsFromString(sparing);
  // Grows with the names that come, so that lines stay aligned without asking for all agents first.
  let width = Math.max(10, ...names.map((name) => name.length));
  let last: string | undefined;
  const [only] = mailboxes?.length === 1 ? mailboxes : [];
  const gone = only === undefined ? undefined : await present(session, only, 'watch', context.around.pid);
  const stop = sayWaiting(context, `what happens in ${mailboxes?.join(', ') ?? 'any mailbox'}`);
  try {
    for await (const event of watch(session, { ...given({ mailboxes, since, waitMs, count }), signal, onWarning })) {
      width = Math.max(width, event.mailbox.length);
      await output.item(eventJson(event), () => eventText(event, width, paint, output.width));
      // Only what was written out counts as seen.
      last = event.cursor;
    }
  } finally {
    stop();
    await gone?.();
  }
  if (last !== undefined) {
    await output.note(`To go on from here: dreamos watch${who} --since ${last}${context.flags()}`);
  } else if (!signal.aborted) {
    throw new DreamosError(
      'nothing',
      'NOTHING_THERE',
      `Nothing happened${options.wait === undefined ? '' : ` within ${options.wait}`}.`,
    );
  }
}
