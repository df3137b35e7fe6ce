import type { MailboxStatus } from '../../contract/look.ts';
import type { AgentCard } from '../../model/agent.ts';
import { listAgents, resolveAgent } from '../agents/agents.ts';
import { bringDueOrWarn } from '../wait/due.ts';
import type { Session } from '../root/root.ts';
import { lookIntoEach } from '../root/trouble.ts';

export async function status(session: Session, names?: readonly string[]): Promise<MailboxStatus[]> {
  const all: MailboxStatus[] = [];
  if (names) {
    // One that was asked for by name and cannot be looked into is an error.
    const cards = await Promise.all(names.map((name) => resolveAgent(session, name)));
    for (const card of cards) all.push(await statusOf(session, card));
    return all;
  }
  const cards = new Map((await listAgents(session)).map((card) => [card.name, card]));
  await lookIntoEach(session, [...cards.keys()], async (name) =>
    all.push(await statusOf(session, cards.get(name) ?? { name })),
  );
  return all;
}

async function statusOf(
  session: Session,
  { name: mailbox, pausedAt, pausedBy }: Pick<AgentCard, 'name' | 'pausedAt' | 'pausedBy'>,
): Promise<MailboxStatus> {
  await bringDueOrWarn(session, mailbox, { bury: true });
  const { oldestReadyAt, lastReadAt, ...counts } = await session.store.look.counts(mailbox);
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
  };
}
