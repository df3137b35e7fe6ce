/** Tools for tasks. */
import { harmless } from '../cli/harmless.ts';
import { given } from '../cli/input/parse.ts';
import { fencedWords } from '../cli/show/message-view.ts';
import { taskLine } from '../cli/tasks/task-line.ts';
import type { TaskJson } from '../contract/tasks.ts';
import { createTask } from '../core/tasks/create.ts';
import { listTasks } from '../core/tasks/list.ts';
import { doneTask, failTask, reportProgress } from '../core/tasks/moves.ts';
import { nextTask } from '../core/tasks/next.ts';
import { parseDuration } from '../model/duration.ts';
import { type Body, waitOf } from './call.ts';
import { mostToolMessages } from './fields.ts';
import { aboutWords, beginningFor, noteOf, plain, quoted } from './words.ts';

export const taskList: Body<'task_list'> = async ({ session }, { limit = mostToolMessages, ...filter }) => {
  const tasks: TaskJson[] = [];
  for await (const task of listTasks(session, { ...filter, limit: limit + 1 })) tasks.push(task);
  const more = tasks.length > limit;
  const shown = tasks.slice(0, limit);
  const text = shown.map((task) => `${taskLine(task)}: ${quoted(task.title)}`);
  const note = noteOf(shown.map(({ by }) => ({ from: by })));
  return { text: text.join('\n') || 'There are none.', value: { note, tasks: shown, more } };
};

export const taskNext: Body<'task_next'> = async (call, { wait, lease }) => {
  const { context, session, signal } = call;
  const leaseMs = lease === undefined ? undefined : parseDuration(lease, 'duration for `lease`');
  const task = await nextTask(session, { ...given({ leaseMs }), waitMs: waitOf(wait, 0), signal });
  if (task === undefined) {
    const within = wait === undefined ? '' : ` within ${wait}`;
    return { text: `There is no task for you${within}.`, value: { note: noteOf([]), task: null } };
  }
  call.hands(task.receipt);
  const { body, rest } = beginningFor(task, context.flags());
  const words = fencedWords({ from: task.by, body, data: task.input }, plain);
  const head = `Task ${task.id}: ${quoted(task.title)}\nYours until ${task.leaseUntil}, attempt ${task.attempt}.`;
  const ends = 'When it is done: task_done. While you are at it: task_progress. If it cannot be done: task_fail.';
  return {
    text: [head, ...words, ...(rest === '' ? [] : [rest]), '', ends].join('\n'),
    value: { ...aboutWords({ messages: [{ from: task.by }], rest: [rest] }), task: { ...task, body } },
  };
};

export const taskProgress: Body<'task_progress'> = async ({ session }, { id, lease, ...report }) => {
  const leaseMs = lease === undefined ? undefined : parseDuration(lease, 'duration for `lease`');
  const task = await reportProgress(session, id, { ...report, ...given({ leaseMs }) });
  return { text: `${taskLine(task)} until ${task.leaseUntil}.`, value: task };
};

export const taskDone: Body<'task_done'> = async ({ session }, { id, ...result }) => {
  return told(await doneTask(session, id, result));
};

export const taskFail: Body<'task_fail'> = async ({ session }, { id, reason }) => {
  return told(await failTask(session, id, reason));
};

export const taskCreate: Body<'task_create'> = async ({ session }, draft) => told(await createTask(session, draft));

function told(task: TaskJson): { text: string; value: TaskJson } {
  return { text: harmless(`${taskLine(task)}.`), value: task };
}
