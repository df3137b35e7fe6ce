import type { TaskJson } from '../../contract/tasks.ts';
import type { Context } from '../../cli/context.ts';
import { dataOption } from '../../cli/input/draft.ts';
import { checkId, durationOption, given } from '../../cli/input/parse.ts';
import { wordsOption } from '../../cli/tasks/input.ts';
import { taskLine } from '../../cli/tasks/task-line.ts';
import { cancelTask, doneTask, failTask, reportProgress, retryTask } from '../../core/tasks/moves.ts';
import { usage } from '../../model/refusals.ts';

interface ProgressOptions {
  percent?: string;
  note?: string;
  lease?: string;
}

export async function progressCommand(context: Context, id: string, options: ProgressOptions): Promise<void> {
  const { note } = options;
  const percent = percentOption(options.percent);
  const leaseMs = durationOption(options.lease, '--lease');
  const task = await reportProgress(await context.session(), checkId(id), given({ percent, note, leaseMs }));
  await context.output.outcome(task, () => `${taskLine(task)} until ${task.leaseUntil}`);
}

function percentOption(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const figure = /^(\d{1,3}(?:\.\d+)?)%?$/.exec(text)?.[1];
  if (figure !== undefined) return Number(figure);
  throw usage(`"${text}" cannot be --percent.`, 'Allowed: a number from 0 to 100');
}

interface DoneOptions {
  result?: string;
  resultFile?: string;
  data?: string;
}

export async function doneCommand(context: Context, id: string, options: DoneOptions): Promise<void> {
  checkId(id);
  const data = await dataOption(context, given({ data: options.data }), [options.result ?? '', undefined]);
  const words = { what: 'result', text: options.result, file: options.resultFile, taken: options.data === '-' };
  const result = (await wordsOption(context, words)) || undefined;
  await tell(context, await doneTask(await context.session(), id, given({ result, data })));
}

export async function failCommand(context: Context, id: string, { reason }: { reason?: string }): Promise<void> {
  const task = await failTask(await context.session(), checkId(id), reason);
  await tell(context, task);
  await context.output.note(`To have it tried again: dreamos task retry ${task.id}${context.flags()}`);
}

export async function cancelCommand(context: Context, ids: readonly string[]): Promise<void> {
  const session = await context.session();
  await context.each(ids, async (id) => tell(context, await cancelTask(session, checkId(id))));
}

export async function retryCommand(context: Context, ids: readonly string[]): Promise<void> {
  const session = await context.session();
  await context.each(ids, async (id) => tell(context, await retryTask(session, checkId(id))));
}

function tell({ output }: Context, task: TaskJson): Promise<void> {
  return output.outcome(task, () => taskLine(task));
}
