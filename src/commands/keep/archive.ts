import type { Archived } from '../../contract/keep.ts';
import type { Context } from '../../cli/context.ts';
import { printMessage, printOrWarn } from '../../cli/print-message.ts';
import { harmless, harmlessJson } from '../../cli/harmless.ts';
import { entryJson, isoTime } from '../../contract/json.ts';
import { checkQuoted } from '../../cli/input/quoted.ts';
import { archivedLayout } from '../../cli/show/archived-layout.ts';
import { printMaintained } from '../../cli/show/maintained.ts';
import { messageView, signatureLine, titleOf } from '../../cli/show/message-view.ts';
import { showFirst } from '../../cli/show/screenful.ts';
import {
  agentAndIds,
  bytesOption,
  countOption,
  durationOption,
  given,
  lookFilterOptions,
  momentOption,
  thatFits,
  type LookFilterOptions,
} from '../../cli/input/parse.ts';
import {
  type ArchiveListOptions,
  archivedId,
  exportArchive,
  listArchive,
  restoreArchive,
  searchArchive,
  showArchived,
} from '../../core/keep/archive.ts';
import { mailboxOf } from '../../core/keep/mailbox-of.ts';
import { packArchive, pruneArchive } from '../../core/keep/maintain.ts';
import { usage } from '../../model/refusals.ts';

type Chosen = LookFilterOptions & { limit?: string };

const keepMonth = ' --older-than 30d --dry-run';

function whichThereAre(context: Context): Promise<string> {
  return context.example((name) => `archive list ${name}`);
}

function chosen(options: Chosen): ArchiveListOptions {
  return { ...given({ limit: countOption(options.limit, '--limit') }), ...lookFilterOptions(options) };
}

export async function listCommand(context: Context, name: string | undefined, options: Chosen): Promise<void> {
  const which = chosen(options);
  const mailbox = await context.mailboxOrAll(name);
  const found = listArchive(await context.session(), mailbox, which);
  if (!(await printAll(context, found, which.limit, mailbox === undefined)))
    await context.output.note(`Nothing${thatFits(which)} is in ${whose(mailbox)} archive.`);
}

export async function searchCommand(
  context: Context,
  text: string,
  name: string | undefined,
  options: Chosen,
): Promise<void> {
  if (text === '')
    throw usage('"archive search" needs a text to look for.', 'For example: dreamos archive search "release notes"');
  const which = chosen(options);
  await checkQuoted(context, 'archive search', text, name);
  const found = searchArchive(await context.session(), text, { ...which, ...given({ mailbox: name }) });
  if (!(await printAll(context, found, which.limit, name === undefined)))
    await context.output.note(`Nothing${thatFits(which)} in ${whose(name)} archive has "${harmless(text)}".`);
}

function whose(mailbox: string | undefined): string {
  return mailbox === undefined ? 'any' : `${mailbox}'s`;
}

export async function showCommand(context: Context, words: readonly string[]): Promise<void> {
  const { agent, ids } = await agentAndIds(context, words);
  const [id, ...more] = ids;
  if (id === undefined || more.length > 0)
    throw usage('"archive show" needs one message id.', await whichThereAre(context));
  const session = await context.session();
  const archived = await showArchived(session, agent, id);
  const paint = await context.output.paint();
  await printMessage(context.output, archived.id, archived, () => {
    const { message, mailbox, ackedAt } = archived;
    return messageView(
      message,
      [...signatureLine(archived), [`Archived at ${mailbox}`, ackedAt]],
      paint,
      session.clock.now(),
      context.output.width,
    );
  });
}

export async function restoreCommand(context: Context, words: readonly string[]): Promise<void> {
  const { agent, ids } = await agentAndIds(context, words);
  if (ids.length === 0) throw usage('"archive restore" needs message ids.', await whichThereAre(context));
  const session = await context.session();
  const wanted: { id: string; mailbox: string }[] = [];
  await context.each(ids, async (id) => {
    const mailbox = agent ?? (await mailboxOf(session, id, 'archived', 'archive restore'));
    wanted.push({ id: await archivedId(session, id, mailbox), mailbox });
  });
  // In the order in which they were sent, so that they come again in it: ids sort by time.
  wanted.sort((a, b) => (a.id < b.id ? -1 : 1));
  await context.each(wanted, async ({ id, mailbox }) => {
    const entry = await restoreArchive(session, mailbox, id);
    await context.output.outcome(entryJson(entry, session.acting), () => `${entry.id} ${entry.state}`);
  });
}

export async function packCommand(
  context: Context,
  name: string | undefined,
  { before, dryRun }: { before?: string; dryRun?: boolean },
): Promise<void> {
  const mailbox = await context.mailbox(name, 'archive pack');
  const session = await context.session();
  const time = momentOption(before, '--before', session.clock.now());
  const options = given({ dryRun, beforeDay: time === undefined ? undefined : isoTime(time).slice(0, 10) });
  await printMaintained(
    context,
    packArchive(session, mailbox, options),
    `No day of ${mailbox}'s archive is left to pack.`,
  );
}

export async function pruneCommand(
  context: Context,
  name: string | undefined,
  { olderThan, keepBytes, dryRun }: { olderThan?: string; keepBytes?: string; dryRun?: boolean },
): Promise<void> {
  const olderThanMs = durationOption(olderThan, '--older-than');
  if (olderThan === undefined && keepBytes === undefined)
    throw usage(
      '"archive prune" needs to know what to keep.',
      await context.example((agent) => `archive prune ${name ?? agent}${keepMonth}`),
    );
  const options = given({ olderThanMs, dryRun, keepBytes: bytesOption(keepBytes, '--keep-bytes') });
  const mailbox = await context.mailbox(name, 'archive prune', keepMonth);
  const pruned = pruneArchive(await context.session(), mailbox, options);
  await printMaintained(context, pruned, `Nothing in ${mailbox}'s archive has to go.`);
}

/** JSON Lines, with or without --json. */
export async function exportCommand(
  context: Context,
  name: string | undefined,
  options: Chosen & { since?: string; until?: string },
): Promise<void> {
  const which = chosen(options);
  const mailbox = await context.mailboxOrAll(name);
  const session = await context.session();
  const now = session.clock.now();
  const range = given({
    since: momentOption(options.since, '--since', now),
    until: momentOption(options.until, '--until', now),
  });
  for await (const archived of exportArchive(session, mailbox, { ...range, ...which })) {
    if (context.signal.aborted) return;
    const line = () => harmlessJson(archived);
    await printOrWarn(context.output, archived.id, archived, line);
  }
}

async function printAll(
  context: Context,
  found: AsyncIterable<Archived>,
  limit: number | undefined,
  everywhere: boolean,
): Promise<boolean> {
  const { output, signal } = context;
  if (output.toTerminal && !output.json) {
    const { clock } = await context.session();
    const shown = await showFirst(output, found, archivedLayout(clock.now(), everywhere), limit);
    return shown > 0 || signal.aborted;
  }
  let some = false;
  for await (const archived of found) {
    if (signal.aborted) return true;
    some = true;
    await printOrWarn(output, archived.id, archived, () => {
      const { id, mailbox, ackedAt, message } = archived;
      const what = `${mailbox}  from ${message.from}: ${titleOf(message)}`;
      return `${ackedAt}  ${id}  ${harmless(what)}`;
    });
  }
  return some;
}
