import type { AgentListed } from '../../contract/reach.ts';
import { isoTime } from '../../model/clock.ts';
import { isQueue } from '../../model/agent.ts';
import { listAgents } from '../agents/agents.ts';
import type { Session } from '../root/root.ts';

/** Every agent by its name, with the sessions of its tools that are there, the latest first. */
export async function listWithSessions(session: Session): Promise<AgentListed[]> {
  const cards = (await listAgents(session)).filter((card) => !isQueue(card));
  const all = (await session.store.reach.sessions()).toSorted((a, b) => b.since - a.since);
  return cards.map((card) => {
    const sessions = all
      .filter(({ agent }) => agent === card.name)
      .map(({ host, session: id, state, since }) => ({ host, session: id, state, since: isoTime(since) }));
    return sessions.length > 0 ? { ...card, sessions } : card;
  });
}
