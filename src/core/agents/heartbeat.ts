import type { AgentPresent } from '../../contract/reach.ts';
import { type AgentCard, type AgentStatus, agentStatuses, isQueue } from '../../model/agent.ts';
import { loneSurrogateIn } from '../../model/basics/text.ts';
import type { DreamosError } from '../../model/errors.ts';
import { halfCharacter, usage } from '../../model/refusals.ts';
import type { Session } from '../root/root.ts';
import { noAgent, resolveAgent } from './agents.ts';
import { presenceJson, presenceOf } from './presence.ts';
import { ofMailbox, operation } from '../root/operation.ts';

export interface HeartbeatOptions {
  /** Else what it said last, and `idle` at first. */
  readonly status?: AgentStatus;
  /**
   * What it is at, at most 200 characters; else what it said last, while its status is the same. An empty text takes it
   * back.
   */
  readonly note?: string;
  /** The process that it is: when that has ended, the agent is gone at once. Else the one it said last, if it still runs. */
  readonly pid?: number;
}

const mostNote = 200;

export const heartbeat = operation('agent.heartbeat', heartbeatBody, ofMailbox);

async function heartbeatBody(session: Session, agent: string, options: HeartbeatOptions = {}): Promise<AgentPresent> {
  checkHeartbeat(options);
  const card = await resolveAgent(session, agent);
  if (isQueue(card)) throw noAgent(card.name);
  return report(session, card, options);
}

/** @throws USAGE, MESSAGE_INVALID */
export function checkHeartbeat({ status, note, pid }: HeartbeatOptions): void {
  if (status !== undefined && !agentStatuses.includes(status))
    throw usage(`"${status as string}" is no status of an agent.`, `One of: ${agentStatuses.join(', ')}`);
  if (pid !== undefined && !(Number.isSafeInteger(pid) && pid > 0)) throw noProcess(pid);
  if (note === undefined) return;
  const half = loneSurrogateIn(note);
  if (half !== undefined) throw halfCharacter('note', half);
  if (note.length > mostNote)
    throw usage(`The note has ${note.length} characters; it may have ${mostNote}.`, 'Say in a few words what it is at');
}

/** @param options checked @returns what is known of it now */
export async function report(session: Session, card: AgentCard, options: HeartbeatOptions): Promise<AgentPresent> {
  await noteStatus(session, card, options);
  return { agent: card.name, ...presenceJson(await presenceOf(session, card)) };
}

/** As `report`, for who does not ask what is known then. */
export async function noteStatus(
  session: Session,
  card: AgentCard,
  { status, note, pid }: HeartbeatOptions,
): Promise<void> {
  const { store } = session;
  const { state } = await presenceOf(session, card);
  const known = await store.presence.get(card.name);
  const wasThere = known !== undefined && state !== 'late' && state !== 'gone';
  const now = status ?? known?.status ?? 'idle';
  const said = note ?? (known?.status === now ? known.note : undefined);
  const record = {
    status: now,
    since: wasThere && known.status === now ? known.since : store.now(),
    ...(said && { note: said }),
  };
  // A number of another machine means nothing here.
  const its = pid ?? (known?.running ? known.pid : undefined);
  const label = session.label ?? (its !== undefined && its === known?.pid ? known.label : undefined);
  const process = { ...(its !== undefined && { pid: its }), ...(label !== undefined && { label }) };
  const isPut = await store.presence.put(card.name, { ...record, ...process });
  if (!isPut && pid !== undefined) throw noProcess(pid);
  if (!isPut) await store.presence.put(card.name, record);
}

function noProcess(pid: number): DreamosError {
  return usage(`There is no process ${pid} on this machine.`, 'Say the number of one that runs, or none');
}
