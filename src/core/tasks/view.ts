import type { TaskJson } from '../../contract/tasks.ts';
import { isQueueName } from '../../model/agent.ts';
import { isoTime } from '../../model/clock.ts';
import type { Message } from '../../model/message.ts';
import { openStates, type TaskState } from '../../model/state.ts';
import type { Entry } from '../../storage/port/look.ts';
import type { Session } from '../root/root.ts';
import { type Crew, lookAtCrew } from './crew.ts';
import { readTask } from './place/document.ts';
import type { FoundTask } from './place/find.ts';
import { unfinishedOf, type WaitingLook } from './place/waiting.ts';
import { operation } from '../root/operation.ts';

export interface TaskLooks {
  /** Of whom it is said what is missing; looked at when it is wanted. */
  readonly crew: () => Promise<Crew>;
  readonly unfinished: WaitingLook;
}

/** As people and programs see it. @param looks of who looks at many */
export const taskView = operation('tasks.show', taskViewBody, undefined, 'taskView');

async function taskViewBody(
  session: Session,
  { entry, message, state }: FoundTask,
  looks: TaskLooks = { crew: () => lookAtCrew(session), unfinished: (ids) => unfinishedOf(session, ids) },
): Promise<TaskJson> {
  const { requires = [], dependsOn = [], parent, deadline } = message.task ?? {};
  const { progress, result } = await readTask(session, entry.id);
  const assignee = await assigneeOf(session, entry, state);
  const { leaseUntil } = entry;
  const isOpen = (openStates as readonly TaskState[]).includes(state);
  const reason = state === 'failed' ? (await session.store.look.deadReason(entry))?.reason : undefined;
  const endedAt = entry.ackedAt ?? entry.deadAt;
  const missing = state === 'ready' ? await (await looks.crew()).missing(requires) : undefined;
  const counts = state === 'done' && result?.attempt === entry.attempt ? result : undefined;
  return {
    id: entry.id,
    title: message.subject,
    state,
    priority: entry.priority,
    mailbox: entry.mailbox,
    ...(assignee !== undefined && { assignee }),
    by: message.from,
    createdAt: message.createdAt,
    ...(message.tags.length > 0 && { tags: [...message.tags] }),
    requires: [...requires],
    dependsOn: [...dependsOn],
    ...(state === 'blocked' && { waitsFor: await looks.unfinished(dependsOn) }),
    ...(parent !== undefined && { parent }),
    ...(deadline !== undefined && { deadline }),
    ...(isOpen && deadline !== undefined && Date.parse(deadline) < session.store.now() && { overdue: true }),
    attempt: entry.attempt,
    ...(leaseUntil !== undefined && { leaseUntil: isoTime(leaseUntil) }),
    ...(progress && { progress }),
    ...(counts?.text !== undefined && { result: counts.text }),
    ...(counts?.data !== undefined && { data: counts.data }),
    ...(reason !== undefined && { reason }),
    ...(endedAt !== undefined && { endedAt: isoTime(endedAt) }),
    ...(missing !== undefined && { missing }),
  };
}

/** What was handed in with it. */
export function inputOf({ data }: Message): { input?: unknown } {
  return data === null || (typeof data === 'object' && Object.keys(data).length === 0) ? {} : { input: data };
}

/** Who has it: whose mailbox it is in, and of a queue who has claimed it there. */
export async function assigneeOf(session: Session, entry: Entry, state: TaskState): Promise<string | undefined> {
  if (!isQueueName(entry.mailbox)) return entry.mailbox;
  if (state !== 'active') return undefined;
  const claims = await session.store.journal.claims(entry.mailbox, new Map([[entry.id, entry.attempt]]));
  return claims.get(entry.id)?.by;
}
