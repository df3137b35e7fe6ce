import type { AgentCard } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import { resolveAgent } from '../agents/agents.ts';
import type { Filter } from '../../model/filter.ts';
import { isId } from '../../model/id.ts';
import { once } from '../../model/schema.ts';
import { unfinished } from '../../model/state.ts';
import { traceOf } from '../../model/trace/trace-context.ts';
import { pausedSentence } from '../agents/pause.ts';
import { isSame, seen } from '../agents/seen.ts';
import { checkLabel, checkProved } from '../root/names.ts';
import { checkLease } from './lease.ts';
import type { Session } from '../root/root.ts';
import { type Effective, effectiveSettings } from '../root/settings.ts';
import { isTracing, traced } from '../root/tracing.ts';
import { isEngineAway, troubleIsOver, warnOnce } from '../root/trouble.ts';
import { createWaiter, type Waiter } from '../wait/wait.ts';
import type { ClaimOptions, Delivery } from '../../storage/port/mail.ts';
import { operation } from '../root/operation.ts';

export interface ReadOptions {
  /** How long the claim holds; milliseconds, at most 12 h. Else the mailbox's setting, 15 m by default. */
  readonly leaseMs?: number;
  /** The longest time to wait for a message; milliseconds. */
  readonly waitMs?: number;
  readonly filter?: Filter;
  readonly signal?: AbortSignal;
  /** Who claims, for the event log; else the acting agent, else the mailbox's. */
  readonly by?: string;
  /** What the consumer calls itself, for the event log; else the label of who opened the root. 1 to 64 characters. */
  readonly label?: string;
  /**
   * Opens what is sealed, with the key of the mailbox's agent or of who acts. What does not open is given back with a
   * warning, as a failed attempt, and the next one is claimed; where no key is here (UNAUTHENTICATED) without one.
   */
  readonly unseal?: boolean;
}

export const readNext = operation('read', readNextBody, (mailbox, { waitMs = 0 } = {}) => ({
  named: [mailbox],
  lasting: waitMs > 0 ? 'claims' : undefined,
}));

async function readNextBody(
  session: Session,
  mailbox: string,
  options: ReadOptions = {},
): Promise<Delivery | undefined> {
  const card = await resolveAgent(session, mailbox);
  const reader = await createReader(session, card, options);
  // Who does not wait has nothing to listen to.
  if (options.waitMs === undefined || options.waitMs === 0)
    return options.signal?.aborted ? undefined : reader.attempt(options);
  const waiter = createWaiter(session, card.name);
  try {
    return await reader.next(waiter, options);
  } finally {
    await waiter.close();
  }
}

/** Reads one message after the other. What the card and the settings say by then holds for each attempt. */
export interface Reader {
  /** Of a paused mailbox nothing. */
  attempt(until: Until): Promise<Delivery | undefined>;
  next(waiter: Waiter, until: Until): Promise<Delivery | undefined>;
}

type Until = Pick<ReadOptions, 'waitMs' | 'signal'>;

/**
 * @param card as it is now: only later attempts read it anew @param token for each claim
 * @throws USAGE for a lease that is too long or too short, or for a label
 */
export async function createReader(
  session: Session,
  card: AgentCard,
  options: ReadOptions,
  token?: () => string,
): Promise<Reader> {
  const away = session.gate?.away;
  if (away) return (await import('./away.ts')).readerAway(session, away, card, options, token);
  const { leaseMs, filter: asked, label, unseal } = options;
  checkProved(session, options.by);
  // As he is called, however he writes it.
  const by = session.proved ? session.acting : options.by;
  const filter = asked?.id === undefined || isId(asked.id) ? asked : await filterFor(session, card, asked);
  if (leaseMs !== undefined) checkLease(leaseMs);
  if (label !== undefined) checkLabel(label);
  const unsure: Unsure = { token: undefined };
  /** Claimed and not opened: the engine went away between the two. */
  let unopened: Delivery | undefined;
  const openedFrom = async (delivery: Delivery): Promise<Delivery | undefined> => {
    const isNew = delivery !== unopened;
    unopened = undefined;
    const { openedOrGivenBack, notOpenedYet } = await import('./unsealed.ts');
    try {
      return await openedOrGivenBack(session, delivery);
    } catch (error) {
      if (!isEngineAway(error)) throw error;
      unopened = delivery;
      if (isNew) session.warn(notOpenedYet(delivery));
      throw error;
    }
  };
  const pauses = createPauses(session, card);
  const attempt = async ({ waitMs, signal }: Until): Promise<Delivery | undefined> => {
    if (unopened !== undefined && session.store.now() < unopened.leaseUntil) {
      const opened = await openedFrom(unopened);
      if (opened) return opened;
    }
    const now = await pauses.latest();
    if (pauses.isPaused(now, waitMs)) return undefined;
    for (;;) {
      const delivery = await claimNow(session, now, { leaseMs, filter, by, label, signal, token, unsure });
      if (!unseal || delivery?.message.sealed === undefined) return delivery;
      const opened = await openedFrom(delivery);
      if (opened) return opened;
    }
  };
  const next: Reader['next'] = (waiter, until) => waiter.next(() => attempt(until), until, pauses.mostRestMs);
  return { attempt, next };
}

/** Claims go by what the card says by then. */
interface Pauses {
  /** The card as it is by then. @throws AGENT_NOT_FOUND: deleted or renamed while somebody waits */
  latest(): AgentCard | Promise<AgentCard>;
  /** Of a paused mailbox nothing is claimed, which who waits is told. */
  isPaused(now: AgentCard, waitMs?: number): boolean;
  /** For the waiter. */
  mostRestMs(): number;
}

