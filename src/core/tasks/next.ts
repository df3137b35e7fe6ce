/** Taking a task: the best one for who asks, or a certain one. */
import type { TaskTaken } from '../../contract/tasks.ts';
import { type AgentCard, capabilitiesOf, isQueue, isQueueName, maxTasksOf } from '../../model/agent.ts';
import { isoTime } from '../../model/clock.ts';
import { cut } from '../../model/basics/text.ts';
import { DreamosError } from '../../model/errors.ts';
import { priorities } from '../../model/message.ts';
import type { Entry } from '../../storage/port/look.ts';
import type { Delivery } from '../../storage/port/mail.ts';
import { resolveAgent } from '../agents/agents.ts';
import { noteStatus } from '../agents/heartbeat.ts';
import { keepSeen } from '../agents/seen.ts';
import { actorOf } from '../root/names.ts';
import type { Session } from '../root/root.ts';
import { checkLease } from '../take/lease.ts';
import { claimNow, createReader, isRefusedForSignature } from '../take/read.ts';
import { createWaiter } from '../wait/wait.ts';
import { checkAble, checkNotWaiting, full, give } from './assign.ts';
import { blockIfItWaits } from './place/dependents.ts';
import { checkMove, findTask } from './place/find.ts';
import { tend } from './keeper.ts';
import { listQueues } from './place/queue.ts';
import { inputOf, taskView } from './view.ts';
import { ofOwn, operation } from '../root/operation.ts';

