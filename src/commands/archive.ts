import type { Context } from '../cli/context.ts';
import { harmless } from '../cli/harmless.ts';
import { entryJson, isoTime } from '../cli/json.ts';
import { messageView, titleOf } from '../cli/message-view.ts';
import { agentAndIds, countOption, filterOptions, given, usage, type FilterOptions } from '../cli/parse.ts';
import { listArchive, restoreArchive, searchArchive, type Archived } from '../core/archive.ts';
import { show } from '../core/show.ts';
import { DreamosError } from '../model/errors.ts';

export async function listCommand(
  context: Context,
  name: string | undefined,
  options: FilterOptions & { limit?: string },
): Promise<void> {
  const limit = countOption(options.limit, '--limit');
  const filter = filterOptions(options);
  const mailbox = await context.mailbox(name, 'archive list');
  const some = await printAll(context, listArchive(await context.root(), mailbox, { ...given({ limit }), ...filter }));
  if (!some) await context.output.note(`Nothing in ${mailbox}'s archive.`);
}

export async function searchCommand(context: Context, text: string, name: string | undefined): Promise<void> {
  if (text === '') throw usage('"archive search" needs a text to look for.', 'dreamos archive search <text> [agent]');
  const some = await printAll(context, searchArchive(await context.root(), name, text));
  if (!some)
    await context.output.note(
      `Nothing in ${name === undefined ? 'any' : `${name}'s`} archive has "${harmless(text)}".`,
    );
}

export async function showCommand(context: Context, words: readonly string[]): Promise<void> {
  const { agent, ids } = agentAndIds(words);
  const [id, ...more] = ids;
  if (id === undefined || more.length > 0)
    throw usage('"archive show" needs one message id.', 'dreamos archive show [agent] <id>');
  const root = await context.root();
  const { message, entries } = await show(root, id, given({ mailbox: agent ?? root.acting }));
  const entry = entries.find((found) => found.state === 'archived');
  if (entry === undefined) {
    const where = entries.map((found) => `${found.state} at ${found.mailbox}`).join(', ');
    throw new DreamosError('conflict', 'STATE_CHANGED', `Message ${id} is not archived: ${where}.`, {
      hint: `dreamos show ${id}`,
    });
  }
  const ackedAt = isoTime(entry.ackedAt ?? 0);
  const paint = await context.output.paint();
  await context.output.item({ id, mailbox: entry.mailbox, ackedAt, message }, () =>
    messageView(message, [[`Archived at ${entry.mailbox}`, ackedAt]], paint, root.clock.now()),
  );
}

export async function restoreCommand(context: Context, words: readonly string[]): Promise<void> {
  const { agent, ids } = agentAndIds(words);
  if (ids.length === 0) throw usage('"archive restore" needs message ids.', 'dreamos archive restore [agent] <id>…');
  const mailbox = await context.mailbox(agent, 'archive restore');
  const root = await context.root();
  await context.each(ids, async (id) => {
    const entry = await restoreArchive(root, mailbox, id);
    await context.output.item(entryJson(entry, root.acting), () => `${entry.id} ${entry.state}`);
  });
}

async function printAll(context: Context, found: AsyncIterable<Archived>): Promise<boolean> {
  let some = false;
  for await (const archived of found) {
    if (context.signal.aborted) return true;
    some = true;
    const { id, mailbox, ackedAt, message } = archived;
    await context.output.item({ id, mailbox, ackedAt, message }, () => {
      const what = `${mailbox}  from ${message.from}: ${titleOf(message)}`;
      return `${ackedAt}  ${id}  ${harmless(what)}`;
    });
  }
  return some;
}
