import type { Context } from '../../cli/context.ts';
import { checkId, given, timeOption } from '../../cli/input/parse.ts';
import { ago } from '../../cli/show/message-view.ts';
import { entryJson, isoTime } from '../../contract/json.ts';
import { deliver } from '../../core/keep/deliver.ts';
import { cut } from '../../model/basics/text.ts';
import { usage } from '../../model/refusals.ts';
import type { Entry } from '../../storage/port/look.ts';

export async function deliverCommand(
  context: Context,
  id: string,
  when: string | undefined,
  options: { at?: string },
): Promise<void> {
  checkId(id);
  checkWhen(id, when, options.at);
  const at = timeOption(options.at, '--at');
  const session = await context.session();
  for (const entry of await deliver(session, id, given({ at }))) {
    await context.output.outcome(entryJson(entry, session.acting), () => said(entry, at, session.clock.now()));
  }
}

function checkWhen(id: string, when: string | undefined, at: string | undefined): void {
  const next = `dreamos deliver ${id} now`;
  if (when !== undefined && when !== 'now') throw usage(`"${cut(when, 70)}" is not when: it is "now", or --at.`, next);
  if (when === undefined && at === undefined) throw usage('"deliver" needs to know when: now, or with --at.', next);
  if (when !== undefined && at !== undefined)
    throw usage('Now and --at are two different things to ask for.', 'Leave out one of them.');
}

function said({ id, mailbox, dueAt }: Entry, at: number | undefined, nowMs: number): string {
  if (dueAt === undefined) return `${id} ready at ${mailbox}`;
  if (at === undefined) return `${id} handed to the request that waits for it at ${mailbox}`;
  return `${id} delayed at ${mailbox} until ${isoTime(dueAt)} (${ago(isoTime(dueAt), nowMs)})`;
}
