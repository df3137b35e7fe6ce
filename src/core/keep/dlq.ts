import type { Dead, DeadShown } from '../../contract/keep.ts';
import { DreamosError } from '../../model/errors.ts';
import type { DeadFilter } from '../../model/filter.ts';
import { usage } from '../../model/refusals.ts';
import { isId } from '../../model/id.ts';
import type { Message } from '../../model/message.ts';
import { listAgents, listMailboxes, mailboxesOf, resolveAgent, resolveMailbox } from '../agents/agents.ts';
import { signatureCheck, signatureOf } from '../identity/signatures/look.ts';
import { findNow } from '../look/find.ts';
import { meantId, withWholeId } from '../look/meant.ts';
import { bringDueOrWarn, bringUpToDate } from '../wait/due.ts';
import { inOneOrAll, type Timed, timed, timedStart, upTo } from '../look/in-time.ts';
import { listEntries, newestFrom } from '../look/list.ts';
import { readOrWarn, whyOrWarn } from '../look/read-entry.ts';
import { sieveOf } from '../look/sieve.ts';
import type { Session } from '../root/root.ts';
import { actingOf } from '../root/names.ts';
import { messageNotFound, notInState } from '../root/refusals.ts';
import { diskTrouble, notLookedInto } from '../root/trouble.ts';
import { mailboxOf } from './mailbox-of.ts';
import type { DeadReason, Entry } from '../../storage/port/look.ts';
import { eachOf, ofMailbox, operation } from '../root/operation.ts';

export interface DeadListOptions {
  readonly limit?: number;
  readonly filter?: DeadFilter;
  /** Behind this place: `cursorOf` tells it of an item. */
  readonly after?: string;
  readonly signal?: AbortSignal;
}

export const listDead = eachOf('dlq.list', listDeadBody, ofMailbox);

async function* listDeadBody(
  session: Session,
  mailbox?: string,
  options: DeadListOptions = {},
): AsyncGenerator<Dead, void, undefined> {
  const { limit, signal } = options;
  const names = await mailboxesOf(session, mailbox);
  const within = { mailbox: mailbox === undefined ? undefined : names[0], states: ['dead'] as const };
  const { filter } = await withWholeId(session, options, within);
  const check = await signatureCheck(session);
  const start = timedStart(options.after);
  async function* inMailbox(name: string): AsyncGenerator<Timed<Dead>, void, undefined> {
    if (signal?.aborted) return;
    await bringDueOrWarn(session, name, { bury: true });
    const how = { filter, signal, ...newestFrom(name, 'dead', start) };
    for await (const { entry, message, why, place } of listEntries(session, name, ['dead'], how)) {
      const known = message && (await why());
      if (message && known)
        yield timed(session, { ...toDead(entry, message, known), ...(await check?.(message)) }, place);
    }
  }
  yield* upTo(limit, inOneOrAll(session, mailbox, names, { first: 'newest', look: inMailbox }));
}

/** What is known of a dead letter, also when its message cannot be read. */
export type Glance = Omit<Dead, 'message'> & { readonly message: Message | null };

export const glanceAt = operation('dlq.list', glanceAtBody, ({ mailbox }) => ofMailbox(mailbox), 'glanceAt');

async function glanceAtBody(session: Session, entry: Entry): Promise<Glance> {
  const message = (await readOrWarn(session, entry)) ?? null;
  const why = (await whyOrWarn(session, entry)) ?? { reason: '', attempts: entry.attempt, deadAt: entry.deadAt ?? 0 };
  return toDead(entry, message, why);
}

/** Whose dead letters are meant where no mailbox is named: a deleted agent's are listed and purged with all, and not retried. */
type Everybody = typeof listAgents;

async function namesOf(session: Session, mailbox: string | undefined, everybody: Everybody): Promise<string[]> {
  const cards = mailbox === undefined ? await everybody(session) : [await resolveMailbox(session, mailbox)];
  return cards.map(({ name }) => name);
}

export const showDead = operation('dlq.show', showDeadBody, ofMailbox);

async function showDeadBody(session: Session, mailbox: string, id: string): Promise<DeadShown> {
  const entry = await deadEntry(session, (await resolveMailbox(session, mailbox)).name, id);
  const message = await session.store.look.read(entry);
  const why = await session.store.look.deadReason(entry);
  if (!message || !why) throw notInState({ ...entry, state: 'ready' }, 'dead');
  const { history, notice } = why;
  const signature = await signatureOf(session, message);
  return { ...toDead(entry, message, why), ...signature, history, ...(notice !== undefined && { notice }) };
}

