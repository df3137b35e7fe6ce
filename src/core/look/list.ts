import type { Listed } from '../../contract/look.ts';
import { sameAgent } from '../../model/agent.ts';
import type { Message } from '../../model/message.ts';
import type { Signature } from '../../model/signed/signature.ts';
import { mailboxesOf } from '../agents/agents.ts';
import { signatureCheck } from '../identity/signatures/look.ts';
import { bringDueOrWarn, cannotMoveDue, isOverdue } from '../wait/due.ts';
import type { DeadFilter } from '../../model/filter.ts';
import { type Holder, holderFields, holdersIn } from './holders.ts';
import { upTo } from './in-time.ts';
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
  readonly signal?: AbortSignal;
}

/** Of one mailbox, or of all, one after the other. */
export const list = eachOf('list', listBody, ofMailbox);

async function* listBody(
  session: Session,
  mailbox?: string,
  options: ListOptions = {},
): AsyncGenerator<Listed, void, undefined> {
  const { limit, signal } = options;
  const states = options.states ?? statesWithout(options.filter);
  const names = await mailboxesOf(session, mailbox);
  const { filter } = await withWholeId(session, options, { mailbox: mailbox && names[0] });
  const check = await signatureCheck(session);
  async function* inMailbox(name: string): AsyncGenerator<Listed, void, undefined> {
    if (signal?.aborted) return;
    await bringDueOrWarn(session, name, { bury: states.includes('dead') });
    const holderOf = holdersIn(session, name);
    for await (const seen of listEntries(session, name, states, filter, signal))
      yield toListed(session, seen, {
        reason: await reasonOf(seen),
        holder: await holderOf(seen.entry),
        signature: await check?.(seen.message),
      });
  }
  // One that was asked for by name and cannot be looked into is an error.
  yield* upTo(limit, mailbox === undefined ? lookIntoAll(session, names, inMailbox) : inMailbox(names[0] ?? ''));
}

/** Where a list looks that names no states. */
export function statesWithout(filter: DeadFilter | undefined): readonly State[] {
  return filter?.reason === undefined ? unfinished : ['dead'];
}

/** Each entry in the given states once, with its message; what has moved on meanwhile is left out. */
export async function* listEntries(
  session: Session,
  mailbox: string,
  states: readonly State[],
  filter?: DeadFilter,
  signal?: AbortSignal,
): AsyncGenerator<Seen, void, undefined> {
  const sieve = sieveOf(session, filter);
  // A scan can show an entry twice while it is renamed.
  const seen = new Set<string>();
  for (const state of states) {
    for await (const listed of session.store.look.list(mailbox, state)) {
      if (signal?.aborted) return;
      if (isAsGoodAsDead(session, listed)) continue;
      if (seen.has(listed.id) || !sieve.mayFit(listed)) continue;
      const found = await readCurrent(session, listed, states);
      if (!found || !(await sieve.fits(found))) continue;
      seen.add(listed.id);
      yield found;
    }
  }
}

/** How many a list without a filter has. It reads none of them. */
export const countListed = operation('list', countListedBody, ofMailbox);

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
  { entry, message }: Omit<Seen, 'why'>,
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
    message,
    ...(mine && receipt !== undefined && { receipt }),
    ...holderFields(holder),
    ...(leaseUntil !== undefined && { leaseUntil: new Date(leaseUntil).toISOString() }),
    ...(dueAt !== undefined && { dueAt: new Date(dueAt).toISOString() }),
    ...(reason !== undefined && { reason }),
    ...signature,
  };
}
