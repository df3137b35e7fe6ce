import type { TaskJson } from '../../contract/tasks.ts';
import { capabilityPattern } from '../../model/agent.ts';
import { subjectCharacters } from '../../model/basics/limits.ts';
import { isoTime, parseTime } from '../../model/clock.ts';
import { type Draft, parseDraft, type Parsed } from '../../model/draft.ts';
import { DreamosError } from '../../model/errors.ts';
import { isId } from '../../model/id.ts';
import { messageInvalid } from '../../model/refusals.ts';
import type { TaskFields } from '../../model/message.ts';
import type { Entry } from '../../storage/port/look.ts';
import { actorOf } from '../root/names.ts';
import type { Session } from '../root/root.ts';
import { sendChecked } from '../send/send.ts';
import { giveToBest } from './assign.ts';
import { lookAtCrew } from './crew.ts';
import { addDependent } from './place/dependents.ts';
import { blockedMs, findTask } from './place/find.ts';
import { whileItBegins } from './place/pending.ts';
import { queueFor } from './place/queue.ts';
import { noteDone, unfinishedOf } from './place/waiting.ts';
import { taskView } from './view.ts';
import { operation } from '../root/operation.ts';

/** A task as who wants it thinks of it. */
export interface TaskDraft extends Pick<Draft, 'from' | 'priority' | 'tags' | 'data' | 'thread' | 'durability'> {
  readonly title: string;
  readonly body?: string;
  /** Capabilities of who may do it: lower case, at most 32 letters, digits, `-` and `_`. */
  readonly requires?: readonly string[];
  /** Tasks that have to be done before; ids or their ends. */
  readonly dependsOn?: readonly string[];
  /** The task that it is a part of. */
  readonly parent?: string;
  /** When it should be done, an ISO 8601 text or milliseconds since 1970. It is only told. */
  readonly deadline?: string | number;
  /** `false`: it is put into its queue, and goes to somebody when who looks after tasks looks next. */
  readonly assign?: boolean;
}

export const createTask = operation('tasks.create', createTaskBody);

async function createTaskBody(session: Session, draft: TaskDraft): Promise<TaskJson> {
  const id = session.ids.next(session.store.now());
  const entry = await putTask(session, id, draft);
  const requires = sorted(draft.requires);
  const given =
    draft.assign !== false && entry.state === 'ready'
      ? await orLater(session, id, async () => giveToBest(session, await lookAtCrew(session), entry, requires))
      : undefined;
  return taskView(session, await findTask(session, id, (given ?? entry).mailbox));
}

/** The task is made, whoever gets it: who hears that it failed would make it again. */
async function orLater<T>(session: Session, id: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    session.warn(`Task ${id} is made; who gets it is decided later: ${error.message}`);
    return undefined;
  }
}

/** Puts a new task into its queue, blocked if it has to wait. @param id drawn for it @returns where it lies */
async function putTask(session: Session, id: string, draft: TaskDraft): Promise<Entry> {
  const said = checkTitle(draft);
  actorOf(session, 'wants this task', draft.from);
  const task = await checkedTask(session, draft);
  const unfinished = await unfinishedOf(session, task.dependsOn);
  const queue = await queueFor(session, task.requires ?? []);
  const message = taskMessage(said, queue);
  await noteDone(session, task.dependsOn?.filter((one) => !unfinished.includes(one)) ?? []);
  const send = (delayMs?: number) =>
    sendChecked(session, { ...message, id, task, ...(delayMs !== undefined && { delayMs }) });
  if (unfinished.length === 0) await send();
  else {
    await whileItBegins(session, { id, mailbox: queue }, async () => {
      for (const one of unfinished) await addDependent(session, one, { id, mailbox: queue });
      await send(blockedMs);
    });
  }
  return (await findTask(session, id, queue)).entry;
}

