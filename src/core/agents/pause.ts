/** Pausing an agent: its mailbox takes mail, and nothing is claimed from it. The card says so, which every claim goes by. */
import type { AgentPaused } from '../../contract/system.ts';
import type { AgentCard } from '../../model/agent.ts';
import type { Session } from '../root/root.ts';
import { changeKnownCard, resolveAgent } from './agents.ts';
import { ofMailbox, operation } from '../root/operation.ts';

export const pauseAgent = operation('pause', pauseAgentBody, ofMailbox);

async function pauseAgentBody(session: Session, name: string): Promise<AgentPaused> {
  const { name: known } = await resolveAgent(session, name);
  const pausedAt = new Date(session.clock.now()).toISOString();
  let changed = false;
  const card = await changeKnownCard(session, known, (found) => {
    changed = !found.pausedAt;
    if (found.pausedAt) return found;
    const { pausedBy: _, ...kept } = found;
    return { ...kept, pausedAt, ...(session.acting !== undefined && { pausedBy: session.acting }) };
  });
  return { ...card, changed };
}

export const resumeAgent = operation('resume', resumeAgentBody, ofMailbox);

async function resumeAgentBody(session: Session, name: string): Promise<AgentPaused> {
  const { name: known } = await resolveAgent(session, name);
  let changed = false;
  const card = await changeKnownCard(session, known, (found) => {
    changed = Boolean(found.pausedAt);
    const { pausedAt: _, pausedBy: __, ...kept } = found;
    return kept;
  });
  return { ...card, changed };
}

type Pausable = Pick<AgentCard, 'name' | 'deletedAt' | 'pausedAt' | 'pausedBy'>;

/** `reviewer is paused since 2026-11-20T09:00:00Z by planner`; `undefined`: it is not. */
export function pauseOf({ name, deletedAt, pausedAt, pausedBy }: Pausable): string | undefined {
  if (!pausedAt || deletedAt) return undefined;
  return `${name} is paused since ${pausedAt.replace(/\.\d+Z$/, 'Z')} by ${pausedBy ?? 'somebody without a name'}`;
}

/** With what to do, within a line. */
export function pausedSentence(card: Pausable): string | undefined {
  const pause = pauseOf(card);
  return pause && `${pause}: dreamos resume ${card.name}`;
}
