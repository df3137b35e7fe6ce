import { signatureIn } from '../../contract/json.ts';
import type { Archived } from '../../contract/keep.ts';
import { sameAgent } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import type { Message } from '../../model/message.ts';
import type { Signature } from '../../model/signed/signature.ts';
import { mailboxesOf, resolveAgent, resolveMailbox } from '../agents/agents.ts';
import { signatureCheck } from '../identity/signatures/look.ts';
import { everyMessage } from '../look/every-message.ts';
import type { LookFilter } from '../../model/filter.ts';
import { findSurely } from '../look/find.ts';
import { meantId, withWholeId } from '../look/meant.ts';
import { inOneOrAll, isToldBefore, type Timed, timed, timedStart, type TimedStart, upTo } from '../look/in-time.ts';
import { inLook, listEntries, newestFrom } from '../look/list.ts';
import { readOrWarn } from '../look/read-entry.ts';
import { placedAt } from '../root/cursor.ts';
import type { Session } from '../root/root.ts';
import { actingOf } from '../root/names.ts';
import { hasText } from '../look/search.ts';
import { show } from '../look/show.ts';
import { sieveOf } from '../look/sieve.ts';
import { messageNotFound, notInState } from '../root/refusals.ts';
import type { Entry } from '../../storage/port/look.ts';
import { eachOf, ofMailbox, operation } from '../root/operation.ts';

export interface ArchiveListOptions {
  readonly limit?: number;
  readonly filter?: LookFilter;
  /** Behind this place: `cursorOf` tells it of an item. */
  readonly after?: string;
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

export const listArchive = eachOf('archive.list', listArchiveBody, ofMailbox);

async function* listArchiveBody(
  session: Session,
  mailbox?: string,
  options: ArchiveListOptions = {},
): AsyncGenerator<Archived, void, undefined> {
  const names = await mailboxesOf(session, mailbox);
  const { filter } = await withWholeId(session, options, { mailbox: mailbox && names[0], states: ['archived'] });
  const check = await signatureCheck(session);
  const start = timedStart(options.after);
  async function* inMailbox(name: string): AsyncGenerator<Timed<Archived>, void, undefined> {
    const how = { filter, ...newestFrom(name, 'archived', start) };
    for await (const { entry, message, place } of listEntries(session, name, ['archived'], how))
      if (message) yield timed(session, toArchived(entry, message, await check?.(message)), place);
  }
  yield* upTo(options.limit, inOneOrAll(session, mailbox, names, { first: 'newest', look: inMailbox }));
}

export const searchArchive = eachOf('archive.search', searchArchiveBody, (_, { mailbox } = {}) => ofMailbox(mailbox));

async function* searchArchiveBody(
  session: Session,
  text: string,
  options: ArchiveSearchOptions = {},
): AsyncGenerator<Archived, void, undefined> {
  const { mailbox } = options;
  const named = mailbox === undefined ? undefined : (await resolveMailbox(session, mailbox)).name;
  const { limit, ...where } = await withWholeId(session, options, { mailbox: named, states: ['archived'] });
  const found = everyMessage(session, hasText(text), { ...where, states: ['archived'] });
  const check = await signatureCheck(session);
  for await (const { entry, message, place } of upTo(limit, found))
    yield placedAt(toArchived(entry, message, await check?.(message)), ...inLook(session, place));
}

export const exportArchive = eachOf('archive.export', exportArchiveBody, ofMailbox);

async function* exportArchiveBody(
  session: Session,
  mailbox?: string,
  options: ExportOptions = {},
): AsyncGenerator<Archived, void, undefined> {
  const names = await mailboxesOf(session, mailbox);
  const whole = await withWholeId(session, options, { mailbox: mailbox && names[0], states: ['archived'] });
  const { limit, filter, after, ...range } = whole;
  const start = timedStart(after);
  const sieve = sieveOf(session, filter);
  const check = await signatureCheck(session);
  async function* inMailbox(name: string): AsyncGenerator<Timed<Archived>, void, undefined> {
    for await (const entry of session.store.look.listArchived(name, { ...range, ...oldestFrom(name, range, start) })) {
      if (!sieve.mayFit(entry)) continue;
      const message = await readOrWarn(session, entry);
      if (message && (await sieve.fits({ entry, message, why: notDead })))
        yield timed(session, toArchived(entry, message, await check?.(message)), entry);
    }
  }
  yield* upTo(limit, inOneOrAll(session, mailbox, names, { first: 'oldest', look: inMailbox }));
}

/** Where it goes on in one of several mailboxes. */
function oldestFrom(
  name: string,
  { since = 0 }: ExportRange,
  start: TimedStart | undefined,
): { readonly after?: string; readonly since?: number } {
  if (start === undefined) return {};
  if (sameAgent(name, start.mailbox)) return { after: start.place };
  return { since: Math.max(since, isToldBefore(name, start) ? start.at + 1 : start.at) };
}

const notDead = async (): Promise<undefined> => undefined;

export const showArchived = operation('archive.show', showArchivedBody, ofMailbox);

async function showArchivedBody(session: Session, mailbox: string | undefined, end: string): Promise<Archived> {
  const id = await archivedId(session, end, mailbox && (await resolveMailbox(session, mailbox)).name);
  const found = await show(session, id, mailbox === undefined ? {} : { mailbox });
  const { message, entries } = found;
  const archived = entries.filter(({ state }) => state === 'archived');
  const { acting = '' } = session;
  const entry = archived.find(({ mailbox: at }) => sameAgent(at, acting)) ?? archived[0];
  if (entry) return toArchived(entry, message, signatureIn(found));
  const where = entries.map(({ state, mailbox: at }) => `${state} at ${at}`).join(', ');
  throw new DreamosError('conflict', 'STATE_CHANGED', `Message ${id} is not archived: ${where}.`, {
    hint: `dreamos show ${id}`,
  });
}

/** Under the lock under which it may be packed. */
export const restoreArchive = operation('archive.restore', restoreArchiveBody, ofMailbox);

async function restoreArchiveBody(session: Session, mailbox: string, end: string): Promise<Entry> {
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

function toArchived(entry: Entry, message: Message, signature?: Signature): Archived {
  const { id, mailbox, ackedAt = 0, withdrawn } = entry;
  const at = new Date(ackedAt).toISOString();
  return { id, mailbox, ackedAt: at, ...(withdrawn && { withdrawn }), message, ...signature };
}
