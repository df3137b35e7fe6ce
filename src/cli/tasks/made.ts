import type { MadeTask } from '../../contract/tasks.ts';
import { harmlessJson } from '../harmless.ts';
import type { Output } from '../output.ts';
import { orTell } from '../unwritten.ts';
import { taskLine } from './task-line.ts';

/**
 * What became of each of many tasks, a line each.
 * @param hint what to do when it could not be written out; `undefined`: nothing was made, so it is no loss
 */
export async function sayMade(output: Output, made: readonly MadeTask[], hint: string | undefined): Promise<void> {
  const lines = made.map((task) => (output.json ? harmlessJson(task) : madeLine(task)));
  if (lines.length === 0) return;
  const written = output.data(lines.map((line) => `${line}\n`).join(''));
  if (hint === undefined) return written;
  await orTell(written, () => `What became of ${made.length} tasks could not be written out; they are made.`, hint);
}

function madeLine(task: MadeTask): string {
  return task.duplicate ? `${task.id} was there: ${task.state}` : taskLine(task);
}
