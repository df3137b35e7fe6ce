import type { AgentCard } from '../../model/agent.ts';
import type { Delivery } from '../../storage/port/store.ts';
import { resolveAgent } from '../agents/agents.ts';
import { acceptsOf, type Filter } from '../look/filter.ts';
import { checkLease } from './lease.ts';
import type { Session } from '../root/root.ts';
import { effectiveSettings } from '../root/settings.ts';
import { createWaiter, type Waiter } from '../wait/wait.ts';

export type { Filter } from '../look/filter.ts';

export interface ReadOptions {
  /** How long the claim holds; milliseconds, at most 12 h. Else the mailbox's setting, 15 m by default. */
  readonly leaseMs?: number;
  /** The longest time to wait for a message; milliseconds. */
  readonly waitMs?: number;
  readonly filter?: Filter;
  readonly signal?: AbortSignal;
  /** Who claims, for the event log; else the acting agent, else the mailbox's. */
  readonly by?: string;
}

/**
 * Claims the next message of a mailbox. Syncs nothing: a claim that a power cut undoes is a redelivery.
 * @returns `undefined`: nothing was there, nothing came in time, or the signal came
 * @throws AGENT_NOT_FOUND, NAME_INVALID, USAGE for a lease of more than 12 h
 */
export async function readNext(
  session: Session,
  mailbox: string,
  options: ReadOptions = {},
): Promise<Delivery | undefined> {
  const card = await resolveAgent(session, mailbox);
  const waiter = createWaiter(session, card.name);
  try {
    return await claimNext(session, card, waiter, options);
  } finally {
    await waiter.close();
  }
}

/** As `readNext`, for a caller who reads again and again. */
export async function claimNext(
  session: Session,
  card: AgentCard,
  waiter: Waiter,
  options: ReadOptions,
): Promise<Delivery | undefined> {
  const { leaseMs, policy } = await effectiveSettings(session, card);
  const accepts = acceptsOf(options.filter);
  const claim = {
    leaseMs: checkLease(options.leaseMs ?? leaseMs),
    policy,
    by: options.by ?? session.acting ?? card.name,
    ...(accepts && { accepts }),
    ...(options.signal && { signal: options.signal }),
  };
  return waiter.next(() => session.store.claim(card.name, claim), options);
}
