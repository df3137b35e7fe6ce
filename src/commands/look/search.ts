import { usage } from '../../model/refusals.ts';
import type { Found } from '../../contract/look.ts';
import type { Context } from '../../cli/context.ts';
import { printOrWarn } from '../../cli/print-message.ts';
import { harmless } from '../../cli/harmless.ts';
import { listLayout } from '../../cli/show/list-layout.ts';
import { placeName, signatureText, titleOf, whyText } from '../../cli/show/message-view.ts';
import { showFirst } from '../../cli/show/screenful.ts';
import {
  countOption,
  deadFilterOptions,
  given,
  statesOption,
  thatFits,
  type DeadFilterOptions,
} from '../../cli/input/parse.ts';
import { checkQuoted } from '../../cli/input/quoted.ts';
import { search } from '../../core/look/search.ts';

export interface SearchOptions extends DeadFilterOptions {
  state?: string;
  limit?: string;
  unseal?: boolean;
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
  await checkQuoted(context, 'search', text, mailbox);
  const onProgress = (looked: number) => output.progress(`${looked} looked at`);
  const filter = deadFilterOptions(options);
  const how = { ...given({ mailbox, states, limit, unseal: options.unseal }), ...filter, signal, onProgress };
  const found = search(session, text, how);
  const isOnScreen = output.toTerminal && !output.json;
  const some = isOnScreen
    ? (await showFirst(output, found, listLayout(output.width, session.clock.now(), mailbox === undefined), limit)) > 0
    : await printAll(context, found);
  await output.done();
  if (!some && !signal.aborted) await output.note(`Nothing${thatFits(filter)} has "${harmless(text)}".`);
}

async function printAll({ output, signal }: Context, found: AsyncIterable<Found>): Promise<boolean> {
  let some = false;
  for await (const one of found) {
    if (signal.aborted) return some;
    some = true;
    await printOrWarn(output, one.id, one, () => {
      const { state, id, message, reason } = one;
      const what = harmless(`${placeName(one.mailbox)}  from ${message.from}: ${titleOf(message)}`);
      return `${state.padEnd(8)}  ${id}  ${what}${signatureText(one)}${whyText(reason)}`;
    });
  }
  return some;
}
