/** Where a task is, and so what state it is in. */
import { isQueueName } from '../../../model/agent.ts';
import { DreamosError } from '../../../model/errors.ts';
import { longestMs } from '../../../model/basics/limits.ts';
import type { Message } from '../../../model/message.ts';
import { notFound } from '../../../model/refusals.ts';
import { isLegal, movesFrom, type TaskMove, taskMoves, type TaskState } from '../../../model/state.ts';
import type { Entry } from '../../../storage/port/look.ts';
import { findNow, looks } from '../../look/find.ts';
import { meantId } from '../../look/meant.ts';
import type { Session } from '../../root/root.ts';

export interface FoundTask {
  readonly entry: Entry;
  readonly message: Message;
  readonly state: TaskState;
}

/** A blocked task is delayed for so long that nothing but its release ends it. */
export const blockedMs = longestMs;

export function stateOf({ state, mailbox, dueAt = 0, withdrawn }: Entry, now: number): TaskState {
  if (state === 'inflight') return 'active';
  if (state === 'dead') return 'failed';
  if (state === 'archived') return withdrawn ? 'cancelled' : 'done';
  if (!isQueueName(mailbox)) return 'assigned';
  return state === 'delayed' && dueAt - now > blockedMs / 2 ? 'blocked' : 'ready';
}

/**
 * The task that is meant by an id or its end.
 * @param likely in which mailbox it is looked for first
 * @throws MESSAGE_NOT_FOUND, also for what is no task
 */
export async function findTask(session: Session, text: string, likely?: string): Promise<FoundTask> {
  const id = await meantId(session, text, ...(likely === undefined ? [] : [{ mailbox: likely }]), {
    notFound: (which) => noTask(which),
  });
  let isMail = false;
  // It may move between the two looks.
  for (let look = 1; look <= looks; look++) {
    const own = likely === undefined ? [] : await session.store.look.find(id, likely);
    const found = own.length > 0 ? own : await findNow(session, id);
    isMail = found.length > 0;
    const entry = found.find(({ task }) => task);
    const message = entry && (await session.store.look.read(entry));
    if (message) return { entry, message, state: stateOf(entry, session.store.now()) };
  }
  if (isMail) throw notFound('MESSAGE_NOT_FOUND', `${id} is a message and no task.`, `dreamos show ${id}`);
  throw noTask(id);
}

function noTask(which: string): DreamosError {
  return notFound('MESSAGE_NOT_FOUND', `There is no task ${which}.`, 'dreamos task list --all');
}

const passive: Record<TaskMove, string> = {
  assign: 'assigned',
  accept: 'accepted',
  progress: 'reported on',
  done: 'done',
  fail: 'failed',
  cancel: 'cancelled',
  retry: 'retried',
};

const ownMoves: ReadonlySet<TaskMove> = new Set(['accept', 'progress', 'done', 'fail']);

/** @throws TASK_STATE, with what may be done instead */
export function checkMove(move: TaskMove, { entry: { id, mailbox }, state }: Pick<FoundTask, 'entry' | 'state'>): void {
  if (!isLegal(move, state)) throw illegalMove(move, id, state, mailbox);
}

export function illegalMove(move: TaskMove, id: string, state: TaskState, mailbox: string): DreamosError {
  const where = isQueueName(mailbox) ? '' : `, with ${mailbox}`;
  const from = taskMoves[move].from.join(', ').replace(/, (?=\w+$)/, ' or ');
  // Whose it is makes these.
  const asWho = isQueueName(mailbox) ? '<agent>' : mailbox;
  const may = movesFrom(state).map((one) =>
    ownMoves.has(one) ? `dreamos task ${one} ${id} --as ${asWho}` : `dreamos task ${one} ${id}`,
  );
  return new DreamosError(
    'conflict',
    'TASK_STATE',
    `Task ${id} is ${state}${where}: only what is ${from} can be ${passive[move]}.`,
    {
      hint:
        may[0] === undefined
          ? `See what came of it: dreamos task show ${id}`
          : `What can be done now: ${may.join('; ')}`,
    },
  );
}
