import type { TaskJson } from '../../contract/tasks.ts';
import { harmless } from '../harmless.ts';

type Told = Pick<TaskJson, 'id' | 'state' | 'assignee' | 'waitsFor' | 'missing' | 'reason'>;

/** What became of a task, in a line: `01… assigned to ann`. */
export function taskLine(task: Told): string {
  return harmless(`${task.id} ${stateText(task)}`);
}

function stateText({ state, assignee, waitsFor = [], missing, reason }: Told): string {
  if (state === 'blocked') return `blocked: waits for ${waitsFor.join(', ')}`;
  if (state === 'ready') return `ready: ${missing === undefined ? 'nobody has it yet' : missingText(missing)}`;
  if (state === 'assigned') return `assigned to ${assignee}`;
  if (state === 'active') return `active, with ${assignee}`;
  return `${state}${reason === undefined ? '' : `: ${reason}`}`;
}

/** `lacks somebody who can: gpu` */
export function missingText(missing: string): string {
  return `lacks ${missing}`;
}
