/**
 * Who could do a task: nobody who lives in another root, because tasks stay in theirs. Able is who has its capabilities; chosen is, of those who are there and have room, the least loaded, of
 * these the longest idle. Looked at once and kept for many tasks: what is given is counted here.
 */
import type { Candidate } from '../../contract/tasks.ts';
import { type AgentCard, capabilitiesOf, isQueue, maxTasksOf } from '../../model/agent.ts';
import { isoTime } from '../../model/clock.ts';
import { listAgents } from '../agents/agents.ts';
import { type Presence, presences } from '../agents/presence.ts';
import { tasksOf } from '../resources/tasks-of.ts';
import type { Session } from '../root/root.ts';
import { orWarnOnce } from '../root/trouble.ts';

export interface Crew {
  /** Everybody, the best first: who is chosen, who else could do it, who was passed over. */
  candidates(requires: readonly string[]): Promise<Candidate[]>;
  /** The best; `undefined`: nobody. */
  best(requires: readonly string[], without?: ReadonlySet<string>): Promise<AgentCard | undefined>;
  /** Why nobody can have it; `undefined`: somebody can. */
  missing(requires: readonly string[]): Promise<string | undefined>;
  /** A task has gone to him. */
  gave(agent: string): void;
}

interface Member {
  readonly card: AgentCard;
  readonly presence: Presence;
  readonly abilities: ReadonlySet<string>;
  tasks: number;
}

/** For who may need it several times: looked at once, when it is first wanted. */
export function crewOnce(session: Session): () => Promise<Crew> {
  let crew: Promise<Crew> | undefined;
  return () => (crew ??= lookAtCrew(session));
}

export async function lookAtCrew(session: Session): Promise<Crew> {
  const cards = (await listAgents(session)).filter(
    (card) => !isQueue(card) && !card.retiredAt && card.at === undefined,
  );
  const there = await presences(session, cards);
  const members: Member[] = [];
  for (const card of cards) {
    const presence = there.get(card.name) ?? { state: 'unseen' };
    const isThere = presence.state === 'ready' || presence.state === 'busy';
    const count = (): Promise<number> => tasksOf(session, card.name);
    const tasks = isThere ? await orWarnOnce(session, `tasks of ${card.name}`, `${card.name} gets no tasks`, count) : 0;
    if (tasks === undefined) continue;
    members.push({ card, presence, abilities: capabilitiesOf(card), tasks });
  }

  const isBest = (a: Member, b: Member): number =>
    scoreOf(b) - scoreOf(a) || idleSince(a) - idleSince(b) || (a.card.name < b.card.name ? -1 : 1);
  const willing = (requires: readonly string[]): Member[] =>
    members.filter((one) => whyNot(one, requires) === undefined);

  return {
    async candidates(requires) {
      const sorted = members.toSorted((a, b) => {
        const [no, neither] = [whyNot(a, requires), whyNot(b, requires)];
        return Number(no !== undefined) - Number(neither !== undefined) || isBest(a, b);
      });
      return sorted.map((one, i) => candidateOf(one, requires, i === 0));
    },
    async best(requires, without = new Set()) {
      let best: Member | undefined;
      for (const one of willing(requires))
        if (!without.has(one.card.name) && (!best || isBest(one, best) < 0)) best = one;
      return best?.card;
    },
    missing: async (requires) => missingIn(members, requires),
    gave(agent) {
      const member = members.find(({ card }) => card.name === agent);
      if (member) member.tasks++;
    },
  };
}

function scoreOf({ card, tasks }: Member): number {
  const most = maxTasksOf(card);
  return Math.max(0, most - tasks) / most;
}

function idleSince({ presence }: Member): number {
  return presence.since ?? 0;
}

function lacking({ abilities }: Member, requires: readonly string[]): string[] {
  return requires.filter((one) => !abilities.has(one));
}

function whyNot(one: Member, requires: readonly string[]): string | undefined {
  const lacks = lacking(one, requires);
  if (lacks.length > 0) return `lacks ${lacks.join(', ')}`;
  const { state } = one.presence;
  if (state === 'unseen') return 'never said that it is there';
  if (state !== 'ready' && state !== 'busy') return state;
  const most = maxTasksOf(one.card);
  return one.tasks >= most ? `has ${one.tasks} of ${most} tasks` : undefined;
}

function candidateOf(one: Member, requires: readonly string[], isFirst: boolean): Candidate {
  const why = whyNot(one, requires);
  const { state, since } = one.presence;
  return {
    agent: one.card.name,
    state,
    tasks: one.tasks,
    maxTasks: maxTasksOf(one.card),
    score: Math.round(scoreOf(one) * 100) / 100,
    ...(state === 'ready' && since !== undefined && { idleSince: isoTime(since) }),
    ...(why !== undefined && { why }),
    ...(isFirst && why === undefined && { chosen: true }),
  };
}

/** What is nearest to a cure comes first: room, then somebody who is there, then somebody who can. */
function missingIn(members: readonly Member[], requires: readonly string[]): string | undefined {
  const able = members.filter((one) => lacking(one, requires).length === 0);
  const whys = able.map((one) => whyNot(one, requires));
  if (whys.includes(undefined)) return undefined;
  const names = (of: readonly Member[]): string => {
    const some = of.slice(0, 3).map(({ card }) => card.name);
    return of.length > some.length ? `${some.join(', ')} and ${of.length - some.length} more` : some.join(', ');
  };
  const full = able.filter((_, i) => whys[i]?.startsWith('has ') === true);
  if (full.length > 0) return `room: ${names(full)} ${full.length === 1 ? 'has' : 'have'} enough to do`;
  if (able.length > 0)
    return `somebody who is there: ${names(able)} ${able.length === 1 ? 'is' : 'are'} ${able.length === 1 ? (whys[0] === 'never said that it is there' ? 'not started' : whys[0]) : 'not'}`;
  if (members.length === 0) return 'an agent';
  const nobodyCan = requires.filter((one) => members.every(({ abilities }) => !abilities.has(one)));
  return nobodyCan.length > 0
    ? `somebody who can: ${nobodyCan.join(', ')}`
    : `one agent who has all of: ${requires.join(', ')}`;
}