export interface NextOptions {
  /** How long the claim holds; milliseconds. Else the mailbox's setting. */
  readonly leaseMs?: number;
  /** The longest time to wait for a task; milliseconds. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

/** @returns `undefined`: there is none @throws LIMITED: who asks holds as many as he may, and does not wait */
export const nextTask = operation('tasks.next', nextTaskBody, ({ waitMs = 0 } = {}) => ({
  own: true,
  lasting: waitMs > 0 ? 'claims' : undefined,
}));

async function nextTaskBody(session: Session, options: NextOptions = {}): Promise<TaskTaken | undefined> {
  const card = await takerOf(session);
  const { waitMs = 0, leaseMs } = options;
  const reader = await createReader(session, card, { ...options, filter: { task: true } });
  const isThere = (await session.store.presence.get(card.name)) !== undefined;
  if (!isThere || waitMs > 0) await noteStatus(session, card, { status: 'idle' });
  const endSeen = waitMs > 0 ? await keepSeen(session, card.name) : (): void => undefined;
  const waiter = createWaiter(session, card.name);
  const attempt = async (): Promise<Delivery | undefined> => {
    const held = await activeOf(session, card);
    if (held.length >= maxTasksOf(card)) {
      if (waitMs > 0) return undefined;
      throw holdsEnough(card, held);
    }
    return (await reader.attempt(options)) ?? (await pull(session, card, leaseMs));
  };
  const tended = async (): Promise<Delivery | undefined> => {
    const found = await attempt();
    // What others have left lying comes to light here, where nobody else may look.
    return found ?? ((await tend(session)) > 0 ? attempt() : undefined);
  };
  try {
    const delivery = await waiter.next(tended, options);
    return delivery && (await taken(session, card, delivery));
  } finally {
    endSeen();
    await waiter.close();
  }
}

/** Takes a certain task. @throws TASK_STATE, TASK_NOT_FOR_YOU, LIMITED */
export const acceptTask = operation('tasks.accept', acceptTaskBody, ofOwn);

async function acceptTaskBody(session: Session, idOrEnd: string, leaseMs?: number): Promise<TaskTaken> {
  if (leaseMs !== undefined) checkLease(leaseMs);
  const card = await takerOf(session);
  const found = await findTask(session, idOrEnd, card.name);
  const { entry } = found;
  checkMove('accept', found);
  if (entry.mailbox !== card.name) {
    if (!isQueueName(entry.mailbox)) throw anothers(entry, card);
    checkAble(card, found);
    await checkNotWaiting('accept', session, found);
    if (!(await give(session, entry, card, 'accepted'))) throw full(card);
  }
  // It may have been given more than it may hold by hand.
  const held = await activeOf(session, card);
  if (held.length >= maxTasksOf(card)) throw holdsEnough(card, held);
  const delivery = await claimNow(session, card, { leaseMs, filter: { id: entry.id, task: true } });
  if (delivery) return taken(session, card, delivery);
  // It rests before its next attempt, or was taken by another process of the same agent.
  const now = await findTask(session, entry.id, card.name);
  checkMove('accept', now);
  throw notYet(now.entry);
}

async function takerOf(session: Session): Promise<AgentCard> {
  const card = await resolveAgent(session, actorOf(session, 'takes the task'));
  if (!isQueue(card)) return card;
  throw new DreamosError('conflict', 'TASK_NOT_FOR_YOU', `${card.name} is a queue of tasks and no agent.`, {
    hint: 'Say who you are with `as`',
  });
}

async function taken(session: Session, card: AgentCard, { receipt, message }: Delivery): Promise<TaskTaken> {
  await noteBusy(session, card, message.subject);
  const view = await taskView(session, await findTask(session, message.id, card.name));
  return { ...view, body: message.body, ...inputOf(message), receipt };
}

/** What an agent is at is told by the way: it holds the task, whether that can be noted or not. */
export async function noteBusy(session: Session, card: AgentCard, title?: string): Promise<void> {
  try {
    if ((await session.store.presence.get(card.name)) === undefined) return;
    await noteStatus(
      session,
      card,
      title === undefined ? { status: 'idle', note: '' } : { status: 'busy', note: cut(title, 100) },
    );
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    session.warn(`What ${card.name} is at could not be noted: ${error.message}`);
  }
}

async function activeOf({ store }: Session, { name }: AgentCard): Promise<Entry[]> {
  const held = new Map<string, Entry>();
  const now = store.now();
  for await (const entry of store.look.list(name, 'inflight'))
    if (entry.task && (entry.leaseUntil ?? 0) > now) held.set(entry.id, entry);
  return [...held.values()];
}

/** The best that waits in the queues for what this agent can: the most urgent, of these the oldest. */
async function pull(session: Session, card: AgentCard, leaseMs: number | undefined): Promise<Delivery | undefined> {
  if (card.pausedAt || card.retiredAt) return undefined;
  const abilities = capabilitiesOf(card);
  const queues = (await listQueues(session)).filter(
    ({ requires, isPaused }) => !isPaused && requires.every((one) => abilities.has(one)),
  );
  const waiting = new Set<string>();
  for (;;) {
    let best: Entry | undefined;
    for (const { name } of queues) {
      const first = await firstReady(session, name, waiting);
      if (first && (!best || isBefore(first, best))) best = first;
    }
    if (!best) return undefined;
    if (await blockIfItWaits(session, best)) {
      waiting.add(best.id);
      continue;
    }
    try {
      const given = await give(session, best, card, 'taken');
      return given && (await claimNow(session, card, { leaseMs, filter: { id: best.id, task: true } }));
    } catch (error) {
      // Another one was faster, or it was not signed as it has to be, and is dead: what is best now?
      const isGone = error instanceof DreamosError && (error.code === 'STATE_CHANGED' || isRefusedForSignature(error));
      if (!isGone) throw error;
    }
  }
}

async function firstReady({ store }: Session, queue: string, without: ReadonlySet<string>): Promise<Entry | undefined> {
  for await (const entry of store.look.list(queue, 'ready')) if (entry.task && !without.has(entry.id)) return entry;
  return undefined;
}

function isBefore(a: Entry, b: Entry): boolean {
  const byPriority = priorities.indexOf(a.priority) - priorities.indexOf(b.priority);
  return byPriority < 0 || (byPriority === 0 && a.id < b.id);
}

function holdsEnough(card: AgentCard, held: readonly Entry[]): DreamosError {
  const [first] = held;
  const until = Math.min(...held.map(({ leaseUntil = Infinity }) => leaseUntil));
  const what = held.length === 1 ? `task ${first?.id}` : `${held.length} tasks`;
  const message = `${card.name} holds ${what} and may hold ${maxTasksOf(card)}; the next place is free when one is done, or at ${isoTime(until)}.`;
  return new DreamosError('conflict', 'LIMITED', message, {
    hint: `When it is done: dreamos task done ${first?.id} --as ${card.name}; to wait: dreamos task next --wait 10m --as ${card.name}`,
  });
}

function anothers({ id, mailbox }: Entry, card: AgentCard): DreamosError {
  const message = `Task ${id} is ${mailbox}'s.`;
  return new DreamosError('conflict', 'TASK_NOT_FOR_YOU', message, {
    hint: `To give it to ${card.name}: dreamos task assign ${id} ${card.name}`,
  });
}

function notYet({ id, mailbox, dueAt }: Entry): DreamosError {
  const until = dueAt === undefined ? '' : `: it rests until ${isoTime(dueAt)} before its next attempt`;
  return new DreamosError('conflict', 'STATE_CHANGED', `Task ${id} cannot be begun now${until}.`, {
    hint: dueAt === undefined ? `dreamos task show ${id}` : `To begin at once: dreamos deliver ${id} --as ${mailbox}`,
  });
}
