import type { Listed } from '../../contract/look.ts';
import { sameAgent } from '../../model/agent.ts';
import type { Message } from '../../model/message.ts';
import type { Signature } from '../../model/signed/signature.ts';
import { mailboxesOf } from '../agents/agents.ts';
import { signatureCheck } from '../identity/signatures/look.ts';
import { cursorInvalid, namesFrom, placedAt, placeIn } from '../root/cursor.ts';
import { bringDueOrWarn, cannotMoveDue, isOverdue } from '../wait/due.ts';
import type { DeadFilter } from '../../model/filter.ts';
import { type Holder, holderFields, holdersIn } from './holders.ts';
import { isToldBefore, type TimedStart, upTo } from './in-time.ts';
import type { Opener } from '../seal/opener.ts';
import { withWholeId } from './meant.ts';
import { readOrWarn, whyOrWarn } from './read-entry.ts';
import { lookIntoAll } from '../root/trouble.ts';
import { type Seen, sieveOf } from './sieve.ts';
import type { Session } from '../root/root.ts';
import type { Entry } from '../../storage/port/look.ts';
import { type State, unfinished } from '../../model/state.ts';
import { eachOf, ofMailbox, operation } from '../root/operation.ts';

export interface ListOptions {
  /** Ready, delayed and inflight by default; with a reason in the filter, dead. */
  readonly states?: readonly State[];
  readonly limit?: number;
  readonly filter?: DeadFilter;
  /** Behind this place: `cursorOf` tells it of an item. */
  readonly after?: string;
  readonly signal?: AbortSignal;
  /** Opens what is sealed, as `search` does; the filter looks at the subject inside. */
  readonly unseal?: boolean;
}

/** Of one mailbox, or of all, one after the other. */
export const list = eachOf('list', listBody, ofMailbox);

async function* listBody(
  session: Session,
  mailbox?: string,
  options: ListOptions = {},
): AsyncGenerator<Listed, void, undefined> {
  const { limit, signal, after } = options;
  const states = options.states ?? statesWithout(options.filter);
  const from = after === undefined ? undefined : startAt(after);
  const all = await mailboxesOf(session, mailbox);
  const names = from ? namesFrom(all, from.mailbox) : all;
  const { filter } = await withWholeId(session, options, { mailbox: mailbox && names[0] });
  const check = await signatureCheck(session);
  const opener = await openerIf(session, options.unseal);
  async function* inMailbox(name: string): AsyncGenerator<Listed, void, undefined> {
    if (signal?.aborted) return;
    await bringDueOrWarn(session, name, { bury: states.includes('dead') });
    const holderOf = holdersIn(session, name);
    for await (const seen of listEntries(session, name, states, { filter, signal, from, opener })) {
      const listed = toListed(session, seen, {
        reason: await reasonOf(seen),
        holder: await holderOf(seen.entry),
        signature: await check?.(seen.message),
      });
      yield placedAt(listed, ...inLook(session, seen.place));
    }
  }
  try {
    // One that was asked for by name and cannot be looked into is an error.
    yield* upTo(limit, mailbox === undefined ? lookIntoAll(session, names, inMailbox) : inMailbox(names[0] ?? ''));
  } finally {
    opener?.end();
  }
}

/** Age is loaded by the first message that is sealed. */
export async function openerIf(session: Session, unseal: boolean | undefined): Promise<Opener | undefined> {
  return unseal ? (await import('../seal/opener.ts')).createOpener(session, 'shown') : undefined;
}

/** Where a list looks that names no states. */
export function statesWithout(filter: DeadFilter | undefined): readonly State[] {
  return filter?.reason === undefined ? unfinished : ['dead'];
}

/** Where a look over several states goes on. */
export interface Start {
  readonly mailbox: string;
  readonly state: string;
  /** Of the storage: what is behind it. */
  readonly place: string;
}

/** As `startAt` takes it. */
export function inLook({ store: { look } }: Session, entry: Entry): [mailbox: string, state: string, place: string] {
  return [entry.mailbox, entry.state, look.placeOf(entry)];
}

/** @throws CURSOR_INVALID */
export function startAt(after: string): Start {
  const [mailbox, state, place] = placeIn(after, ['', '', '']);
  return { mailbox, state, place };
}

export interface EntriesHow {
  readonly filter?: DeadFilter | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Behind it, in its mailbox; in others from the beginning. */
  readonly from?: Start | undefined;
  /** Of what is archived or dead: what got there at this moment or before it. */
  readonly until?: number | undefined;
  /** Of what is sealed; a subject is looked for inside then. */
  readonly opener?: Opener | undefined;
}

/** Where a look for the newest of several mailboxes goes on in one of them. */
export function newestFrom(
  name: string,
  state: 'archived' | 'dead',
  start: TimedStart | undefined,
): Pick<EntriesHow, 'from' | 'until'> {
  if (start === undefined) return {};
  const { mailbox, place, at } = start;
  if (sameAgent(name, mailbox)) return { from: { mailbox, state, place } };
  return { until: isToldBefore(name, start) ? at - 1 : at };
}