/** @param card as it is now: only later attempts read it anew */
export function createPauses(session: Session, card: AgentCard): Pauses {
  const pause = `pause of ${card.name}`;
  let known: AgentCard | undefined = card;
  let isPaused = false;
  return {
    latest: () => {
      const first = known;
      known = undefined;
      return first ?? resolveAgent(session, card.name);
    },
    isPaused: (now, waitMs = 0) => {
      isPaused = Boolean(now.pausedAt);
      if (!isPaused) troubleIsOver(session, pause);
      else if (waitMs > 0) warnOnce(session, pause, pausedSentence(now) ?? '');
      return isPaused;
    },
    mostRestMs: () => (isPaused ? pausedRestMs : Infinity),
  };
}

// No event tells that a mailbox is resumed.
const pausedRestMs = 1000;

interface ClaimHow {
  readonly leaseMs?: number | undefined;
  readonly filter?: Filter | undefined;
  readonly by?: string | undefined;
  readonly label?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Only answers in the inbox of this request. */
  readonly inbox?: string;
  /** For each claim. */
  readonly token?: (() => string) | undefined;
  readonly unsure?: Unsure;
}

/** Of who tries again: the token of a claim of which nobody knows whether it was made. By that he gets what it took. */
interface Unsure {
  token: string | undefined;
}

// A module that is asked for again costs 30 us.
const checking = once(() => import('./signed.ts'));

/**
 * One attempt to claim. What is not signed as the root requires it goes to the dead-letter queue, and the next one comes.
 * @throws USAGE for a lease that is too long or too short; SIGNATURE_INVALID, SIGNATURE_MISSING of the one that the filter names
 */
export async function claimNow(session: Session, card: AgentCard, how: ClaimHow): Promise<Delivery | undefined> {
  const again = session.checkAgain?.();
  if (again) await again;
  const settings = await effectiveSettings(session, card);
  const audit = settings.auditsMail ? await session.audit() : undefined;
  if (isSaidApart(session, card)) await seen(session, card.name);
  const startedAt = isTracing() ? session.clock.now() : 0;
  const claim = claimAs(session, card, how, settings);
  const first = await session.store.mail.claim(card.name, claim).catch((error: unknown) => {
    if (how.unsure && isEngineAway(error)) how.unsure.token = claim.token;
    throw error;
  });
  if (how.unsure) how.unsure.token = undefined;
  // In a function of its own: for what it has to remember this one would pay with each claim.
  const delivery =
    first === undefined || settings.signatures === 'off'
      ? first
      : await signedFrom(session, first, claim, how, settings);
  if (delivery !== undefined && audit)
    await audit.noteMail(session, [{ op: 'claim', by: claim.by, id: delivery.message.id, mailbox: delivery.mailbox }]);
  if (delivery !== undefined && isTracing()) await tellReceived(session, delivery, startedAt);
  return delivery;
}

// One async function of these two and what is awaited around them would cost each claim three promises.

/** Whether a claim of this mailbox does not say of itself that its agent is there: it is of another agent. */
export function isSaidApart({ acting }: Session, card: AgentCard): boolean {
  return acting !== undefined && !isSame(acting, card.name);
}

/** What a claim is made with. @throws USAGE for a lease that is too long or too short */
export function claimAs(
  session: Session,
  card: AgentCard,
  how: ClaimHow,
  settings: Effective,
): ClaimOptions & { readonly by: string } {
  // What the claimer's environment says holds for its claims, whoever takes them back; all else is the mailbox's own.
  const { maxAttempts } = settings.policy;
  const policy = settings.ownPolicy;
  return {
    leaseMs: checkLease(how.leaseMs ?? settings.leaseMs),
    token: how.unsure?.token ?? how.token?.() ?? session.ids.token(),
    repeat: how.unsure?.token !== undefined,
    policy,
    // Each field always and none spread in: another shape with each claim makes V8 slow (10 us of a claim).
    maxAttempts: maxAttempts === policy.maxAttempts ? undefined : maxAttempts,
    by: how.by ?? session.acting ?? card.name,
    label: how.label ?? session.label,
    filter: how.filter,
    inbox: how.inbox,
    signal: how.signal,
  };
}

async function signedFrom(
  session: Session,
  first: Delivery,
  claim: ClaimOptions,
  { token }: ClaimHow,
  { signatures }: Effective,
): Promise<Delivery | undefined> {
  if (signatures === 'off') return first;
  const { onlySigned } = await checking();
  const next = () => session.store.mail.claim(first.mailbox, { ...claim, token: token?.() ?? session.ids.token() });
  return onlySigned(session, first, claim, signatures, next);
}

export function isRefusedForSignature(error: unknown): boolean {
  return error instanceof DreamosError && (error.code === 'SIGNATURE_INVALID' || error.code === 'SIGNATURE_MISSING');
}

/** Of who looks and finds nothing there are no spans. */
export function tellReceived(session: Session, { mailbox, message }: Delivery, startedAt: number): Promise<void> {
  const about = { operation: 'receive', destination: mailbox, id: message.id, startedAt } as const;
  return traced(
    session,
    () => ({ ...about, trace: traceOf(message) }),
    async () => undefined,
  );
}

async function filterFor(session: Session, { name }: AgentCard, filter: Filter): Promise<Filter> {
  const { withWholeId } = await import('../look/meant.ts');
  const places = [{ mailbox: name, states: unfinished }, { mailbox: name }];
  return (await withWholeId(session, { filter }, ...places)).filter;
}
