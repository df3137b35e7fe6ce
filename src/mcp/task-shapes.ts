/** The tools for tasks: what each takes and gives. */
import * as z from 'zod/mini';
import { priority, text } from '../contract/shape.ts';
import * as tasks from '../contract/tasks.ts';
import { schema } from '../model/schema.ts';
import { taskStates } from '../model/state.ts';
import { agentName, duration, limit, said, type Tool, withWords } from './fields.ts';

const id = () => text().check(z.describe('the id of a task that you are at, or the end of one'));

export const taskTools = {
  task_list: {
    operation: 'tasks.list',
    title: 'List tasks',
    description: 'Tasks by state; by default what is still to be done. It takes nothing: task_next does.',
    input: schema(() =>
      z.strictObject({
        states: z.exactOptional(z.array(z.enum(taskStates))),
        agent: said(agentName(), 'only what this agent has'),
        limit: limit(),
      }),
    ),
    output: schema(() => z.object({ ...withWords(), tasks: z.array(tasks.task()), more: z.boolean() })),
  },
  task_next: {
    operation: 'tasks.next',
    title: 'Take the next task',
    description:
      'Takes the best task for you under a lease. Keep it with task_progress; end it with task_done or task_fail.',
    input: schema(() =>
      z.strictObject({
        wait: duration('wait so long for one, at most 50s'),
        lease: duration("hold it so long; your mailbox's setting if not given"),
      }),
    ),
    output: schema(() =>
      z.object({
        ...withWords(),
        /** `null`: there is none. */
        task: z.nullable(tasks.taskTaken()),
      }),
    ),
  },
  task_progress: {
    operation: 'tasks.progress',
    title: 'Report on a task',
    description: 'Says how far a task is, and holds it for longer.',
    input: schema(() =>
      z.strictObject({
        id: id(),
        percent: z.exactOptional(z.number().check(z.minimum(0), z.maximum(100))),
        note: z.exactOptional(text()),
        lease: duration('hold it so long from now'),
      }),
    ),
    output: tasks.task,
  },
  task_done: {
    operation: 'tasks.done',
    title: 'Finish a task',
    description: 'Finishes a task, with what came of it. What waits for it goes on.',
    input: schema(() =>
      z.strictObject({ id: id(), result: z.exactOptional(text()), data: z.exactOptional(z.unknown()) }),
    ),
    output: tasks.task,
  },
  task_fail: {
    operation: 'tasks.fail',
    title: 'Give a task up',
    description: 'Gives a task up that cannot be done; somebody may have it retried.',
    input: schema(() => z.strictObject({ id: id(), reason: z.exactOptional(text()) })),
    output: tasks.task,
  },
  task_create: {
    operation: 'tasks.create',
    title: 'Create a task',
    description: 'Has something done by whoever can: it goes to an agent that is there, or waits for one.',
    input: schema(() =>
      z.strictObject({
        title: text(),
        body: said(text(), 'all that has to be known for it'),
        requires: said(z.array(text()), 'capabilities of who does it'),
        dependsOn: said(z.array(text()), 'ids of tasks that have to be done before'),
        parent: said(text(), 'the task that it is a part of'),
        deadline: said(text(), 'ISO 8601'),
        priority: z.exactOptional(priority()),
        tags: z.exactOptional(z.array(text())),
        data: z.exactOptional(z.unknown()),
      }),
    ),
    output: tasks.task,
  },
} as const satisfies Record<string, Tool>;
