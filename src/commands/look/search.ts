import { usage } from '../../model/refusals.ts';
import type { Context } from '../../cli/context.ts';
import { printOrWarn } from '../../cli/print-message.ts';
import { cutLine } from '../../cli/fit.ts';
import { harmless } from '../../cli/harmless.ts';
import { placeName, titleOf, whyText } from '../../cli/show/message-view.ts';
import {
  countOption,
  deadFilterOptions,
  given,
  statesOption,
  thatFits,
  type DeadFilterOptions,
} from '../../cli/input/parse.ts';
import { search } from '../../core/look/search.ts';

export interface SearchOptions extends DeadFilterOptions {
  state?: string;
  limit?: string;
}

export async function searchCommand(
  context: Context,
  text: string,
  mailbox: string | undefined,
  options: SearchOptions,
): Promise<void> {
  const { output, signal } = context;
  if (text === '') throw usage('"search" needs a text to look for.', 'For example: dreamos search "release notes"');
  const states = statesOption(options.state);
  const limit = countOption(options.limit, '--limit');
  const session = await context.session();
  const onProgress = (looked: number) => output.progress(`${looked} looked at`);
  const filter = deadFilterOptions(options);
  const how = { ...given({ mailbox, states, limit }), ...filter, signal, onProgress };
  let some = false;
  for await (const found of search(session, text, how)) {
    if (signal.aborted) return;
    some = true;
    await printOrWarn(output, found.id, found, () => {
      const { state, id, message, reason } = found;
      const what = harmless(`${placeName(found.mailbox)}  from ${message.from}: ${titleOf(message)}`);
      return cutLine(`${state.padEnd(8)}  ${id}  ${what}${whyText(reason)}`, output.width);
    });
  }
  await output.done();
  if (!some && !signal.aborted) await output.note(`Nothing${thatFits(filter)} has "${harmless(text)}".`);
}
