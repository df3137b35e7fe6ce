/**
 * What an agent has that is gone goes on: its unfinished tasks to its standby, else to who suits best, else back into their
 * queue; and its unread mail to its standby, where its card says so. Each goes by one rename, with the claim on it, so that
 * never two are at it; who comes back late is told so (LEASE_LOST).
 */
import { type AgentCard, capabilitiesOf, isQueue, sameAgent } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import { unfinished } from '../../model/state.ts';
import type { Entry } from '../../storage/port/look.ts';
import { listMailboxes } from '../agents/agents.ts';
import { type Presence, presences } from '../agents/presence.ts';
import { actingOf } from '../root/names.ts';
import type { Session } from '../root/root.ts';
import { orWarnOnce, troubleIsOver, warnOnce } from '../root/trouble.ts';
import { bringDueOrWarn, mostAttempts } from '../wait/due.ts';
import { give, giveToBest } from './assign.ts';
import { type Crew, lookAtCrew } from './crew.ts';
import { queueFor } from './place/queue.ts';

/** @param isDue whether somebody who is gone is looked at (again) @returns how much went on */
export async function takeOver(session: Session, isDue: (agent: string) => boolean = () => true): Promise<number> {
  const cards = (await listMailboxes(session)).filter((card) => !isQueue(card));
  const there = await presences(session, cards);
  const stateOf = (name: string): Presence['state'] | undefined => there.get(name)?.state;
  let moved = 0;
  let crew: Crew | undefined;
  for (const card of cards) {
    // One may have come to it while it was being deleted.
    if (!(card.deletedAt ?? stateOf(card.name) === 'gone') || !isDue(card.name)) continue;
    const left = await orWarnOnce(session, `all that ${card.name} has`, `What ${card.name} has stays there`, () =>
      leftBy(session, card),
    );
    if (left === undefined || left.length === 0) continue;
    crew ??= await lookAtCrew(session);
    const standbys = cards.filter(
      ({ name, standbyFor = [], retiredAt, pausedAt }) =>
        !retiredAt &&
        !pausedAt &&
        standbyFor.some((other) => sameAgent(other, card.name)) &&
        ['ready', 'busy'].includes(stateOf(name) ?? ''),
    );
    for (const entry of left) if (await goOn(session, crew, card, standbys, entry)) moved++;
  }
  return moved;
}

/** Of one that is being deleted: its tasks are still to be done. */
export async function tasksGoOn(session: Session, gone: AgentCard): Promise<void> {
  const left = (await leftBy(session, gone)).filter(({ task }) => task);
  const crew = left.length > 0 ? await lookAtCrew(session) : undefined;
  for (const entry of left) if (crew) await goOn(session, crew, gone, [], entry);
}

async function leftBy(session: Session, card: AgentCard): Promise<Entry[]> {
  await bringDueOrWarn(session, card.name);
  const left = new Map<string, Entry>();
  for (const state of unfinished)
    for await (const entry of session.store.look.list(card.name, state))
      // Mail that is to come later, or rests, goes when it is due: handed over it would be there at once.
      if (entry.task || (card.mailToStandby && !card.deletedAt && state === 'ready')) left.set(entry.id, entry);
  return [...left.values()];
}

/** One in disorder hides none of the others. */
async function goOn(
  session: Session,
  crew: Crew,
  gone: AgentCard,
  standbys: readonly AgentCard[],
  entry: Entry,
): Promise<boolean> {
  const about = `what ${gone.name} has left`;
  try {
    const went = entry.task
      ? await taskGoesOn(session, crew, gone, standbys, entry)
      : await mailGoesOn(session, gone, standbys, entry);
    troubleIsOver(session, about);
    return went;
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    // Somebody else was faster; it waits for an answer; or the other has it, too.
    if (error.kind !== 'conflict')
      warnOnce(session, about, `${entry.id} stays with ${gone.name}, who is gone: ${error.message}`);
    return false;
  }
}

async function taskGoesOn(
  session: Session,
  crew: Crew,
  gone: AgentCard,
  standbys: readonly AgentCard[],
  entry: Entry,
): Promise<boolean> {
  const { name } = gone;
  // With its last attempt used up it ends with its lease: what kills everybody who tries it goes round no more.
  if (entry.state === 'inflight' && entry.attempt >= (await mostAttempts(session, gone))) return false;
  const message = await session.store.look.read(entry);
  if (!message) return false;
  const requires = message.task?.requires ?? [];
  const reason = `${name} is gone`;
  for (const card of standbys) {
    const abilities = capabilitiesOf(card);
    if (!requires.every((one) => abilities.has(one))) continue;
    if (!(await give(session, entry, card, reason))) continue;
    crew.gave(card.name);
    return true;
  }
  if (await giveToBest(session, crew, entry, requires, { without: new Set([name]), reason })) return true;
  // Where it was given to another meanwhile, this is refused.
  await session.store.mail.handOver(entry, await queueFor(session, requires), { ...actingOf(session), reason });
  return true;
}

async function mailGoesOn(
  session: Session,
  { name }: AgentCard,
  [standby]: readonly AgentCard[],
  entry: Entry,
): Promise<boolean> {
  if (!standby) return false;
  await session.store.mail.handOver(entry, standby.name, { ...actingOf(session), reason: `${name} is gone` });
  return true;
}
