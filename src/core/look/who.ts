import type { AtHand, PresenceJson, WhoIs } from '../../contract/reach.ts';
import { type AgentCard, isQueue } from '../../model/agent.ts';
import { isoTime } from '../../model/clock.ts';
import { hourMs } from '../../model/basics/limits.ts';
import { usage } from '../../model/refusals.ts';
import { listAgents, resolveAgent } from '../agents/agents.ts';
import { type Presence, presenceJson, presences } from '../agents/presence.ts';
import { toolSessions } from '../agents/tool-sessions.ts';
import type { Session } from '../root/root.ts';
import { lookIntoEach } from '../root/trouble.ts';
import { claimedIn, holderFields, holdersOf } from './holders.ts';
import { operation } from '../root/operation.ts';

/** What ended in a mailbox without an ack. */
const failures = ['nacked', 'lease_expired', 'dead'];
/** Of a mailbox at which hundreds work nobody waits for all of it to be told. */
const mostHeld = 50;

export interface WhoOptions {
  /** Also those that never said that they are there. */
  readonly all?: boolean;
}

/** @param names else those that are there, or were */
export const who = operation('who', whoBody, (named) => ({ named }));

async function whoBody(
  session: Session,
  names?: readonly string[],
  { all = false }: WhoOptions = {},
): Promise<WhoIs[]> {
  const cards = names
    ? await Promise.all(names.map((name) => agentOf(session, name)))
    : (await listAgents(session)).filter((card) => !isQueue(card) && !card.retiredAt);
  const present = await presences(session, cards);
  const sessions = await toolSessions(session);
  const known = new Map(cards.map((card) => [card.name, card]));
  const told: WhoIs[] = [];
  const tell = async (name: string): Promise<void> => {
    const card = known.get(name);
    const presence = present.get(name) ?? { state: 'unseen' };
    if (!card || (!names && !all && presence.state === 'unseen' && !sessions.has(name))) return;
    const its = sessions.get(name);
    told.push({ ...(await whoIs(session, card, presence)), ...(its && { sessions: its }) });
  };
  // One that was asked for by name and cannot be looked into is an error.
  if (names) for (const name of known.keys()) await tell(name);
  else await lookIntoEach(session, [...known.keys()], tell);
  return told;
}

async function agentOf(session: Session, name: string): Promise<AgentCard> {
  const card = await resolveAgent(session, name);
  if (isQueue(card)) throw usage(`${card.name} holds tasks that nobody has yet; it is no agent.`, 'dreamos status');
  return card;
}

async function whoIs(
  session: Session,
  { name, kind }: AgentCard,
  presence: Presence,
): Promise<Omit<WhoIs, 'sessions'>> {
  const atHand = await atHandOf(session, name);
  return { agent: name, ...(kind !== undefined && { kind }), presence: presenceWith(presence, atHand), ...atHand };
}

/** Who holds something is busy, if he says nothing else. */
export function presenceWith(presence: Presence, { holds }: Pick<AtHand, 'holds'>): PresenceJson {
  const isBusy = presence.state === 'ready' && holds.some(({ leftMs }) => leftMs > 0);
  return presenceJson(isBusy ? { ...presence, state: 'busy' } : presence);
}

export async function atHandOf(session: Session, name: string): Promise<AtHand> {
  const { ready, oldestReadyAt } = await session.store.look.counts(name);
  const now = session.store.now();
  const errorRate = await errorRateOf(session, name);
  return {
    holds: await heldBy(session, name),
    unread: ready,
    oldestUnreadAgeMs: oldestReadyAt === undefined ? null : Math.max(0, Math.round(now - oldestReadyAt)),
    ...(errorRate !== undefined && { errorRate }),
  };
}

async function heldBy(session: Session, mailbox: string): Promise<WhoIs['holds']> {
  const entries = (await claimedIn(session, mailbox))
    .sort((a, b) => (a.leaseUntil ?? 0) - (b.leaseUntil ?? 0))
    .slice(0, mostHeld);
  const holders = await holdersOf(session, mailbox, entries);
  const now = session.store.now();
  return entries.map(({ id, attempt, leaseUntil = 0 }, at) => ({
    id,
    attempt,
    ...holderFields(holders[at]),
    leaseUntil: isoTime(leaseUntil),
    leftMs: Math.max(0, Math.round(leaseUntil - now)),
  }));
}

async function errorRateOf({ store }: Session, mailbox: string): Promise<number | undefined> {
  const counted = await store.journal.tally(mailbox, store.now() - hourMs);
  const failed = failures.reduce((sum, kind) => sum + (counted.get(kind) ?? 0), 0);
  const ended = failed + (counted.get('acked') ?? 0);
  return ended === 0 ? undefined : failed / ended;
}