/** What is retried or purged, and how. */
export interface DeadOptions {
  /** Of `all`, only those that fit. */
  readonly filter?: DeadFilter;
  /** Of `all`, the oldest. */
  readonly limit?: number;
  /** Only say which. */
  readonly dryRun?: boolean;
  /** Called with how many are done. */
  readonly onProgress?: (done: number) => void;
  /** Ends it between two. */
  readonly signal?: AbortSignal;
}

export interface PurgeOptions extends DeadOptions {
  /** For `all` without a filter. */
  readonly force?: boolean;
}

/** What `retryDead` or `purgeDead` would do, in its order. */
export const chooseDead = operation('dlq.retry', chooseDeadBody, (_, mailbox) => ofMailbox(mailbox), 'chooseDead');

function chooseDeadBody(
  session: Session,
  verb: 'retry' | 'purge',
  mailbox: string | undefined,
  ids: readonly string[] | 'all',
  options: DeadOptions,
): Promise<(Entry | DreamosError)[]> {
  const everybody = verb === 'retry' ? listAgents : listMailboxes;
  return forEach(session, mailbox, ids, { ...options, dryRun: true, everybody }, async (entry) => entry);
}

export const retryDead = operation('dlq.retry', retryDeadBody, ofMailbox);

async function retryDeadBody(
  session: Session,
  mailbox: string | undefined,
  ids: readonly string[] | 'all',
  options: DeadOptions = {},
): Promise<(Entry | DreamosError)[]> {
  // Of one that is deleted it would be ready for nobody.
  if (mailbox !== undefined) await resolveAgent(session, mailbox);
  return forEach(session, mailbox, ids, { ...options, everybody: listAgents }, async (entry) => {
    if (mailbox === undefined) await resolveAgent(session, entry.mailbox);
    return session.store.mail.retry(entry, actingOf(session));
  });
}

export interface Purged {
  readonly id: string;
  readonly mailbox: string;
}

export const purgeDead = operation('dlq.purge', purgeDeadBody, ofMailbox);

async function purgeDeadBody(
  session: Session,
  mailbox: string | undefined,
  ids: readonly string[] | 'all',
  options: PurgeOptions = {},
): Promise<(Purged | DreamosError)[]> {
  const { filter, dryRun = false, force = false } = options;
  if (ids === 'all' && !isSet(filter) && !dryRun && !force) throw wantsForce(mailbox);
  const purge = async (entry: Entry): Promise<Entry> => {
    await session.store.mail.purge(entry, actingOf(session));
    return entry;
  };
  const purgeThem = (): Promise<(Entry | DreamosError)[]> =>
    forEach(session, mailbox, ids, { ...options, everybody: listMailboxes }, purge);
  const results = await (dryRun ? purgeThem() : session.store.documents.withLock('purge', purgeThem));
  return results.map((one) => (one instanceof DreamosError ? one : { id: one.id, mailbox: one.mailbox }));
}

function wantsForce(mailbox: string | undefined): DreamosError {
  const where = mailbox === undefined ? 'in every mailbox' : `of ${mailbox}`;
  const words = mailbox === undefined ? '' : ` ${mailbox}`;
  return usage(
    `This deletes all dead letters ${where} for good. To see them first: dreamos dlq list${words}`,
    `dreamos dlq purge${words} --all --force`,
  );
}

