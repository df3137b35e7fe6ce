import { DreamosError } from '../model/errors.ts';
import type { Message } from '../model/message.ts';
import type { Entry } from '../storage/store.ts';
import { resolveAgent } from './agents.ts';
import { everyMessage } from './every-message.ts';
import type { Filter } from './filter.ts';
import { findSurely } from './find.ts';
import { listEntries } from './list.ts';
import { readOrWarn } from './read-entry.ts';
import type { Root } from './root.ts';
import { hasText } from './search.ts';
import { notFound } from './settle.ts';

export interface Archived {
  readonly id: string;
  readonly mailbox: string;
  /** ISO 8601. */
  readonly ackedAt: string;
  readonly message: Message;
}

/** What was finished, the newest first. @throws AGENT_NOT_FOUND */
export async function* listArchive(
  root: Root,
  mailbox: string,
  options: { limit?: number; filter?: Filter } = {},
): AsyncGenerator<Archived, void, undefined> {
  const { limit = Infinity, filter } = options;
  const card = await resolveAgent(root, mailbox);
  let listed = 0;
  if (limit <= 0) return;
  for await (const { entry, message } of listEntries(root, card.name, ['archived'], filter)) {
    if (!message) continue;
    yield toArchived(entry, message);
    if (++listed >= limit) return;
  }
}

/** As `search`, of what was finished. Without a mailbox, in all. */
export async function* searchArchive(
  root: Root,
  mailbox: string | undefined,
  text: string,
): AsyncGenerator<Archived, void, undefined> {
  const where = mailbox === undefined ? {} : { mailbox };
  for await (const { entry, message } of everyMessage(root, hasText(text), { ...where, states: ['archived'] }))
    yield toArchived(entry, message);
}

/** What was finished in [since, until), the oldest first, packed or not. Times are milliseconds. @throws AGENT_NOT_FOUND */
export async function* exportArchive(
  root: Root,
  mailbox: string,
  range: { readonly since?: number; readonly until?: number } = {},
): AsyncGenerator<Archived, void, undefined> {
  const card = await resolveAgent(root, mailbox);
  for await (const entry of root.store.listArchived(card.name, range)) {
    const message = await readOrWarn(root, entry);
    if (message) yield toArchived(entry, message);
  }
}

/**
 * Makes a finished message ready again. Under the lock under which it may be packed.
 * @throws MESSAGE_NOT_FOUND, STATE_CHANGED when it is not archived, AGENT_NOT_FOUND
 */
export async function restoreArchive(root: Root, mailbox: string, id: string): Promise<Entry> {
  const card = await resolveAgent(root, mailbox);
  return root.store.withLock(`maintain.${card.name}`, async () => {
    const [entry] = await findSurely(root, id, card.name);
    if (!entry) throw notFound(id, card.name);
    if (entry.state !== 'archived') {
      throw new DreamosError(
        'conflict',
        'STATE_CHANGED',
        `Message ${id} in ${card.name} is not archived but ${entry.state}.`,
        {
          hint: `dreamos show ${id}`,
        },
      );
    }
    return root.store.restore(entry, root.acting === undefined ? {} : { by: root.acting });
  });
}

function toArchived({ id, mailbox, ackedAt = 0 }: Entry, message: Message): Archived {
  return { id, mailbox, ackedAt: new Date(ackedAt).toISOString(), message };
}
