import type { AgentCard } from '../../model/agent.ts';
import { namesNow, resolveAgent } from '../agents/agents.ts';
import type { Filter } from '../../model/filter.ts';
import { isId } from '../../model/id.ts';
import { unfinished } from '../../model/state.ts';
import { pausedSentence } from '../agents/pause.ts';
import { checkLease } from './lease.ts';
import type { Session } from '../root/root.ts';
import { effectiveSettings } from '../root/settings.ts';
import { troubleIsOver, warnOnce } from '../root/trouble.ts';
import { createWaiter, type Waiter } from '../wait/wait.ts';
import type { Delivery } from '../../storage/port/mail.ts';

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

export async function readNext(
  session: Session,
  mailbox: string,
  options: ReadOptions = {},
): Promise<Delivery | undefined> {
  const card = await resolveAgent(session, mailbox);
  // Who does not wait has nothing to listen to.
  if (options.waitMs === undefined || options.waitMs === 0)
    return options.signal?.aborted ? undefined : (await claimerFor(session, card, options))();
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
  let isPaused = false;
  const onLook = (paused: boolean): void => void (isPaused = paused);
  const claim = await claimerFor(session, card, { ...options, onLook });
  return waiter.next(claim, { ...options, mostRestMs: () => (isPaused ? pausedRestMs : Infinity) });
}

// No event tells that a mailbox is resumed.
const pausedRestMs = 1000;

export interface ClaimHow extends Pick<ReadOptions, 'leaseMs' | 'filter' | 'signal' | 'by' | 'waitMs'> {
  /** Only answers in the inbox of this request. */
  readonly inbox?: string;
  /** Called by each attempt that looks whether the mailbox is paused. */
  readonly onLook?: (paused: boolean) => void;
}

/**
 * One attempt to claim, each time it is called; of a paused mailbox nothing, but for the answers to a request.
 * @param card as it is now: only later attempts read it anew
 * @throws USAGE for a lease that is too long or too short
 */
export async function claimerFor(
  session: Session,
  card: AgentCard,
  { leaseMs, filter: asked, signal, by, inbox, waitMs = 0, onLook }: ClaimHow,
): Promise<() => Promise<Delivery | undefined>> {
  const filter = asked?.id === undefined || isId(asked.id) ? asked : await filterFor(session, card, asked);
  const settings = await effectiveSettings(session, card);
  // What the claimer's environment says holds for its claims, whoever takes them back; all else is the mailbox's own.
  const { maxAttempts } = settings.policy;
  const policy = settings.ownPolicy;
  const lease = checkLease(leaseMs ?? settings.leaseMs);
  let mailbox = card.name;
  const claim = () =>
    session.store.mail.claim(mailbox, {
      leaseMs: lease,
      token: session.ids.token(),
      policy,
      // Each field always and none spread in: another shape with each claim makes V8 slow (10 us of a claim).
      maxAttempts: maxAttempts === policy.maxAttempts ? undefined : maxAttempts,
      by: by ?? session.acting ?? card.name,
      filter,
      inbox,
      signal,
    });
  if (inbox !== undefined)
    return async () => {
      const answer = await claim();
      // Whoever asked may have another name by now, and the answer comes there.
      if (answer === undefined && !(await session.store.documents.getAgent(mailbox)))
        mailbox = (await namesNow(session, mailbox))[0] ?? mailbox;
      return answer;
    };
  let known: AgentCard | undefined = card;
  return async () => {
    const now = known ?? (await session.store.documents.getAgent(card.name));
    known = undefined;
    // Deleted or renamed while somebody waits.
    if (now?.deletedAt || (!now && (await namesNow(session, card.name)).length > 0))
      await resolveAgent(session, card.name);
    onLook?.(Boolean(now?.pausedAt));
    if (!now?.pausedAt) {
      troubleIsOver(session, `pause of ${card.name}`);
      return claim();
    }
    if (waitMs > 0) warnOnce(session, `pause of ${card.name}`, pausedSentence(now) ?? '');
    return undefined;
  };
}

async function filterFor(session: Session, { name }: AgentCard, filter: Filter): Promise<Filter> {
  const { withWholeId } = await import('../look/meant.ts');
  const places = [{ mailbox: name, states: unfinished }, { mailbox: name }];
  return (await withWholeId(session, { filter }, ...places)).filter;
}