export function checkTitle(draft: TaskDraft): TaskDraft {
  const { title } = draft;
  if (typeof title !== 'string' || title.trim() === '')
    throw messageInvalid('A task needs a title.', 'dreamos task create --help');
  if (title.length > subjectCharacters)
    throw messageInvalid(
      `The title has ${title.length} characters; it may have ${subjectCharacters}.`,
      'Shorten it, and say the rest in the body',
    );
  return draft;
}

/** What is sent to its queue, but for what makes it a task. */
export function taskMessage(draft: TaskDraft, queue: string): Parsed<Draft> {
  const {
    title,
    body = title,
    requires: _,
    dependsOn: __,
    parent: ___,
    deadline: ____,
    assign: _____,
    ...sent
  } = draft;
  return parseDraft({ ...sent, to: queue, subject: title, body, type: 'task', allowEmpty: true }, 'send');
}

async function checkedTask(session: Session, draft: TaskDraft): Promise<TaskFields> {
  const dependsOn = await idsOf(session, draft.dependsOn ?? []);
  const [parent] = draft.parent === undefined ? [] : await idsOf(session, [draft.parent]);
  return taskFields(draft, dependsOn, parent);
}

/** @param dependsOn @param parent whole ids, of what is there or will be */
export function taskFields(draft: TaskDraft, dependsOn: readonly string[], parent?: string): TaskFields {
  const requires = sorted(draft.requires);
  const wrong = requires.find((one) => !capabilityPattern.test(one));
  if (wrong !== undefined)
    throw messageInvalid(
      `${JSON.stringify(wrong)} is no capability.`,
      'A capability has 1 to 32 lower-case letters, digits, dashes or underscores',
    );
  const deadline = deadlineOf(draft.deadline);
  return {
    ...(requires.length > 0 && { requires }),
    ...(dependsOn.length > 0 && { dependsOn: [...dependsOn] }),
    ...(parent !== undefined && { parent }),
    ...(deadline !== undefined && { deadline }),
  };
}

function sorted(requires: readonly string[] = []): string[] {
  return [...new Set(requires)].sort();
}

/** @throws MESSAGE_NOT_FOUND */
async function idsOf(session: Session, texts: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const text of texts) ids.push((await findTask(session, text)).entry.id);
  return [...new Set(ids)];
}

function deadlineOf(deadline: string | number | undefined): string | undefined {
  if (deadline === undefined) return undefined;
  return isoTime(typeof deadline === 'number' ? deadline : parseTime(deadline, '"deadline"'));
}

/**
 * The order in which these are made, so that each comes behind what it depends on.
 * @param edges of each what it depends on, by the same names; others are not among them
 * @param what they do in a circle, for who is told
 * @throws TASK_CYCLE, with its path
 */
export function inOrder(edges: ReadonlyMap<string, readonly string[]>, what = 'wait for each other'): string[] {
  const order: string[] = [];
  const done = new Set<string>();
  for (const start of edges.keys()) {
    // By hand and not by calls: a chain may be longer than the stack is deep.
    const path: { readonly name: string; next: number }[] = [{ name: start, next: 0 }];
    const onPath = new Set([start]);
    while (path.length > 0) {
      const top = path.at(-1) as (typeof path)[number];
      const before = done.has(top.name) ? [] : (edges.get(top.name) ?? []);
      const next = before[top.next++];
      if (next === undefined) {
        if (!done.has(top.name) && edges.has(top.name)) order.push(top.name);
        done.add(top.name);
        onPath.delete(top.name);
        path.pop();
      } else if (onPath.has(next)) {
        const names = path.map(({ name }) => name);
        throw cycle([...names.slice(names.indexOf(next)), next], what);
      } else if (!done.has(next)) {
        path.push({ name: next, next: 0 });
        onPath.add(next);
      }
    }
  }
  return order;
}

function cycle(path: readonly string[], what: string): DreamosError {
  const shown = path.map((one) => (isId(one) ? one.slice(-6) : one)).join(' -> ');
  const message = `These tasks ${what}: ${shown}. Nothing was made.`;
  return new DreamosError('invalid', 'TASK_CYCLE', message, { hint: 'Take one of these dependencies out' });
}
