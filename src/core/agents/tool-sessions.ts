import type { HostSessionJson } from '../../contract/reach.ts';
import { isoTime } from '../../model/clock.ts';
import type { Session } from '../root/root.ts';

/** By agent: the sessions of its tools that are there, the latest first. */
export async function toolSessions({ store }: Session): Promise<Map<string, HostSessionJson[]>> {
  const all = (await store.reach.sessions()).toSorted((a, b) => b.since - a.since);
  const byAgent = new Map<string, HostSessionJson[]>();
  for (const { agent, host, session, state, since } of all) {
    if (agent === undefined) continue;
    const sessions = byAgent.get(agent) ?? [];
    sessions.push({ host, session, state, since: isoTime(since) });
    byAgent.set(agent, sessions);
  }
  return byAgent;
}
