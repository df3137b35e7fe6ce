import type { AgentListed } from '../../contract/reach.ts';
import { isQueue } from '../../model/agent.ts';
import { listAgents } from '../agents/agents.ts';
import { presenceJson, presences } from '../agents/presence.ts';
import { toolSessions } from '../agents/tool-sessions.ts';
import type { Session } from '../root/root.ts';

/** Every agent by its name, whether it is there, and the sessions of its tools that are. */
export async function listWithSessions(session: Session): Promise<AgentListed[]> {
  const cards = (await listAgents(session)).filter((card) => !isQueue(card));
  const present = await presences(session, cards);
  const sessionsOf = await toolSessions(session);
  return cards.map((card) => {
    const sessions = sessionsOf.get(card.name);
    const presence = presenceJson(present.get(card.name) ?? { state: 'unseen' });
    return { ...card, presence, ...(sessions && { sessions }) };
  });
}
