/**
 * Deleting an agent: its card says so, and its mailbox stays for what was finished in it. First it gets nothing new, then its
 * tasks go to others and what else is unfinished is archived, then its subscriptions, schedules, reservations and tokens end; each step is safe to do again, so a run that was
 * cut off is finished by the next one.
 */
import type { AgentDeleted } from '../../contract/system.ts';
import { type AgentCard, isQueue } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import { unfinished, type State } from '../../model/state.ts';
import { changeKnownCard, resolveAgent, resolveMailbox } from '../agents/agents.ts';
import { actingOf } from '../root/names.ts';
import type { Session } from '../root/root.ts';
import { endReservationsOf, loadReservations } from '../reserve/reservations.ts';
import { endSchedulesOf, loadSchedules } from '../schedules/schedules.ts';
import { endSubscriptions, loadSubscriptions } from '../topics/subscriptions.ts';
import { bringAllDue } from '../wait/due.ts';
import { ofMailbox, operation } from '../root/operation.ts';

export interface AgentDeleteOptions {
  /** Its tasks go to others, and what else is unfinished is archived as cancelled; else it has to be nothing. */
  readonly archive?: boolean;
}

export const deleteAgent = operation('agent.delete', deleteAgentBody, ofMailbox);

async function deleteAgentBody(
  session: Session,
  agent: string,
  { archive = false }: AgentDeleteOptions = {},
): Promise<AgentDeleted> {
  const before = await resolveMailbox(session, agent);
  const { name } = before;
  await bringAllDue(session, before);
  // What cannot be read is refused before anything is changed.
  await loadSubscriptions(session);
  await loadSchedules(session);
  await loadReservations(session);
  const left = await countUnfinished(session, name);
  if (!archive && left.size > 0) throw notEmpty(name, left);
  const card = before.deletedAt ? before : await mark(session, before, archive);
  await session.store.presence.forget(name);
  if (archive && !isQueue(card)) await (await import('../tasks/failover.ts')).tasksGoOn(session, card);
  const archived = archive ? await archiveUnfinished(session, card) : 0;
  const subscriptions = await endSubscriptions(session, name);
  const schedules = await endSchedulesOf(session, name);
  const reservations = await endReservationsOf(session, name);
  if (await session.store.documents.get('tokens'))
    await (await import('../tokens/tokens.ts')).endTokensOf(session, name);
  // Nothing was left of it by a run that was cut off: there is no such agent any more.
  const ended = left.size + subscriptions.length + schedules.length + reservations.length;
  if (before.deletedAt && ended === 0) await resolveAgent(session, name);
  return { ...card, archived, subscriptions, schedules, reservations };
}

async function mark(session: Session, before: AgentCard, archive: boolean): Promise<AgentCard> {
  const now = new Date(session.clock.now()).toISOString();
  const card = await changeKnownCard(session, before.name, (found) => ({
    ...found,
    retiredAt: found.retiredAt ?? now,
    deletedAt: now,
  }));
  if (archive) return card;
  // What was on its way when the card was changed.
  await bringAllDue(session, card);
  const left = await countUnfinished(session, card.name);
  if (left.size === 0) return card;
  await changeKnownCard(session, card.name, (found) => {
    const { deletedAt: _, retiredAt: __, ...kept } = found;
    return { ...kept, ...(before.retiredAt && { retiredAt: before.retiredAt }) };
  });
  throw notEmpty(card.name, left);
}

async function countUnfinished(session: Session, mailbox: string): Promise<Map<State, number>> {
  const left = new Map<State, number>();
  for (const state of unfinished)
    for await (const _ of session.store.look.list(mailbox, state)) left.set(state, (left.get(state) ?? 0) + 1);
  return left;
}

// Of what is renewed or given back meanwhile, which the next round finds where it is then.
const mostRounds = 20;

/** What is claimed, too: whoever holds it is told when it settles it. @returns how much */
async function archiveUnfinished(session: Session, card: AgentCard): Promise<number> {
  const { store } = session;
  const options = { held: true, ...actingOf(session) };
  let archived = 0;
  let quiet = 0;
  // Two looks that find nothing, because one can miss what moves.
  for (let round = 0; round < mostRounds && quiet < 2; round++) {
    await bringAllDue(session, card);
    quiet++;
    for (const state of unfinished) {
      for await (const entry of store.look.list(card.name, state)) {
        quiet = 0;
        if (await cancelled(store.mail.cancel(entry, options))) archived++;
      }
    }
  }
  return archived;
}

async function cancelled(change: Promise<unknown>): Promise<boolean> {
  try {
    await change;
    return true;
  } catch (error) {
    if (error instanceof DreamosError && error.code === 'STATE_CHANGED') return false;
    throw error;
  }
}

function notEmpty(name: string, left: ReadonlyMap<State, number>): DreamosError {
  const all = [...left.values()].reduce((sum, count) => sum + count, 0);
  const each = [...left].map(([state, count]) => `${count} ${state}`).join(', ');
  const message = `${name} has ${all} unfinished ${all === 1 ? 'message' : 'messages'} (${each}), so it is not deleted.`;
  return new DreamosError('conflict', 'MAILBOX_NOT_EMPTY', message, {
    hint: `See what it is: dreamos list ${name}; to archive it as cancelled: dreamos agent delete ${name} --archive`,
  });
}
