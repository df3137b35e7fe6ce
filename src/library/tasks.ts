import { assignTask, explainTask } from '../core/tasks/assign.ts';
import { createTask, type TaskDraft } from '../core/tasks/create.ts';
import { listTasks, showTask } from '../core/tasks/list.ts';
import { cancelTask, doneTask, failTask, reportProgress, retryTask } from '../core/tasks/moves.ts';
import { acceptTask, nextTask } from '../core/tasks/next.ts';
import { createTasks } from '../core/tasks/many/batch.ts';
import { exportBeads } from '../core/tasks/many/export-beads.ts';
import { importBeads } from '../core/tasks/many/import-beads.ts';
import {
  anything,
  call,
  list,
  maybe,
  needing,
  number,
  type Options,
  signal,
  taskStates,
  text,
  textOrNumber,
  texts,
  yesOrNo,
} from './arguments.ts';
import type { Binders } from './bind.ts';
import type { Tasks } from './task-group.ts';

const draft: Options<TaskDraft> = {
  title: text,
  body: text,
  requires: texts,
  dependsOn: texts,
  parent: text,
  deadline: textOrNumber,
  assign: yesOrNo,
  from: text,
  priority: text,
  tags: texts,
  data: anything,
  thread: text,
  durability: text,
};

export function bindTasks({ bound, each }: Binders): Tasks {
  return {
    create: bound(createTask, needing(draft)),
    createAll: bound(createTasks, list, { dedupeKey: text, dryRun: yesOrNo, nameOf: call, waitMs: number, signal }),
    importBeads: bound(importBeads, list, {
      all: yesOrNo,
      requiresLabels: yesOrNo,
      dryRun: yesOrNo,
      nameOf: call,
      waitMs: number,
      signal,
    }),
    exportBeads: each(exportBeads, { all: yesOrNo }),
    list: each(listTasks, { states: taskStates, agent: text, mine: yesOrNo, limit: number, after: text }),
    show: bound(showTask, text),
    next: bound(nextTask, { leaseMs: number, waitMs: number, signal }),
    accept: bound(acceptTask, text, maybe(number)),
    progress: bound(reportProgress, text, needing({ percent: number, note: text, leaseMs: number })),
    done: bound(doneTask, text, { result: text, data: anything }),
    fail: bound(failTask, text, maybe(text)),
    cancel: bound(cancelTask, text),
    retry: bound(retryTask, text),
    assign: bound(assignTask, text, maybe(text)),
    explain: bound(explainTask, text),
  };
}
