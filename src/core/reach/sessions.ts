/** The sessions of agents' tools, as their hooks tell of them. */
import type { AgentCard } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import type { HostSession, SessionKey } from '../../storage/port/reach.ts';
import { resolveFormer } from '../agents/agents.ts';
import type { Session } from '../root/root.ts';
import { ofMailbox, operation } from '../root/operation.ts';

/** What has just happened in a session: it began, was given a prompt, has used a tool, came to rest, or ended. */
export type Moment = 'begin' | 'prompt' | 'step' | 'rest' | 'end';

export interface MomentFacts {
  readonly agent?: string | undefined;
  readonly cwd?: string | undefined;
  readonly interactive: boolean;
  readonly pid?: number | undefined;
  /** It goes on with what it was doing: only what its model knows was compacted. */
  readonly goesOn?: boolean;
  /** Nobody typed this prompt: the session was woken. */
  readonly isWake?: boolean;
  /** At a step: whether a subagent has its work from here on; absent: as before. Any other moment is its own. */
  readonly delegates?: boolean | undefined;
}

/** Notes what has happened. What changes nothing is not written. @returns the session as it is now */
export async function noteMoment(
  session: Session,
  before: HostSession | undefined,
  key: SessionKey,
  moment: Exclude<Moment, 'end'>,
  { agent, cwd, interactive, pid, isWake = false, goesOn = false, delegates }: MomentFacts,
): Promise<HostSession> {
  const now = session.store.now();
  const isBusy = moment === 'prompt' || moment === 'step' || (goesOn && before?.state === 'busy');
  const state = isBusy ? 'busy' : 'idle';
  const typed = moment === 'prompt' && !isWake;
  const { heldUp, delegates: delegated = false, ...kept } = before ?? { ...key, state, since: now, interactive };
  const after: HostSession = {
    ...kept,
    ...(agent !== undefined && { agent }),
    ...(cwd !== undefined && { cwd }),
    interactive,
    ...(pid !== undefined && { pid }),
    state,
    since: kept.state === state ? kept.since : now,
    ...(typed && { lastPromptAt: now }),
    // Who was held up at the end of a turn begins to count anew with the next one that somebody asks for.
    ...(heldUp !== undefined && !typed && { heldUp }),
    ...(moment === 'step' && (delegates ?? delegated) && { delegates: true }),
  };
  if (!before || JSON.stringify(before) !== JSON.stringify(after)) await session.store.reach.putSession(after);
  return after;
}

/**
 * A tool that clears what its model knows goes on under a new id, and Codex does not tell that the one before is over: who
 * waits for that would call a session that nobody sees. What was said of it holds for the new one, and it ends.
 * @returns the new one; `undefined`: it is not to be told which one it was
 */
export async function followCleared(
  { store: { reach } }: Session,
  key: SessionKey,
  { pid, cwd }: Pick<MomentFacts, 'pid' | 'cwd'>,
): Promise<HostSession | undefined> {
  if (pid === undefined) return undefined;
  const inProcess = (await reach.sessions()).filter((one) => one.host === key.host && one.pid === pid);
  if (inProcess.some(({ session }) => session === key.session)) return reach.getSession(key);
  // All sessions of Codex's daemon have its process.
  const here = inProcess.length === 1 ? inProcess : inProcess.filter((one) => one.cwd === cwd);
  const [before] = here;
  // Two hooks that begin together both come here, and the later one finds what the other has made of it.
  if (!before || here.length > 1) return reach.getSession(key);
  const { heldUp: _, ...kept } = before;
  await reach.putSession({ ...kept, session: key.session });
  await reach.removeSession(before);
  return reach.getSession(key);
}

/** Says whose a session is, whatever its tool's settings say. @throws AGENT_NOT_FOUND */
export const bindSession = operation('hook.bind', bindSessionBody, (_, agent) => ofMailbox(agent));

async function bindSessionBody(session: Session, key: SessionKey, agent: string): Promise<HostSession> {
  const { name } = await resolveFormer(session, agent);
  const before = await session.store.reach.getSession(key);
  // Of whose mail it was told before it is told anew, should it be his again.
  if (before?.agent !== undefined && before.agent !== name) await session.store.reach.forget(before.agent, key);
  const bound: HostSession = {
    ...(before ?? { ...key, state: 'busy', since: session.store.now(), interactive: true }),
    agent: name,
    bound: true,
  };
  await session.store.reach.putSession(bound);
  return bound;
}

/** Who a name means that was said a while ago. `undefined`: nobody who takes mail. */
export async function agentOf(session: Session, name: string): Promise<AgentCard | undefined> {
  try {
    return await resolveFormer(session, name);
  } catch (error) {
    if (error instanceof DreamosError && (error.kind === 'not-found' || error.kind === 'invalid')) return undefined;
    throw error;
  }
}
