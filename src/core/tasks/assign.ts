/** Giving tasks to agents: a task goes from its queue, or from who has it, into the mailbox of who is to do it. */
import type { Candidate, TaskJson } from '../../contract/tasks.ts';
import { type AgentCard, capabilitiesOf, isQueue, isQueueName, maxTasksOf } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import type { TaskMove } from '../../model/state.ts';
import type { Entry } from '../../storage/port/look.ts';
import { stateChanged } from '../../storage/port/refusals.ts';
import { resolveAgent } from '../agents/agents.ts';
import { retired } from '../agents/address-book.ts';
import { presenceOf } from '../agents/presence.ts';
import { actingOf } from '../root/names.ts';
import type { Session } from '../root/root.ts';
import { tasksOf } from '../resources/tasks-of.ts';
import { orWarnOnce } from '../root/trouble.ts';
import { bringDueOrWarn } from '../wait/due.ts';
import { blockIfItWaits } from './place/dependents.ts';
import { type Crew, lookAtCrew } from './crew.ts';
import { checkMove, findTask, type FoundTask, illegalMove } from './place/find.ts';
import { listQueues, type Queue } from './place/queue.ts';
import { taskView } from './view.ts';
import { operation } from '../root/operation.ts';

/**
 * @param to absent: who suits best of those who have it not
 * @returns with who had it before, if nobody could take it
 * @throws TASK_STATE, TASK_NOT_FOR_YOU, LIMITED
 */
export const assignTask = operation('tasks.assign', assignTaskBody);

async function assignTaskBody(session: Session, idOrEnd: string, to?: string): Promise<TaskJson> {
  const found = await findTask(session, idOrEnd);
  const { id, mailbox } = found.entry;
  checkMove('assign', found);
  if (to === undefined) {
    const without = new Set([mailbox]);
    await giveToBest(session, await lookAtCrew(session), found.entry, requiresOf(found), { without });
  } else await giveTo(session, found, await resolveAgent(session, to));
  return taskView(session, await findTask(session, id));
}

/** @throws TASK_NOT_FOR_YOU, LIMITED */
async function giveTo(session: Session, found: FoundTask, card: AgentCard): Promise<void> {
  checkAble(card, found);
  if (card.name === found.entry.mailbox) return;
  await checkNotWaiting('assign', session, found);
  const { state } = await presenceOf(session, card);
  if (state === 'gone' || state === 'unseen')
    session.warn(`${card.name} is ${state === 'gone' ? 'gone' : 'not started yet'}: who is there says dreamos who`);
  if (!(await give(session, found.entry, card, 'assigned'))) throw full(card);
}

/** Who retried it may have died before it was blocked again. @throws TASK_STATE */
export async function checkNotWaiting(move: TaskMove, session: Session, { entry }: FoundTask): Promise<void> {
  if (await blockIfItWaits(session, entry)) throw illegalMove(move, entry.id, 'blocked', entry.mailbox);
}

export function requiresOf({ message }: Pick<FoundTask, 'message'>): readonly string[] {
  return message.task?.requires ?? [];
}

/** Who could do it, and why not. */
export const explainTask = operation('tasks.explain', explainTaskBody);

async function explainTaskBody(session: Session, idOrEnd: string): Promise<Candidate[]> {
  const found = await findTask(session, idOrEnd);
  return (await lookAtCrew(session)).candidates(requiresOf(found));
}

/** @throws TASK_NOT_FOR_YOU, AGENT_RETIRED */
export function checkAble(card: AgentCard, found: FoundTask): void {
  const refusal = retired(card);
  if (refusal) throw refusal;
  const { id } = found.entry;
  const hint = `Who could: dreamos task assign ${id} --explain`;
  const not = (why: string): DreamosError => new DreamosError('conflict', 'TASK_NOT_FOR_YOU', why, { hint });
  if (isQueue(card)) throw not(`${card.name} is a queue of tasks and no agent.`);
  const abilities = capabilitiesOf(card);
  const lacks = requiresOf(found).filter((one) => !abilities.has(one));
  if (lacks.length > 0) throw not(`${card.name} cannot do task ${id}: it lacks ${lacks.join(', ')}.`);
}

