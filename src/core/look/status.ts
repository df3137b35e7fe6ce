import type { MailboxStatus } from '../../contract/look.ts';
import type { AgentCard } from '../../model/agent.ts';
import { listAgents, resolveAgent } from '../agents/agents.ts';
import { bringUpToDate } from '../wait/due.ts';
import type { Session } from '../root/root.ts';

export async function status(session: Session, names?: readonly string[]): Promise<MailboxStatus[]> {
  const cards = names ? await Promise.all(names.map((name) => resolveAgent(session, name))) : await listAgents(session);
  const all: MailboxStatus[] = [];
  for (const card of cards) all.push(await statusOf(session, card));
  return all;
}

async function statusOf(session: Session, card: AgentCard): Promise<MailboxStatus> {
  await bringUpToDate(session, card);
  const { oldestReadyAt, lastReadAt, ...counts } = await session.store.look.counts(card.name);
  return {
    mailbox: card.name,
    ready: counts.ready,
    inflight: counts.inflight,
    delayed: counts.delayed,
    dead: counts.dead,
    archived: counts.archived,
    corrupt: counts.corrupt,
    oldestReadyAgeMs: oldestReadyAt === undefined ? null : Math.max(0, Math.round(session.store.now() - oldestReadyAt)),
    lastReadAt: lastReadAt === undefined ? null : new Date(lastReadAt).toISOString(),
  };
}
