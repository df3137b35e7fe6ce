import type { AgentCard } from '../model/agent.ts';
import type { Delivery } from '../storage/store.ts';
import { resolveAgent } from './agents.ts';
import { acceptsOf, type Filter } from './filter.ts';
import { checkLease } from './lease.ts';
import type { Root } from './root.ts';
import { effectiveSettings } from './settings.ts';
import { createWaiter, type Waiter } from './wait.ts';

export type { Filter } from './filter.ts';

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
export async function readNext(root: Root, mailbox: string, options: ReadOptions = {}): Promise<Delivery | undefined> {
  const card = await resolveAgent(root, mailbox);
  const waiter = createWaiter(root, card.name);
  try {
    return await claimNext(root, card, waiter, options);
  } finally {
    await waiter.close();
  }
}

/** As `readNext`, for a caller who reads again and again. */
export async function claimNext(
  root: Root,
  card: AgentCard,
  waiter: Waiter,
  options: ReadOptions,
): Promise<Delivery | undefined> {
  const { leaseMs, policy } = await effectiveSettings(root, card);
  const accepts = acceptsOf(options.filter);
  const claim = {
    leaseMs: checkLease(options.leaseMs ?? leaseMs),
    policy,
    by: options.by ?? root.acting ?? card.name,
    ...(accepts && { accepts }),
    ...(options.signal && { signal: options.signal }),
  };
  return waiter.next(() => root.store.claim(card.name, claim), options);
}