async function forEach(
  session: Session,
  mailbox: string | undefined,
  ids: readonly string[] | 'all',
  options: DeadOptions & { readonly everybody: Everybody },
  change: (entry: Entry) => Promise<Entry>,
): Promise<(Entry | DreamosError)[]> {
  const { filter, limit, dryRun = false, onProgress, signal } = options;
  if (ids !== 'all' && (isSet(filter) || limit !== undefined))
    throw usage('Ids and a filter or a limit are two different things to ask for.', 'Leave out one of them.');
  // Refuses what cannot be meant, before anything is moved.
  sieveOf(session, filter);
  const failures: DreamosError[] = [];
  // All that are dead now, before the first change: what dies again meanwhile is not retried for ever.
  const name = mailbox === undefined ? undefined : (await resolveMailbox(session, mailbox)).name;
  const wanted: (string | Entry)[] = [];
  if (ids !== 'all') for (const id of ids) wanted.push(await wholeOrSame(session, name, id));
  else {
    const whole = await withWholeId(session, options, { mailbox: name, states: ['dead'] });
    wanted.push(...(await allThatFit(session, mailbox, whole, failures)));
  }
  // In the order in which they were sent (ids sort by time), whatever the order of dying or of asking: so they come again.
  const inOrder = [...wanted]
    .sort((a, b) => (idOf(a) < idOf(b) ? -1 : Number(idOf(a) > idOf(b))))
    .slice(0, limit === undefined ? undefined : Math.max(0, limit));
  const results = new Map<string | Entry, Entry | DreamosError>();
  for (const one of inOrder) {
    if (signal?.aborted) break;
    try {
      const entry =
        typeof one === 'string'
          ? await deadEntry(session, name ?? (await mailboxOf(session, one, 'dead', 'dlq show')), one)
          : one;
      results.set(one, dryRun ? entry : await change(entry));
    } catch (error) {
      if (!(error instanceof DreamosError)) throw error;
      // An id that is named twice has been changed.
      if (!results.has(one)) results.set(one, error);
    }
    if (!dryRun) onProgress?.(results.size);
  }
  const asked = ids === 'all' ? inOrder : wanted;
  return [...asked.flatMap((one) => results.get(one) ?? []), ...failures];
}

/** @param failures of mailboxes that could not be looked into, where none was named */
async function allThatFit(
  session: Session,
  mailbox: string | undefined,
  { filter, dryRun = false, signal, everybody }: DeadOptions & { readonly everybody: Everybody },
  failures: DreamosError[],
): Promise<Entry[]> {
  const all: Entry[] = [];
  for (const name of await namesOf(session, mailbox, everybody)) {
    if (signal?.aborted) break;
    try {
      if (dryRun) await bringDueOrWarn(session, name, { bury: true });
      else await bringUpToDate(session, { name });
      // Without a filter nothing is read, so that what cannot be read goes, too.
      if (!isSet(filter)) for await (const entry of session.store.look.list(name, 'dead')) all.push(entry);
      else for await (const { entry } of listEntries(session, name, ['dead'], { filter, signal })) all.push(entry);
    } catch (error) {
      if (mailbox !== undefined) throw error;
      failures.push(notAllOf(name, error));
    }
  }
  return all;
}

function notAllOf(name: string, error: unknown): DreamosError {
  const { kind, code, hint } = diskTrouble(error);
  return new DreamosError(kind, code, notLookedInto(name, error), { hint, cause: error });
}

function isSet(filter: DeadFilter | undefined): boolean {
  return Object.values(filter ?? {}).some((wanted) => wanted !== undefined);
}

function idOf(one: string | Entry): string {
  return typeof one === 'string' ? one : one.id;
}

async function wholeId(session: Session, mailbox: string | undefined, end: string): Promise<string> {
  if (isId(end)) return end;
  const dead = ['dead'] as const;
  if (mailbox !== undefined) return meantId(session, end, { mailbox, states: dead }, { mailbox });
  const own = session.acting === undefined ? undefined : await session.store.documents.getAgent(session.acting);
  return meantId(session, end, ...(own ? [{ mailbox: own.name, states: dead }] : []), { states: dead }, {});
}

/** What cannot be told stays as it is, to be refused when its turn comes. */
async function wholeOrSame(session: Session, mailbox: string | undefined, end: string): Promise<string> {
  try {
    return await wholeId(session, mailbox, end);
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    return end;
  }
}

async function deadEntry(session: Session, mailbox: string, end: string): Promise<Entry> {
  const id = await wholeId(session, mailbox, end);
  const [entry] = await findNow(session, id, mailbox);
  if (!entry) throw messageNotFound(id, mailbox);
  if (entry.state !== 'dead') throw notInState(entry, 'dead');
  return entry;
}

function toDead<M extends Message | null>(
  { id, mailbox }: Entry,
  message: M,
  { reason, attempts, deadAt }: Omit<DeadReason, 'history'>,
): Omit<Dead, 'message'> & { readonly message: M } {
  return { id, mailbox, reason, attempts, deadAt: new Date(deadAt).toISOString(), message };
}