export function full(card: AgentCard): DreamosError {
  const most = maxTasksOf(card);
  const message = `${card.name} has ${most === 1 ? 'a task' : `${most} tasks`} to do, and takes no more at once.`;
  return new DreamosError('conflict', 'LIMITED', message, {
    hint: `Which: dreamos task list --agent ${card.name}; to let it have more: dreamos agent register ${card.name} --max-tasks ${most + 1}`,
  });
}

/**
 * Moves a task into the mailbox of an agent that has room for it. Who gives tasks to the same agent at the same moment waits,
 * so that it never has more than its room.
 * @returns `undefined`: it has no room @throws STATE_CHANGED: it has moved since it was seen
 */
export function give(session: Session, entry: Entry, card: AgentCard, reason: string): Promise<Entry | undefined> {
  return session.store.documents.withLock(`assign.${card.name}`, async (lock) => {
    if ((await tasksOf(session, card.name)) >= maxTasksOf(card)) return undefined;
    // Who was paused for too long has counted what was true before.
    if (!lock.isHeld()) throw stateChanged(entry);
    return session.store.mail.handOver(entry, card.name, { ...actingOf(session), reason });
  });
}

/** @param without who does not get it @returns `undefined`: nobody can take it, or it was taken meanwhile */
export async function giveToBest(
  session: Session,
  crew: Crew,
  entry: Entry,
  requires: readonly string[],
  { without = new Set<string>(), reason = 'assigned' } = {},
): Promise<Entry | undefined> {
  const passed = new Set(without);
  if (await isKept(session, entry)) return undefined;
  for (;;) {
    const card = await crew.best(requires, passed);
    if (!card) return undefined;
    try {
      const given = await give(session, entry, card, reason);
      if (given) crew.gave(card.name);
      if (given) return given;
      // Others have given it what it had room for.
      passed.add(card.name);
    } catch (error) {
      if (!(error instanceof DreamosError)) throw error;
      if (error.code === 'STATE_CHANGED') return undefined;
      if (error.kind !== 'not-found') throw error;
      passed.add(card.name);
    }
  }
}

/** Whether nobody is to get it out of its queue. */
async function isKept(session: Session, entry: Entry): Promise<boolean> {
  if (!isQueueName(entry.mailbox)) return false;
  const queue = await session.store.documents.getAgent(entry.mailbox);
  return Boolean(queue?.pausedAt) || blockIfItWaits(session, entry);
}

/** What is ready goes to who can do it. @param most so many at a call @returns how many were given */
export async function assignReady(session: Session, most = Infinity, crew?: Crew): Promise<number> {
  let given = 0;
  let known = crew;
  const giveFrom = async ({ name, requires }: Queue): Promise<void> => {
    // Who has read from the queue itself may have died.
    await bringDueOrWarn(session, name);
    for await (const entry of session.store.look.list(name, 'ready')) {
      if (given >= most) return;
      if (!entry.task) continue;
      known ??= await lookAtCrew(session);
      // What nobody can take now nobody can take who is asked for the same.
      if (!(await known.best(requires))) return;
      if (await giveToBest(session, known, entry, requires)) given++;
    }
  };
  for (const queue of await listQueues(session))
    if (!queue.isPaused)
      await orWarnOnce(session, `tasks in ${queue.name}`, `What waits in ${queue.name} is given to nobody`, () =>
        giveFrom(queue),
      );
  return given;
}

/** Of what has just become ready. @returns how many were given */
export async function assignThese(session: Session, entries: readonly Entry[]): Promise<number> {
  let given = 0;
  const crew = entries.length > 0 ? await lookAtCrew(session) : undefined;
  for (const entry of entries) {
    if (!crew || !isQueueName(entry.mailbox)) continue;
    const message = await session.store.look.read(entry);
    if (message && (await giveToBest(session, crew, entry, message.task?.requires ?? []))) given++;
  }
  return given;
}
