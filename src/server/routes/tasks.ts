/** What is to be done. */
import * as z from 'zod/mini';
import { given } from '../../cli/input/parse.ts';
import type { Candidate, TaskTaken } from '../../contract/tasks.ts';
import { assignTask, explainTask } from '../../core/tasks/assign.ts';
import { createTask } from '../../core/tasks/create.ts';
import { listTasks, showTask } from '../../core/tasks/list.ts';
import { type BatchTask, createTasks } from '../../core/tasks/many/batch.ts';
import { exportBeads as exportToBeads } from '../../core/tasks/many/export-beads.ts';
import { importBeads as importFromBeads } from '../../core/tasks/many/import-beads.ts';
import { cancelTask, doneTask, failTask, reportProgress, retryTask } from '../../core/tasks/moves.ts';
import { acceptTask, nextTask } from '../../core/tasks/next.ts';
import { priorities } from '../../model/message.ts';
import { once } from '../../model/schema.ts';
import { durabilities } from '../../model/settings.ts';
import { taskStates } from '../../model/state.ts';
import {
  agent,
  anyOf,
  dryRun,
  flag,
  mailbox,
  maybe,
  moment,
  msOf,
  span,
  text,
  waiting,
  waitOf,
} from '../route/fields.ts';
import { behind, route } from '../route/route.ts';

const shared = once(() => ({
  from: maybe(agent(), 'else the acting agent'),
  durability: maybe(anyOf(durabilities)),
  assign: maybe(flag(), 'false: it waits in its queue'),
}));
const lease = once(() => span('lease', "holds it so long; the mailbox's setting if not given"));
const id = once(() => z.string().check(z.describe('an id, or its end')));

const create = route({
  operation: 'tasks.create',
  input: () =>
    z.strictObject({
      title: text(),
      body: maybe(text()),
      requires: maybe(z.array(text()), 'capabilities of who may do it'),
      dependsOn: maybe(z.array(text()), 'tasks that have to be done before'),
      parent: maybe(text(), 'the task that it is a part of'),
      deadline: maybe(moment()),
      priority: maybe(anyOf(priorities)),
      tags: maybe(z.array(text())),
      data: maybe(z.unknown()),
      thread: maybe(text()),
      ...shared(),
    }),
  isNew: () => true,
  run: ({ session }, input) => createTask(session, input),
});

const createAll = route({
  operation: 'tasks.createAll',
  lines: 'tasks',
  keyed: true,
  input: () =>
    z.strictObject({
      tasks: z.array(z.unknown()),
      dedupeKey: maybe(text(), 'the batch is made once'),
      dryRun: dryRun(),
      ...shared(),
      ...waiting(),
    }),
  run: (call, input) => {
    const { tasks, dedupeKey = call.key, dryRun: isDry, from, durability, assign } = input;
    const all = tasks.map((one) => ({ ...given({ from, durability, assign }), ...(one as BatchTask) }));
    const how = given({ dedupeKey, dryRun: isDry, waitMs: waitOf(input) });
    return createTasks(call.session, all, { ...how, signal: call.signal });
  },
});

const importBeads = route({
  operation: 'tasks.importBeads',
  lines: 'issues',
  input: () =>
    z.strictObject({
      issues: z.array(z.unknown()),
      all: maybe(flag(), 'also what is closed'),
      requiresLabels: maybe(flag(), 'labels are what a task requires, too'),
      dryRun: dryRun(),
      ...waiting(),
    }),
  run: (call, input) => {
    const { issues, all, requiresLabels, dryRun: isDry } = input;
    const how = given({ all, requiresLabels, dryRun: isDry, waitMs: waitOf(input) });
    return importFromBeads(call.session, issues, { ...how, signal: call.signal });
  },
});

const exportBeads = route({
  operation: 'tasks.exportBeads',
  input: () => z.strictObject({ all: maybe(flag(), 'also what is done or cancelled') }),
  run: ({ session }, { all }) => exportToBeads(session, given({ all })),
});

const list = route({
  operation: 'tasks.list',
  pages: 'placed',
  input: () =>
    z.strictObject({
      state: maybe(z.array(anyOf(taskStates)), 'else what is still to be done'),
      agent: mailbox('what lies with this agent'),
      mine: maybe(flag(), 'what lies with the acting agent'),
    }),
  run: ({ session, page }, { state: states, agent: who, mine }) =>
    listTasks(session, { ...given({ states, agent: who, mine }), ...behind(page) }),
});

const show = route({
  operation: 'tasks.show',
  input: () => z.strictObject({ id: id() }),
  run: ({ session }, input) => showTask(session, input.id),
});

const next = route({
  operation: 'tasks.next',
  input: () => z.strictObject({ ...lease(), ...waiting() }),
  run: async (call, input): Promise<TaskTaken | undefined> => {
    const how = given({ leaseMs: msOf(input, 'lease'), waitMs: waitOf(input) });
    const task = await nextTask(call.session, { ...how, signal: call.signal });
    if (task) call.hands(task.receipt);
    return task;
  },
});

const accept = route({
  operation: 'tasks.accept',
  input: () => z.strictObject({ id: id(), ...lease() }),
  run: async (call, input): Promise<TaskTaken> => {
    const task = await acceptTask(call.session, input.id, msOf(input, 'lease'));
    call.hands(task.receipt);
    return task;
  },
});

const progress = route({
  operation: 'tasks.progress',
  input: () =>
    z.strictObject({
      id: id(),
      percent: maybe(z.number().check(z.gte(0), z.lte(100))),
      note: maybe(text()),
      ...lease(),
    }),
  run: ({ session }, input) => {
    const { percent, note } = input;
    return reportProgress(session, input.id, given({ percent, note, leaseMs: msOf(input, 'lease') }));
  },
});

const done = route({
  operation: 'tasks.done',
  input: () => z.strictObject({ id: id(), result: maybe(text()), data: maybe(z.unknown()) }),
  run: ({ session }, { id: task, ...result }) => doneTask(session, task, result),
});

const fail = route({
  operation: 'tasks.fail',
  input: () => z.strictObject({ id: id(), reason: maybe(text()) }),
  run: ({ session }, input) => failTask(session, input.id, input.reason),
});

const cancel = route({
  operation: 'tasks.cancel',
  input: () => z.strictObject({ id: id() }),
  run: ({ session }, input) => cancelTask(session, input.id),
});

const retry = route({
  operation: 'tasks.retry',
  input: () => z.strictObject({ id: id() }),
  run: ({ session }, input) => retryTask(session, input.id),
});

const assign = route({
  operation: 'tasks.assign',
  input: () => z.strictObject({ id: id(), agent: mailbox('else who suits best') }),
  run: ({ session }, input) => assignTask(session, input.id, input.agent),
});

const explain = route({
  operation: 'tasks.explain',
  pages: { by: ({ agent: name }: Candidate) => name },
  input: () => z.strictObject({ id: id() }),
  run: ({ session }, input) => explainTask(session, input.id),
});

export const taskRoutes = [
  ...[create, createAll, importBeads, exportBeads, list, show, next, accept, progress, done],
  ...[fail, cancel, retry, assign, explain],
];
