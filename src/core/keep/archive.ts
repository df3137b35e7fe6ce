import type { Archived } from '../../contract/keep.ts';
import { sameAgent } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import type { Message } from '../../model/message.ts';
import { resolveAgent, resolveMailbox } from '../agents/agents.ts';
import { everyMessage } from '../look/every-message.ts';
import type { LookFilter } from '../../model/filter.ts';
import { findSurely } from '../look/find.ts';
import { meantId, withWholeId } from '../look/meant.ts';
import { listEntries } from '../look/list.ts';
import { readOrWarn } from '../look/read-entry.ts';
import type { Session } from '../root/root.ts';
import { actingOf } from '../root/names.ts';
import { hasText } from '../look/search.ts';
import { show } from '../look/show.ts';
import { sieveOf } from '../look/sieve.ts';
import { messageNotFound, notInState } from '../root/refusals.ts';
import type { Entry } from '../../storage/port/look.ts';

export interface ArchiveListOptions {
  readonly limit?: number;
  readonly filter?: LookFilter;
}

export interface ArchiveSearchOptions extends ArchiveListOptions {
  /** All, if not given. */
  readonly mailbox?: string;
}

/** When it was finished; milliseconds since 1970. */
export interface ExportRange {
  readonly since?: number;
  /** Itself not in it. */
  readonly until?: number;
}

export interface ExportOptions extends ExportRange, ArchiveListOptions {}

export async function* listArchive(
  session: Session,
  mailbox: string,
  options: ArchiveListOptions = {},
): AsyncGenerator<Archived, void, undefined> {
  const { limit = Infinity } = options;
  const card = await resolveMailbox(session, mailbox);
  const { filter } = await withWholeId(session, options, { mailbox: card.name, states: ['archived'] });
  let listed = 0;
  if (limit <= 0) return;
  for await (const { entry, message } of listEntries(session, card.name, ['archived'], filter)) {
    if (!message) continue;
    yield toArchived(entry, message);
    if (++listed >= limit) return;
  }
}

export async function* searchArchive(
  session: Session,
  text: string,
  options: ArchiveSearchOptions = {},
): AsyncGenerator<Archived, void, undefined> {
  let found = 0;
  const { limit = Infinity, mailbox } = options;
  if (limit <= 0) return;
  const named = mailbox === undefined ? undefined : (await resolveMailbox(session, mailbox)).name;
  const { limit: _, ...where } = await withWholeId(session, options, { mailbox: named, states: ['archived'] });
  for await (const { entry, message } of everyMessage(session, hasText(text), { ...where, states: ['archived'] })) {
    yield toArchived(entry, message);
    if (++found >= limit) return;
  }
}

export async function* exportArchive(
  session: Session,
  mailbox: string,
  options: ExportOptions = {},
): AsyncGenerator<Archived, void, undefined> {
  const card = await resolveMailbox(session, mailbox);
  const whole = await withWholeId(session, options, { mailbox: card.name, states: ['archived'] });
  const { limit = Infinity, filter, ...range } = whole;
  const sieve = sieveOf(session, filter);
  let exported = 0;
  if (limit <= 0) return;
  for await (const entry of session.store.look.listArchived(card.name, range)) {
    if (!sieve.mayFit(entry)) continue;
    const message = await readOrWarn(session, entry);
    if (!message || !(await sieve.fits({ entry, message, why: notDead }))) continue;
    yield toArchived(entry, message);
    if (++exported >= limit) return;
  }
}

const notDead = async (): Promise<undefined> => undefined;

export async function showArchived(session: Session, mailbox: string | undefined, end: string): Promise<Archived> {
  const id = await archivedId(session, end, mailbox && (await resolveMailbox(session, mailbox)).name);
  const { message, entries } = await show(session, id, mailbox === undefined ? {} : { mailbox });
  const archived = entries.filter(({ state }) => state === 'archived');
  const { acting = '' } = session;
  const entry = archived.find(({ mailbox: at }) => sameAgent(at, acting)) ?? archived[0];
  if (entry) return toArchived(entry, message);
  const where = entries.map(({ state, mailbox: at }) => `${state} at ${at}`).join(', ');
  throw new DreamosError('conflict', 'STATE_CHANGED', `Message ${id} is not archived: ${where}.`, {
    hint: `dreamos show ${id}`,
  });
}

/** Under the lock under which it may be packed. */
export async function restoreArchive(session: Session, mailbox: string, end: string): Promise<Entry> {
  const card = await resolveAgent(session, mailbox);
  const id = await archivedId(session, end, card.name);
  return session.store.documents.withLock(`maintain.${card.name}`, async (lock) => {
    const [entry] = await findSurely(session, id, card.name);
    if (!entry) throw messageNotFound(id, card.name);
    if (entry.state !== 'archived') throw notInState(entry, 'archived');
    return session.store.mail.restore(entry, { lock, ...actingOf(session) });
  });
}

export function archivedId(session: Session, end: string, mailbox: string | undefined): Promise<string> {
  return meantId(session, end, { mailbox, states: ['archived'] }, { mailbox });
}

function toArchived({ id, mailbox, ackedAt = 0 }: Entry, message: Message): Archived {
  return { id, mailbox, ackedAt: new Date(ackedAt).toISOString(), message };
}
