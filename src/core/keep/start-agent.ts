import type { AgentStarted } from '../../contract/reach.ts';
import type { AgentInput } from '../agents/agents.ts';
import { checkHeartbeat, type HeartbeatOptions, report } from '../agents/heartbeat.ts';
import type { Session } from '../root/root.ts';
import { effectiveSettings } from '../root/settings.ts';
import { bringDueOrWarn } from '../wait/due.ts';
import { registerAnew } from './rename-agent.ts';
import { ofMailbox, operation } from '../root/operation.ts';

/** As register takes it, and what the agent says of itself. */
export interface StartInput extends AgentInput {
  /** What it is at, at most 200 characters. */
  readonly note?: string;
  /** The process that it is: when that has ended, the agent is gone at once. */
  readonly pid?: number;
}

export const startAgent = operation('agent.start', startAgentBody, ({ name }) => ofMailbox(name));

async function startAgentBody(session: Session, { note = '', pid, ...input }: StartInput): Promise<AgentStarted> {
  const said: HeartbeatOptions = { status: 'idle', note, ...(pid !== undefined && { pid }) };
  checkHeartbeat(said);
  // What cannot be used is said before anything is changed.
  await effectiveSettings(session);
  const { card, created } = await registerAnew(session, input);
  const { agent, ...presence } = await report(session, card, said);
  await bringDueOrWarn(session, agent);
  const { ready, inflight, delayed, dead } = await session.store.look.counts(agent);
  return { agent, created, presence, ready, inflight, delayed, dead };
}
