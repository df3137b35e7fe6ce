import type { Listed } from '../../contract/look.ts';
import type { Context } from '../../cli/context.ts';
import { printOrWarn } from '../../cli/print-message.ts';
import { harmless } from '../../cli/harmless.ts';
import { listLayout } from '../../cli/show/list-layout.ts';
import { deliveredText, signatureText, titleOf, whyText } from '../../cli/show/message-view.ts';
import { createScreenful, mostOnScreen } from '../../cli/show/screenful.ts';
import {
  countOption,
  deadFilterOptions,
  given,
  statesOption,
  thatFits,
  type DeadFilterOptions,
} from '../../cli/input/parse.ts';
import { listMailboxes, resolveMailbox } from '../../core/agents/agents.ts';
import { pausedSentence } from '../../core/agents/pause.ts';
import { countListed, list, type ListOptions as CoreOptions, statesWithout } from '../../core/look/list.ts';
import type { Session } from '../../core/root/root.ts';
import type { State } from '../../model/state.ts';

export interface ListOptions extends DeadFilterOptions {
  state?: string;
  limit?: string;
  unseal?: boolean;
}

export async function listCommand(context: Context, name: string | undefined, options: ListOptions): Promise<void> {
  const { output, signal } = context;
  const asked = statesOption(options.state);
  const limit = countOption(options.limit, '--limit');
  const filter = deadFilterOptions(options);
  const states = asked ?? statesWithout(filter.filter);
  const mailbox = await context.mailboxOrAll(name);
  const session = await context.session();
  const how = { ...given({ limit, unseal: options.unseal }), states, ...filter, signal };
  const isOnScreen = output.toTerminal && !output.json;
  const some = await (isOnScreen ? showScreenful : printAll)(context, session, mailbox, how);
  const paused = mailbox === undefined ? undefined : pausedSentence(await resolveMailbox(session, mailbox));
  if (paused !== undefined) await output.warn(paused);
  if (some || signal.aborted) return;
  const isEmpty = mailbox === undefined && (await listMailboxes(session)).length === 0;
  if (isEmpty) return output.note(await context.noAgents());
  const unseen = mailbox === undefined ? await context.unseen() : undefined;
  const where = mailbox ?? (unseen === undefined ? 'any mailbox' : 'what you may see');
  await output.note(`Nothing in ${where}${thatFits(filter)} is ${states.join(' or ')}.`);
  if (unseen !== undefined) await output.note(unseen);
}

type How = CoreOptions & { readonly states: readonly State[] };

async function printAll(
  { output, signal }: Context,
  session: Session,
  mailbox: string | undefined,
  how: How,
): Promise<boolean> {
  let some = false;
  for await (const listed of list(session, mailbox, how)) {
    if (signal.aborted) return some;
    some = true;
    await printOrWarn(output, listed.id, listed, () => listedText(listed, mailbox === undefined));
  }
  return some;
}

async function showScreenful(
  { output, signal }: Context,
  session: Session,
  mailbox: string | undefined,
  how: How,
): Promise<boolean> {
  const { row, ...layout } = listLayout(output.width, session.clock.now(), mailbox === undefined);
  const screen = createScreenful(output, layout, how.limit);
  const isWhole = how.limit === undefined && how.filter === undefined;
  for await (const listed of list(session, mailbox, how)) {
    screen.add(() => row(listed));
    // How many there are more can be told without a look at each.
    if (isWhole && screen.count === mostOnScreen) break;
  }
  if (signal.aborted) return screen.count > 0;
  if (isWhole && screen.count === mostOnScreen)
    screen.addUnseen((await countListed(session, mailbox, how.states, signal)) - screen.count);
  await screen.print();
  return screen.count > 0;
}

function listedText(listed: Listed, everywhere: boolean): string {
  const { state, priority, id, attempt, message, receipt, leaseUntil, dueAt, reason } = listed;
  const held = leaseUntil === undefined ? '' : `  lease until ${leaseUntil}  ${deliveredText(listed)}`;
  const where = everywhere ? `${listed.mailbox}  ` : '';
  const what = message === null ? `${where}(unreadable)` : `${where}from ${message.from}: ${titleOf(message)}`;
  const when = dueAt === undefined ? held : `  due ${dueAt}`;
  const handle = receipt === undefined ? '' : `  ${receipt}`;
  return `${state.padEnd(8)}  ${priority.padEnd(6)}  ${id}  attempts ${String(attempt).padEnd(2)}  ${harmless(what)}${signatureText(listed)}${when}${handle}${whyText(reason)}`;
}
