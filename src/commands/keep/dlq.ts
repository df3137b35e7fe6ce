import type { Dead, PurgedJson } from '../../contract/keep.ts';
import type { Context } from '../../cli/context.ts';
import { printMessage, printOrWarn } from '../../cli/print-message.ts';
import { entryJson } from '../../contract/json.ts';
import { messageView, titleOf } from '../../cli/show/message-view.ts';
import { agentAndIds } from '../../cli/input/parse.ts';
import { listDead, mailboxOfDead, purgeDead, retryDead, showDead } from '../../core/keep/dlq.ts';
import { DreamosError } from '../../model/errors.ts';
import { usage } from '../../model/refusals.ts';

export async function listCommand(context: Context, name: string | undefined): Promise<void> {
  const { output } = context;
  const mailbox = await context.mailbox(name, 'dlq list');
  const session = await context.session();
  const rows: string[][] = [];
  for await (const dead of listDead(session, mailbox)) {
    if (context.signal.aborted) return;
    if (output.json) await printOrWarn(output, dead.id, dead, () => '');
    else rows.push(row(dead));
  }
  if (rows.length > 0) {
    await output.data(`${await output.table(['id', 'dead since', 'attempts', 'from', 'subject', 'reason'], rows)}\n`);
    await output.note(`\nTry one again: dreamos dlq retry ${mailbox} <id>${context.flags()}`);
  } else if (!output.json) await output.note(`No dead letters for ${mailbox}.`);
}

export async function showCommand(context: Context, words: readonly string[]): Promise<void> {
  const { agent, ids } = agentAndIds(words);
  const [id, ...more] = ids;
  if (id === undefined || more.length > 0)
    throw usage('"dlq show" needs one message id.', 'dreamos dlq show [agent] <id>');
  const session = await context.session();
  const mailbox = agent ?? (await mailboxOfDead(session, id));
  const dead = await showDead(session, mailbox, id);
  const paint = await context.output.paint();
  await printMessage(context.output, dead.id, dead, () => {
    const history = dead.history.map(
      (event) =>
        `${event.at}: ${event.event}${event.by === undefined ? '' : ` by ${event.by}`}${event.reason === undefined ? '' : ` (${event.reason})`}`,
    );
    const extra = [
      ['Reason', dead.reason],
      ['Attempts', String(dead.attempts)],
      ['Dead since', dead.deadAt],
    ] as const;
    return messageView(
      dead.message,
      [...extra, ...history.map((line) => ['History', line] as const)],
      paint,
      session.clock.now(),
    );
  });
}

export async function retryCommand(
  context: Context,
  words: readonly string[],
  options: { all?: boolean },
): Promise<void> {
  const session = await context.session();
  for (const [mailbox, ids] of await which(context, words, options, 'retry')) {
    const results = await retryDead(session, mailbox, ids);
    for (const result of results) {
      if (result instanceof DreamosError) await context.fail(result);
      else await context.output.outcome(entryJson(result, session.acting), () => `${result.id} ${result.state}`);
    }
    if (results.length === 0) await context.output.note(`No dead letters for ${mailbox}.`);
  }
}

export async function purgeCommand(
  context: Context,
  words: readonly string[],
  options: { all?: boolean },
): Promise<void> {
  const session = await context.session();
  const onProgress = (done: number) => context.output.progress(`${done} purged`);
  for (const [mailbox, ids] of await which(context, words, options, 'purge')) {
    const results = await purgeDead(session, mailbox, ids, { onProgress });
    for (const result of results) {
      if (result instanceof DreamosError) await context.fail(result);
      else {
        const purged: PurgedJson = { id: result.id, mailbox: result.mailbox, purged: true };
        await context.output.outcome(purged, () => `${result.id} purged`);
      }
    }
    if (results.length === 0) await context.output.note(`No dead letters for ${mailbox}.`);
  }
}

/** By mailbox: the named one, or for each id the one in which it died. */
async function which(
  context: Context,
  words: readonly string[],
  options: { all?: boolean },
  verb: string,
): Promise<Map<string, string[] | 'all'>> {
  const { agent, ids } = agentAndIds(words);
  if (options.all && ids.length > 0)
    throw usage('Ids and --all are two different things to ask for.', 'Leave out one of them.');
  if (!options.all && ids.length === 0)
    throw usage(`"dlq ${verb}" needs message ids, or --all.`, `dreamos dlq ${verb} [agent] <id>…`);
  if (options.all) return new Map([[await context.mailbox(agent, `dlq ${verb}`), 'all']]);
  if (agent !== undefined) return new Map([[agent, ids]]);
  const found = new Map<string, string[]>();
  const session = await context.session();
  await context.each(ids, async (id) => {
    const mailbox = await mailboxOfDead(session, id);
    found.set(mailbox, [...(found.get(mailbox) ?? []), id]);
  });
  return found;
}

function row({ id, deadAt, attempts, message, reason }: Dead): string[] {
  return [id, deadAt, String(attempts), message.from, titleOf(message), reason];
}
