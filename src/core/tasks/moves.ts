/** What becomes of a task that somebody has. Every move is one of model/state.ts, and every other is refused. */
import type { TaskJson } from '../../contract/tasks.ts';
import { isQueueName } from '../../model/agent.ts';
import { isoTime } from '../../model/clock.ts';
import { checkedJson } from '../../model/data.ts';
import { loneSurrogateIn } from '../../model/basics/text.ts';
import { DreamosError } from '../../model/errors.ts';
import { halfCharacter, usage } from '../../model/refusals.ts';
import { type TaskMove } from '../../model/state.ts';
import { actingOf } from '../root/names.ts';
import type { Session } from '../root/root.ts';
import { ack, nack, renew } from '../take/settle.ts';
import { assignThese, requiresOf } from './assign.ts';
import { blockIfItWaits } from './place/dependents.ts';
import { changeTask, readTask } from './place/document.ts';
import { checkMove, findTask, type FoundTask } from './place/find.ts';
import { noteBusy } from './next.ts';
import { queueFor } from './place/queue.ts';
import { taskView } from './view.ts';
import { operation } from '../root/operation.ts';

export interface TaskResult {
  /** What came of it, in words. */
  readonly result?: string;
  /** Anything that JSON can hold. */
  readonly data?: unknown;
}

export const doneTask = operation('tasks.done', doneTaskBody);

async function doneTaskBody(session: Session, idOrEnd: string, { result, data }: TaskResult = {}): Promise<TaskJson> {
  checkText('result', result);
  const json = data === undefined ? undefined : (JSON.parse(checkedJson(data)) as unknown);
  const found = await foundFor('done', session, idOrEnd);
  const { id, attempt } = found.entry;
  const receipt = settledBy(session, found);
  const says = result !== undefined || json !== undefined;
  // First, so that it is there when somebody hears that the task is done. It counts for this claim alone: one of the same
  // number, before a retry or given back for free, may have left another.
  if (says || (await readTask(session, id)).result?.attempt === attempt)
    await changeTask(session, id, (document) => ({
      ...document,
      // What JSON does not write is not there.
      result: says
        ? { attempt, ...(result !== undefined && { text: result }), ...(json !== undefined && { data: json }) }
        : undefined,
    }));
  await ack(session, receipt);
  return ended(session, found);
}

export const failTask = operation('tasks.fail', failTaskBody);

async function failTaskBody(session: Session, idOrEnd: string, reason?: string): Promise<TaskJson> {
  const found = await foundFor('fail', session, idOrEnd);
  await nack(session, settledBy(session, found), { dead: true, ...(reason !== undefined && { reason }) });
  return ended(session, found);
}

async function ended(session: Session, { entry }: FoundTask): Promise<TaskJson> {
  const card = await session.store.documents.getAgent(entry.mailbox);
  if (card && !isQueueName(card.name)) await noteBusy(session, card);
  return taskView(session, await findTask(session, entry.id, entry.mailbox));
}

export interface ProgressReport {
  /** 0 to 100. */
  readonly percent?: number;
  readonly note?: string;
  /** The lease now ends so long from now; milliseconds. Else as long as the mailbox's setting says. */
  readonly leaseMs?: number;
}

/** Says how far it is, and renews its lease. */
export const reportProgress = operation('tasks.progress', reportProgressBody);

async function reportProgressBody(session: Session, idOrEnd: string, report: ProgressReport): Promise<TaskJson> {
  const { percent, note, leaseMs } = report;
  checkText('note', note);
  if (percent !== undefined && !(percent >= 0 && percent <= 100))
    throw usage(`${percent} is no percentage.`, 'A number from 0 to 100');
  const found = await foundFor('progress', session, idOrEnd);
  const { id, mailbox } = found.entry;
  await renew(session, settledBy(session, found), leaseMs);
  await changeTask(session, id, (document) => ({
    ...document,
    progress: {
      at: isoTime(session.store.now()),
      by: session.acting ?? mailbox,
      ...(percent !== undefined && { percent }),
      ...(note !== undefined && { note }),
    },
  }));
  return taskView(session, await findTask(session, id, mailbox));
}

/** Also of what somebody is at: his claim holds no more. What depends on it waits until it is retried, or cancelled too. */
export const cancelTask = operation('tasks.cancel', cancelTaskBody);

async function cancelTaskBody(session: Session, idOrEnd: string): Promise<TaskJson> {
  const found = await foundFor('cancel', session, idOrEnd);
  await session.store.mail.cancel(found.entry, { ...actingOf(session), held: true });
  const waiting = (await dependentsOf(session, found.entry.id)).length;
  if (waiting > 0)
    session.warn(
      `${waiting} ${waiting === 1 ? 'task waits' : 'tasks wait'} for it, and ${waiting === 1 ? 'goes' : 'go'} on waiting: dreamos task list --blocked`,
    );
  return taskView(session, await findTask(session, found.entry.id, found.entry.mailbox));
}

async function dependentsOf(session: Session, id: string): Promise<readonly unknown[]> {
  return (await readTask(session, id)).dependents ?? [];
}

/** Once more, with all its attempts: to who suits best, or into its queue; blocked, if it has to wait. */
export const retryTask = operation('tasks.retry', retryTaskBody);

async function retryTaskBody(session: Session, idOrEnd: string): Promise<TaskJson> {
  const found = await foundFor('retry', session, idOrEnd);
  const { mail, documents } = session.store;
  const { entry } = found;
  const actor = actingOf(session);
  const again =
    entry.state === 'dead'
      ? await mail.retry(entry, actor)
      : await documents.withLock(`maintain.${entry.mailbox}`, (lock) => mail.restore(entry, { ...actor, lock }));
  const queue = await queueFor(session, requiresOf(found));
  const ready = again.mailbox === queue ? again : await mail.handOver(again, queue, { ...actor, reason: 'retried' });
  if (!(await blockIfItWaits(session, ready))) await assignThese(session, [ready]);
  return taskView(session, await findTask(session, entry.id));
}

async function foundFor(move: TaskMove, session: Session, idOrEnd: string): Promise<FoundTask> {
  const { acting } = session;
  const own = acting === undefined ? undefined : (await session.store.documents.getAgent(acting))?.name;
  const found = await findTask(session, idOrEnd, own);
  checkMove(move, found);
  return found;
}

/** @throws TASK_NOT_FOR_YOU: another one is at it */
function settledBy({ acting }: Session, { entry: { id, mailbox, receipt } }: FoundTask): string {
  if (receipt === undefined) throw new Error(`${id} is active and has no receipt.`);
  if (acting === undefined || isQueueName(mailbox) || mailbox.toLowerCase() === acting.toLowerCase()) return receipt;
  throw new DreamosError('conflict', 'TASK_NOT_FOR_YOU', `${mailbox} is at task ${id}, and not ${acting}.`, {
    hint: `What became of it: dreamos task show ${id}; to call it off: dreamos task cancel ${id}`,
  });
}

const mostText = 64 * 1024;

function checkText(what: string, text: string | undefined): void {
  if (text === undefined) return;
  const half = loneSurrogateIn(text);
  if (half !== undefined) throw halfCharacter(what, half);
  if (text.length > mostText)
    throw usage(
      `The ${what} has ${text.length} characters; it may have ${mostText}.`,
      'Write it to a file, and give its path',
    );
}
