import type { HeldClaim, MailboxStatus } from '../../contract/look.ts';
import type { AgentCard } from '../../model/agent.ts';
import { listAgents, resolveAgent } from '../agents/agents.ts';
import { bringDueOrWarn } from '../wait/due.ts';
import { claimedIn, holderFields, holdersOf } from './holders.ts';
import type { Session } from '../root/root.ts';
import { lookIntoEach } from '../root/trouble.ts';
import type { Counts } from '../../storage/port/look.ts';
import { operation } from '../root/operation.ts';

/** Of a mailbox at which hundreds work nobody waits for it to be told who holds what. */
const mostHeld = 50;

/** @param tell of who looks again and again nothing is told of who holds what */
export const status = operation('status', statusBody, (named) => ({ named }));

async function statusBody(
  session: Session,
  names?: readonly string[],
  tell: { readonly held: boolean } = { held: true },
): Promise<MailboxStatus[]> {
  const all: MailboxStatus[] = [];
  if (names) {
    // One that was asked for by name and cannot be looked into is an error.
    const cards = await Promise.all(names.map((name) => resolveAgent(session, name)));
    for (const card of cards) all.push(await statusOf(session, card, tell.held));
    return all;
  }
  const cards = new Map((await listAgents(session)).map((card) => [card.name, card]));
  await lookIntoEach(session, [...cards.keys()], async (name) =>
    all.push(await statusOf(session, cards.get(name) ?? { name }, tell.held)),
  );
  return all;
}

export async function statusOf(
  session: Session,
  { name: mailbox, pausedAt, pausedBy }: Pick<AgentCard, 'name' | 'pausedAt' | 'pausedBy'>,
  tellsHeld: boolean,
): Promise<MailboxStatus> {
  const { oldestReadyAt, lastReadAt, refused, ...counts } = await countsNow(session, mailbox);
  const held = tellsHeld && counts.inflight > 0 && counts.inflight <= mostHeld ? await heldIn(session, mailbox) : [];
  const announced = counts.ready > 0 ? await announcedOf(session, mailbox) : 0;
  return {
    mailbox,
    ready: counts.ready,
    inflight: counts.inflight,
    delayed: counts.delayed,
    dead: counts.dead,
    archived: counts.archived,
    corrupt: counts.corrupt,
    oldestReadyAgeMs: oldestReadyAt === undefined ? null : Math.max(0, Math.round(session.store.now() - oldestReadyAt)),
    lastReadAt: lastReadAt === undefined ? null : new Date(lastReadAt).toISOString(),
    ...(pausedAt && { pausedAt, ...(pausedBy && { pausedBy }) }),
    ...(held.length > 0 && { held }),
    ...(announced > 0 && { announced }),
    ...(refused && { refused: { ...refused, lastAt: new Date(refused.lastAt).toISOString() } }),
  };
}

/** A million names are listed once, unless there is something among them to be buried. */
async function countsNow(session: Session, mailbox: string): Promise<Counts> {
  await bringDueOrWarn(session, mailbox);
  const counts = await session.store.look.counts(mailbox);
  if (counts.expired === undefined) return counts;
  await bringDueOrWarn(session, mailbox, { bury: true });
  return session.store.look.counts(mailbox);
}

const mostAnnounced = 256;

async function announcedOf(session: Session, mailbox: string): Promise<number> {
  const ids = await session.store.reach.announcedIn(mailbox);
  if (ids.size === 0) return 0;
  let [announced, looked] = [0, 0];
  for await (const { id } of session.store.look.list(mailbox, 'ready')) {
    if (ids.has(id)) announced++;
    if (++looked === mostAnnounced) break;
  }
  return announced;
}

async function heldIn(session: Session, mailbox: string): Promise<HeldClaim[]> {
  const entries = await claimedIn(session, mailbox);
  const holders = await holdersOf(session, mailbox, entries);
  return entries.map(({ id, attempt, leaseUntil = 0 }, at) => ({
    id,
    attempt,
    ...holderFields(holders[at]),
    leaseUntil: new Date(leaseUntil).toISOString(),
  }));
}
