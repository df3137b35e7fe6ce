import type { Listed } from '../../contract/look.ts';
import type { Context } from '../../cli/context.ts';
import { printOrWarn } from '../../cli/print-message.ts';
import { harmless } from '../../cli/harmless.ts';
import { titleOf, whyText } from '../../cli/show/message-view.ts';
import {
  countOption,
  deadFilterOptions,
  given,
  statesOption,
  thatFits,
  type DeadFilterOptions,
} from '../../cli/input/parse.ts';
import { list, statesWithout } from '../../core/look/list.ts';

export interface ListOptions extends DeadFilterOptions {
  state?: string;
  limit?: string;
}

export async function listCommand(context: Context, name: string | undefined, options: ListOptions): Promise<void> {
  const asked = statesOption(options.state);
  const limit = countOption(options.limit, '--limit');
  const filter = deadFilterOptions(options);
  const states = asked ?? statesWithout(filter.filter);
  const mailbox = await context.mailbox(name, 'list');
  const session = await context.session();
  let some = false;
  for await (const listed of list(session, mailbox, {
    ...given({ states, limit }),
    ...filter,
    signal: context.signal,
  })) {
    if (context.signal.aborted) return;
    some = true;
    await printOrWarn(context.output, listed.id, listed, () => listedText(listed));
  }
  if (!some && !context.signal.aborted)
    await context.output.note(`Nothing in ${mailbox}${thatFits(filter)} is ${states.join(' or ')}.`);
}

function listedText(listed: Listed): string {
  const { state, priority, id, attempt, message, receipt, leaseUntil, dueAt, reason } = listed;
  const what = message === null ? '(unreadable)' : `from ${message.from}: ${titleOf(message)}`;
  const when = leaseUntil === undefined ? (dueAt === undefined ? '' : `  due ${dueAt}`) : `  lease until ${leaseUntil}`;
  const handle = receipt === undefined ? '' : `  ${receipt}`;
  return `${state.padEnd(8)}  ${priority.padEnd(6)}  ${id}  attempts ${String(attempt).padEnd(2)}  ${harmless(what)}${when}${handle}${whyText(reason)}`;
}
