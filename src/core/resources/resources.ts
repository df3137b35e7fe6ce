import type { AgentResources } from '../../contract/look.ts';
import { type AgentCard, isQueue, maxTasksOf } from '../../model/agent.ts';
import { isoTime } from '../../model/clock.ts';
import { listAgents, resolveAgent } from '../agents/agents.ts';
import type { Session } from '../root/root.ts';
import { effectiveSettings } from '../root/settings.ts';
import { lookIntoEach } from '../root/trouble.ts';
import { tasksOf } from './tasks-of.ts';
import { ofMailbox, operation } from '../root/operation.ts';

export const showResources = operation('resources.show', showResourcesBody, ofMailbox);

async function showResourcesBody(session: Session, agent?: string): Promise<AgentResources[]> {
  // One that was asked for by name and cannot be looked into is an error.
  if (agent !== undefined) return [await resourcesOf(session, await resolveAgent(session, agent))];
  const all: AgentResources[] = [];
  const cards = new Map<string, AgentCard>();
  for (const card of await listAgents(session)) if (!isQueue(card)) cards.set(card.name, card);
  await lookIntoEach(session, [...cards.keys()], async (name) => {
    const card = cards.get(name);
    if (card) all.push(await resourcesOf(session, card));
  });
  return all;
}

async function resourcesOf(session: Session, card: AgentCard): Promise<AgentResources> {
  const { name } = card;
  const { look } = session.store;
  const { sendRate, maxBytes, maxMessages } = await effectiveSettings(session, card);
  const { messages, bytes } = await look.load(name);
  const { refused } = await look.counts(name);
  return {
    agent: name,
    tasks: { limit: maxTasksOf(card), used: await tasksOf(session, name) },
    sends: sendRate === Infinity ? { limit: null, used: null } : await sendsOf(session, name, sendRate),
    bytes: { limit: orNone(maxBytes), used: bytes },
    messages: { limit: orNone(maxMessages), used: messages },
    ...(refused && { refused: { ...refused, lastAt: isoTime(refused.lastAt) } }),
  };
}

async function sendsOf({ store }: Session, name: string, limit: number): Promise<AgentResources['sends']> {
  const { left, nextAt } = await store.look.allowance(name, limit);
  return { limit, used: limit - left, ...(left === 0 && { nextAt: isoTime(nextAt) }) };
}

function orNone(limit: number): number | null {
  return limit === Infinity ? null : limit;
}
