import type { TaskJson } from '../../contract/tasks.ts';
import { timeLeft } from '../../model/duration.ts';
import { ago } from '../show/message-view.ts';
import { layoutOf, type RowLayout } from '../show/screenful.ts';
import { missingText } from './task-line.ts';
import { blockerText, progressText } from './task-text.ts';

export interface TaskRow {
  readonly task: TaskJson;
  /** How deep below what it is a part of. */
  readonly depth: number;
  /** What it is a part of, and which is not shown above it. */
  readonly partOf?: string | undefined;
  /** How what it waits for is, where that was looked at. */
  readonly blockers?: readonly TaskJson[] | undefined;
}

/** What a line of a list of tasks says. What every task has by nature (normal) is not said. */
export function taskLayout(nowMs: number, short: boolean): RowLayout<TaskRow> {
  const idOf = (id: string): string => (short ? id.slice(-8) : id);
  return layoutOf<TaskRow>(
    [
      ['id', true, ({ task }) => idOf(task.id)],
      ['state', true, ({ task }) => task.state],
      ['priority', true, ({ task }) => (task.priority === 'normal' ? '' : task.priority)],
      ['agent', true, ({ task }) => task.assignee ?? ''],
      ['title', true, ({ task, depth }) => `${'  '.repeat(depth)}${task.title}`],
      ['note', true, (row) => noteOf(row, nowMs, idOf)],
    ],
    { agent: 6, title: 12, note: 18 },
  );
}

function noteOf({ task, partOf, blockers }: TaskRow, nowMs: number, idOf: (id: string) => string): string {
  const { state, leaseUntil, progress, waitsFor = [], missing, reason, endedAt, overdue } = task;
  const waits = blockers?.map((one) => blockerText(one, idOf(one.id))) ?? waitsFor.map(idOf);
  return [
    overdue ? 'overdue' : '',
    partOf === undefined ? '' : `part of ${idOf(partOf)}`,
    leaseUntil === undefined ? '' : `${timeLeft(Date.parse(leaseUntil) - nowMs)} left`,
    state === 'active' && progress !== undefined ? progressText(progress) : '',
    waits.length === 0 ? '' : `waits for ${waits.join(', ')}`,
    missing === undefined ? '' : missingText(missing),
    reason ?? '',
    endedAt === undefined ? '' : ago(endedAt, nowMs),
  ]
    .filter((part) => part !== '')
    .join(', ');
}
