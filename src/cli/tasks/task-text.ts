import type { ShownTask, TaskJson, TaskTaken } from '../../contract/tasks.ts';
import type { Context } from '../context.ts';
import { stepLines } from '../events/step-lines.ts';
import { broken } from '../fit.ts';
import { harmless } from '../harmless.ts';
import type { Paint } from '../output.ts';
import { ago, fencedWords, type HeaderLine } from '../show/message-view.ts';
import { missingText } from './task-line.ts';

interface How {
  readonly paint: Paint;
  readonly nowMs: number;
  readonly columns: number;
}

/** A task that was just taken: what there is to do, and how to end it. */
export function takenText(context: Context, task: TaskTaken, paint: Paint, nowMs: number): string {
  const columns = context.output.width;
  const { id, assignee = '' } = task;
  const handle = context.output.toTerminal ? id.slice(-8) : id;
  const who = context.flagsAs(assignee);
  const ends = [
    'When it is done, type:',
    `dreamos task done ${handle} --result "what came of it"${who}`,
    'While you are at it, so that it stays yours:',
    `dreamos task progress ${handle} --percent 50${who}`,
    'If it cannot be done:',
    `dreamos task fail ${handle} --reason "why"${who}`,
  ].join('\n');
  return `${headOf(task, [], { paint, nowMs, columns })}\n\n${wordsOf(task, paint)}\n\n${broken(ends, columns, '')}`;
}

/** A task whole. @param blockers what it waits for */
export function shownText(task: ShownTask, blockers: readonly TaskJson[], how: How): string {
  const { paint, columns } = how;
  const { id, result, data, assignee, history } = task;
  const outcome =
    result === undefined && data === undefined
      ? []
      : [
          '',
          paint.bold('Result:'),
          ...fencedWords({ from: assignee ?? task.mailbox, body: result ?? '', data }, paint),
        ];
  const past = ['', paint.bold('History:'), ...stepLines(history, id, paint)].join('\n');
  return [headOf(task, blockers, how), '', wordsOf(task, paint), ...outcome, broken(past, columns)].join('\n');
}

function wordsOf({ by, body, input }: TaskTaken | ShownTask, paint: Paint): string {
  return fencedWords({ from: by, body, data: input }, paint).join('\n');
}

function headOf(task: TaskTaken | ShownTask, blockers: readonly TaskJson[], { paint, nowMs, columns }: How): string {
  const { priority, requires, dependsOn, parent, deadline, tags, progress, attempt } = task;
  const at = (iso: string): string => `${iso} (${ago(iso, nowMs)})`;
  const line = (label: string, value: string | undefined): HeaderLine[] =>
    value === undefined || value === '' ? [] : [[label, value]];
  const children = 'children' in task ? task.children : [];
  const known = new Set(blockers.map(({ id }) => id));
  const header: HeaderLine[] = [
    ['Task', task.title],
    ['State', stateOf(task, at)],
    ...line('Waits for', blockers.map((one) => blockerText(one)).join('; ')),
    ['Priority', priority],
    ...line('Requires', requires.join(', ')),
    ...line('Depends on', dependsOn.filter((id) => !known.has(id)).join(', ')),
    ...line('Part of', parent),
    ...line('Parts', children.join(', ')),
    ...line('Deadline', deadline === undefined ? deadline : `${at(deadline)}${task.overdue ? ', overdue' : ''}`),
    ...line('Tags', tags?.join(', ')),
    ...line('Progress', progress === undefined ? progress : `${progressText(progress)}, ${at(progress.at)}`),
    ['From', task.by],
    ['Created', at(task.createdAt)],
    ['Attempt', String(attempt)],
    ['Id', task.id],
    ...line('Receipt', 'receipt' in task ? task.receipt : undefined),
  ];
  const width = Math.max(...header.map(([label]) => label.length)) + 2;
  return header
    .map(([label, value]) =>
      broken(`${paint.bold(`${label}:`.padEnd(width))}${harmless(value)}`, columns, ' '.repeat(width)),
    )
    .join('\n');
}

function stateOf(task: TaskJson, at: (iso: string) => string): string {
  const { state, assignee, leaseUntil, missing, reason, endedAt } = task;
  const parts = [
    assignee === undefined ? '' : `with ${assignee}`,
    leaseUntil === undefined ? '' : `until ${at(leaseUntil)}`,
    missing === undefined ? '' : missingText(missing),
    endedAt === undefined ? '' : at(endedAt),
    reason ?? '',
  ].filter((part) => part !== '');
  return [state, ...parts].join(', ');
}

/** Of what another task waits for: which, and why it is not done. */
export function blockerText({ id, state, assignee, reason }: TaskJson, shownId = id): string {
  const who = assignee === undefined || state === 'failed' || state === 'cancelled' ? '' : `, ${assignee}`;
  return `${shownId} (${state}${who}${reason === undefined ? '' : `: ${reason}`})`;
}

export function progressText({ percent, note }: NonNullable<TaskJson['progress']>): string {
  return [percent === undefined ? '' : `${percent} %`, note ?? ''].filter((part) => part !== '').join(', ') || 'begun';
}
