import type { ShownTask, TaskJson } from '../../contract/tasks.ts';
import type { AgentCard } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import { priorities, type Priority } from '../../model/message.ts';
import { openStates, type State, type TaskState, taskStates } from '../../model/state.ts';
import type { Entry } from '../../storage/port/look.ts';
import { listMailboxes, resolveAgent } from '../agents/agents.ts';
import { trace } from '../look/trace.ts';
import { actorOf } from '../root/names.ts';
import { placedAt, placeIn } from '../root/cursor.ts';
import type { Session } from '../root/root.ts';
import { lookIntoEach } from '../root/trouble.ts';
import { bringDueOrWarn, finishSendsOrWarn } from '../wait/due.ts';
import { crewOnce } from './crew.ts';
import { findTask, type FoundTask, stateOf } from './place/find.ts';
import { createWaitingLook } from './place/waiting.ts';
import { inputOf, taskView } from './view.ts';
import { eachOf, ofMailbox, operation } from '../root/operation.ts';

export interface TaskFilter {
  /** Else what is still to be done. */
  readonly states?: readonly TaskState[];
  /** Those that lie with this agent. */
  readonly agent?: string;
  /** Those that lie with the acting agent. */
  readonly mine?: boolean;
  /** The most urgent ones. */
  readonly limit?: number;
  /** Behind this place: `cursorOf` tells it of a task. */
  readonly after?: string;
}

const placesOf: Readonly<Record<TaskState, readonly State[]>> = {
  blocked: ['delayed'],
  ready: ['ready', 'delayed'],
  assigned: ['ready', 'delayed'],
  active: ['inflight'],
  done: ['archived'],
  failed: ['dead'],
  cancelled: ['archived'],
};

/** What is at work first, then what is next; of these the most urgent, and of these the oldest. */
export const listTasks = eachOf('tasks.list', listTasksBody, ({ agent } = {}) => ofMailbox(agent));

async function* listTasksBody(session: Session, filter: TaskFilter = {}): AsyncGenerator<TaskJson, void, undefined> {
  const { limit = Infinity, after } = filter;
  const looks = { crew: crewOnce(session), unfinished: createWaitingLook(session) };
  let count = 0;
  const last = after === undefined ? undefined : lastOf(after);
  for (const found of await placedTasks(session, filter)) {
    if (last && isBefore(found, last) <= 0) continue;
    if (count++ >= limit) return;
    const message = await session.store.look.read(found.entry);
    // Moved on since it was listed.
    if (!message) count--;
    else {
      const task = await taskView(session, { ...found, message }, looks);
      yield placedAt(task, found.state, found.entry.priority, found.entry.id);
    }
  }
}

/** What the order of tasks goes by, of the last one. @throws CURSOR_INVALID */
function lastOf(after: string): Ordered {
  const [state, priority, id] = placeIn(after, ['', '', '']);
  return { state: state as TaskState, entry: { priority: priority as Priority, id } };
}

/** @param states `done` and `cancelled` take a look at all that is archived */
export async function countTasks(
  session: Session,
  states: readonly TaskState[] = taskStates,
): Promise<Partial<Record<TaskState, number>>> {
  const counts: Partial<Record<TaskState, number>> = {};
  for (const { state } of await placedTasks(session, { states })) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

export type Placed = Pick<FoundTask, 'entry' | 'state'>;

export async function placedTasks(
  session: Session,
  { states = openStates, agent, mine }: TaskFilter = {},
): Promise<Placed[]> {
  const named = agent ?? (mine ? actorOf(session, 'has these tasks') : undefined);
  const cards: readonly AgentCard[] =
    named === undefined ? await listMailboxes(session) : [await resolveAgent(session, named)];
  const wanted = new Set(states.flatMap((state) => placesOf[state]));
  // By id, because a look may see twice what is renamed meanwhile.
  const found = new Map<string, Placed>();
  await finishSendsOrWarn(session);
  await lookIntoEach(
    session,
    cards.map(({ name }) => name),
    async (name) => {
      await bringDueOrWarn(session, name);
      for (const state of wanted)
        for await (const entry of session.store.look.list(name, state)) {
          if (!entry.task) continue;
          const now = stateOf(entry, session.store.now());
          if (states.includes(now)) found.set(entry.id, { entry, state: now });
        }
    },
  );
  return [...found.values()].sort(isBefore);
}

const order: readonly TaskState[] = [...openStates, 'failed', 'cancelled', 'done'];

interface Ordered {
  readonly state: TaskState;
  readonly entry: Pick<Entry, 'priority' | 'id'>;
}

function isBefore(a: Ordered, b: Ordered): number {
  const rank = ({ priority }: Ordered['entry']): number => priorities.indexOf(priority);
  return (
    order.indexOf(a.state) - order.indexOf(b.state) ||
    rank(a.entry) - rank(b.entry) ||
    (a.entry.id < b.entry.id ? -1 : Number(a.entry.id > b.entry.id))
  );
}

export const showTask = operation('tasks.show', showTaskBody);

async function showTaskBody(session: Session, idOrEnd: string): Promise<ShownTask> {
  const found = await findTask(session, idOrEnd);
  const view = await taskView(session, found);
  const children: string[] = [];
  for (const { entry } of await placedTasks(session, { states: taskStates })) {
    const message = await session.store.look.read(entry);
    if (message?.task?.parent === view.id) children.push(entry.id);
  }
  const { steps } = await trace(session, view.id);
  return { ...view, body: found.message.body, ...inputOf(found.message), children, history: steps };
}

/** What a blocked task waits for, and how that is. @returns of what is gone for good nothing */
export const blockersOf = operation('tasks.show', blockersOfBody, undefined, 'blockersOf');

async function blockersOfBody(session: Session, { waitsFor = [] }: TaskJson): Promise<TaskJson[]> {
  const blockers: TaskJson[] = [];
  for (const id of waitsFor) {
    const found = await orGone(findTask(session, id));
    if (found) blockers.push(await taskView(session, found));
  }
  return blockers;
}

async function orGone<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof DreamosError && error.code === 'MESSAGE_NOT_FOUND') return undefined;
    throw error;
  }
}