/** An entry, and where the look came upon it: it may have moved on since. */
type Placed = Seen & { readonly place: Entry };

/** Each entry in the given states once, with its message; what has moved on meanwhile is left out. */
export async function* listEntries(
  session: Session,
  mailbox: string,
  states: readonly State[],
  { filter, signal, from, until, opener }: EntriesHow = {},
): AsyncGenerator<Placed, void, undefined> {
  const sieve = sieveOf(session, filter);
  const isHere = from !== undefined && sameAgent(from.mailbox, mailbox);
  const first = isHere ? states.findIndex((state) => state === from.state) : 0;
  if (first < 0) throw cursorInvalid();
  // A scan can show an entry twice while it is renamed.
  const seen = new Set<string>();
  for (const [at, state] of states.entries()) {
    if (at < first) continue;
    const begin = { ...(isHere && at === first && { after: from.place }), ...(until !== undefined && { until }) };
    for await (const listed of session.store.look.list(mailbox, state, begin)) {
      if (signal?.aborted) return;
      if (isAsGoodAsDead(session, listed)) continue;
      if (seen.has(listed.id) || !sieve.mayFit(listed)) continue;
      const found = await readCurrent(session, listed, states);
      if (!found) continue;
      // To open one costs as much as to read fifty.
      const isInside = opener !== undefined && filter?.subject !== undefined;
      if (!isInside && !(await sieve.fits(found))) continue;
      const opened = found.message === null ? undefined : await opener?.open(found.message, found.entry.mailbox);
      if (isInside && !(await sieve.fits({ ...found, message: opened ?? found.message }))) continue;
      seen.add(listed.id);
      yield { ...found, ...(opened && { opened }), place: listed };
    }
  }
}

/** How many a list without a filter has. It reads none of them. */
export const countListed = operation('list', countListedBody, ofMailbox, 'countListed');

async function countListedBody(
  session: Session,
  mailbox: string | undefined,
  states: readonly State[],
  signal?: AbortSignal,
): Promise<number> {
  const names = await mailboxesOf(session, mailbox);
  let count = 0;
  for await (const one of lookIntoAll(session, names, inMailbox)) count += one;
  return count;

  async function* inMailbox(name: string): AsyncGenerator<number, void, undefined> {
    const seen = new Set<string>();
    for (const state of states) {
      for await (const entry of session.store.look.list(name, state)) {
        if (signal?.aborted) return;
        if (!isAsGoodAsDead(session, entry)) seen.add(entry.id);
      }
    }
    yield seen.size;
  }
}

/** Only not buried yet. What cannot be buried would be seen nowhere. */
function isAsGoodAsDead(session: Session, entry: Entry): boolean {
  return entry.state === 'ready' && isOverdue(entry, session.store.now()) && !cannotMoveDue(session, entry.mailbox);
}

// What was renamed between the scan and the read (renewed, for one) is looked up once more where it is now.
async function readCurrent(session: Session, listed: Entry, states: readonly State[]): Promise<Seen | undefined> {
  const message = await readOrWarn(session, listed);
  if (message !== undefined) return asSeen(session, listed, message);
  const [entry] = await session.store.look.find(listed.id, listed.mailbox);
  if (!entry || !states.includes(entry.state)) return undefined;
  const moved = await readOrWarn(session, entry);
  return moved === undefined ? undefined : asSeen(session, entry, moved);
}

function asSeen(session: Session, entry: Entry, message: Message | null): Seen {
  let why: ReturnType<Seen['why']> | undefined;
  return { entry, message, why: () => (why ??= whyOrWarn(session, entry)) };
}

/** For who shows it: why it is dead, if it is. */
export async function reasonOf({ why }: Seen): Promise<string | undefined> {
  return (await why())?.reason;
}

export function toListed(
  session: Session,
  { entry, message, opened }: Omit<Seen, 'why'>,
  known: {
    readonly reason?: string | undefined;
    readonly holder?: Holder | undefined;
    readonly signature?: Signature | undefined;
  } = {},
): Listed {
  const { reason, holder, signature } = known;
  const { id, mailbox, state, priority, attempt, receipt, leaseUntil, dueAt } = entry;
  const mine = session.acting !== undefined && sameAgent(session.acting, mailbox);
  return {
    id,
    mailbox,
    state,
    priority,
    attempt,
    message: opened ?? message,
    ...(opened && { unsealed: true as const }),
    ...(mine && receipt !== undefined && { receipt }),
    ...holderFields(holder),
    ...(leaseUntil !== undefined && { leaseUntil: new Date(leaseUntil).toISOString() }),
    ...(dueAt !== undefined && { dueAt: new Date(dueAt).toISOString() }),
    ...(reason !== undefined && { reason }),
    ...signature,
  };
}
