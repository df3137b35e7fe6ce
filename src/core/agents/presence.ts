import type { PresenceJson } from '../../contract/reach.ts';
import type { AgentCard, PresenceState } from '../../model/agent.ts';
import { agoMs, isoTime } from '../../model/clock.ts';
import type { SeenPresence } from '../../storage/port/presence.ts';
import type { Session } from '../root/root.ts';
import { settingsNow } from '../root/settings.ts';
import { orWarnOnce } from '../root/trouble.ts';

/** Whether an agent is there, and what it has said of itself. Times are milliseconds since 1970. */
export interface Presence extends Partial<Omit<SeenPresence, 'since'>> {
  readonly state: PresenceState;
  /** Since when it is in this state; absent: it never said that it is there. */
  readonly since?: number;
}

/** So many of its own intervals without a word. */
const lateAfter = 2;
const goneAfter = 5;

/** What is known from elsewhere. */
export interface Around {
  readonly now: number;
  /** The agent's `heartbeat`. */
  readonly intervalMs: number;
  /** Its mailbox is paused since then. */
  readonly pausedAt?: number | undefined;
  /** A session of its tool runs: it is there, however silent. */
  readonly inSession?: boolean;
}

/**
 * Gone before late before paused: what nobody works on is taken over, and one that is paused says so only while it is there.
 * A word from the future, of a clock that was ahead, is none.
 */
export function stateOf(
  known: SeenPresence | undefined,
  { now, intervalMs, pausedAt, inSession = false }: Around,
): Pick<Presence, 'state' | 'since'> {
  if (!known) return { state: 'unseen' };
  const { seenAt, status, since, running } = known;
  const hasEnded = running === false;
  const silentMs = agoMs(seenAt, now);
  const after = (intervals: number): number => Math.min(now, hasEnded ? seenAt : seenAt + intervals * intervalMs);
  if (!inSession && (hasEnded || silentMs >= goneAfter * intervalMs)) return { state: 'gone', since: after(goneAfter) };
  if (hasEnded || silentMs >= lateAfter * intervalMs) return { state: 'late', since: after(lateAfter) };
  if (pausedAt !== undefined) return { state: 'paused', since: pausedAt };
  return { state: status === 'idle' ? 'ready' : status, since };
}

export async function presenceOf(session: Session, card: AgentCard): Promise<Presence> {
  return (await presences(session, [card])).get(card.name) ?? { state: 'unseen' };
}

/** By name; two looks for each that never said that it is there. */
export async function presences(session: Session, cards: readonly AgentCard[]): Promise<Map<string, Presence>> {
  const settings = await settingsNow(session);
  const all = new Map<string, Presence>();
  let inSession: ReadonlySet<string> | undefined;
  for (const card of cards) {
    const known = await orWarnOnce(
      session,
      `presence of ${card.name}`,
      `Whether ${card.name} is there cannot be seen`,
      () => session.store.presence.get(card.name),
    );
    // Nobody looks for sessions where nobody is there.
    if (known) inSession ??= await agentsInSession(session);
    const state = stateOf(known, {
      now: session.store.now(),
      intervalMs: settings(card).heartbeatMs,
      pausedAt: card.pausedAt ? Date.parse(card.pausedAt) : undefined,
      inSession: inSession?.has(card.name.toLowerCase()) ?? false,
    });
    all.set(card.name, { ...known, ...state });
  }
  return all;
}

/** Hosts that are no tool of an agent's: who follows a mailbox by hand, and who rings for it. */
const outside = new Set(['watch', 'peek', 'wake', 'tmux']);

/** Whose tool's process is known to run. */
async function agentsInSession({ store }: Session): Promise<Set<string>> {
  const tools = (await store.reach.sessions()).filter(({ host, pid }) => pid !== undefined && !outside.has(host));
  return new Set(tools.flatMap(({ agent }) => agent?.toLowerCase() ?? []));
}

/** As it is printed. */
export function presenceJson({ since, seenAt, startedAt, ...said }: Presence): PresenceJson {
  return {
    ...said,
    ...(since !== undefined && { since: isoTime(since) }),
    ...(seenAt !== undefined && { seenAt: isoTime(seenAt) }),
    ...(startedAt !== undefined && { startedAt: isoTime(startedAt) }),
  };
}
