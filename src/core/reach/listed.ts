import type { AgentListed } from '../../contract/reach.ts';
import { isQueue } from '../../model/agent.ts';
import { listAgents } from '../agents/agents.ts';
import { presenceJson, presences } from '../agents/presence.ts';
import { toolSessions } from '../agents/tool-sessions.ts';
import { atHandOf, presenceWith } from '../look/who.ts';
import type { Session } from '../root/root.ts';
import { lookIntoEach } from '../root/trouble.ts';
import { operation } from '../root/operation.ts';

/** Every agent by its name, whether it is there, what it has on its hands, and the sessions of its tools that are. */
export const listWithSessions = operation('agent.list', listWithSessionsBody);

async function listWithSessionsBody(session: Session): Promise<AgentListed[]> {
  const cards = new Map((await listAgents(session)).filter((card) => !isQueue(card)).map((card) => [card.name, card]));
  const present = await presences(session, [...cards.values()]);
  const sessionsOf = await toolSessions(session);
  const listed = new Map<string, AgentListed>();
  await lookIntoEach(session, [...cards.keys()], async (name) => {
    const card = cards.get(name);
    if (!card) return;
    const sessions = sessionsOf.get(name);
    const presence = present.get(name) ?? { state: 'unseen' };
    const one = { ...card, presence: presenceJson(presence), ...(sessions && { sessions }) };
    // Also one whose mailbox cannot be looked into.
    listed.set(name, one);
    if (session.mayLook && !(await session.mayLook(name))) return;
    const atHand = await atHandOf(session, name);
    listed.set(name, { ...one, presence: presenceWith(presence, atHand), ...atHand });
  });
  return [...listed.values()];
}
