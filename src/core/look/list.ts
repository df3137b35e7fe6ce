import type { Listed } from '../../contract/look.ts';
import { sameAgent } from '../../model/agent.ts';
import type { Message } from '../../model/message.ts';
import { resolveAgent } from '../agents/agents.ts';
import { bringDueOrWarn, cannotMoveDue, isOverdue } from '../wait/due.ts';
import { acceptsOf, type Filter } from '../../model/filter.ts';
import { readOrWarn } from './read-entry.ts';
import type { Session } from '../root/root.ts';
import type { Entry } from '../../storage/port/look.ts';
import { type State, unfinished } from '../../model/state.ts';

export interface ListOptions {
  /** Ready, delayed and inflight by default. */
  readonly states?: readonly State[];
  readonly limit?: number;
  readonly filter?: Filter;
  readonly signal?: AbortSignal;
}

export async function* list(
  session: Session,
  mailbox: string,
  options: ListOptions = {},
): AsyncGenerator<Listed, void, undefined> {
  const { states = unfinished, limit = Infinity, filter, signal } = options;
  const card = await resolveAgent(session, mailbox);
  await bringDueOrWarn(session, card.name, { bury: states.includes('dead') });
  let listed = 0;
  if (limit <= 0) return;
  for await (const { entry, message } of listEntries(session, card.name, states, filter, signal)) {
    yield toListed(session, entry, message);
    if (++listed >= limit) return;
  }
}

/** Each entry in the given states once, with its message; what has moved on meanwhile is left out. */
export async function* listEntries(
  session: Session,
  mailbox: string,
  states: readonly State[],
  filter?: Filter,
  signal?: AbortSignal,
): AsyncGenerator<{ entry: Entry; message: Message | null }, void, undefined> {
  const accepts = acceptsOf(filter);
  // A scan can show an entry twice while it is renamed.
  const seen = new Set<string>();
  for (const state of states) {
    for await (const listed of session.store.look.list(mailbox, state)) {
      if (signal?.aborted) return;
      // As good as dead, and only not buried yet. What cannot be buried would be seen nowhere.
      const overdue = state === 'ready' && isOverdue(listed, session.store.now());
      if (overdue && !cannotMoveDue(session, mailbox)) continue;
      if (seen.has(listed.id)) continue;
      const found = await readCurrent(session, listed, states);
      if (!found || (accepts && !(found.message && accepts(found.message)))) continue;
      seen.add(listed.id);
      yield found;
    }
  }
}

// What was renamed between the scan and the read (renewed, for one) is looked up once more where it is now.
async function readCurrent(
  session: Session,
  listed: Entry,
  states: readonly State[],
): Promise<{ entry: Entry; message: Message | null } | undefined> {
  const message = await readOrWarn(session, listed);
  if (message !== undefined) return { entry: listed, message };
  const [entry] = await session.store.look.find(listed.id, listed.mailbox);
  if (!entry || !states.includes(entry.state)) return undefined;
  const moved = await readOrWarn(session, entry);
  return moved === undefined ? undefined : { entry, message: moved };
}

export function toListed(session: Session, entry: Entry, message: Message | null): Listed {
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
    ...(leaseUntil !== undefined && { leaseUntil: new Date(leaseUntil).toISOString() }),
    ...(dueAt !== undefined && { dueAt: new Date(dueAt).toISOString() }),
  };
}
