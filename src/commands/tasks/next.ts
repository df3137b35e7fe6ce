import type { TaskTaken } from '../../contract/tasks.ts';
import type { Context } from '../../cli/context.ts';
import { printMessage } from '../../cli/print-message.ts';
import { checkId, durationOption, given } from '../../cli/input/parse.ts';
import { pausedNow } from '../../cli/show/not-ready.ts';
import { takenText } from '../../cli/tasks/task-text.ts';
import { orTell } from '../../cli/unwritten.ts';
import { upTo } from '../../cli/waiting.ts';
import { acceptTask, nextTask } from '../../core/tasks/next.ts';
import { DreamosError } from '../../model/errors.ts';

interface TakeOptions {
  wait?: string;
  lease?: string;
}

export async function nextCommand(context: Context, options: TakeOptions): Promise<void> {
  const { signal } = context;
  const waitMs = durationOption(options.wait, '--wait');
  const leaseMs = durationOption(options.lease, '--lease');
  const session = await context.session();
  const who = session.acting ?? 'whoever acts';
  const task = await upTo(waitMs, context, `a task for ${who}`, () =>
    nextTask(session, { ...given({ waitMs, leaseMs }), signal }),
  );
  if (task !== undefined) return handOver(context, task);
  if (signal.aborted) return;
  const paused = await pausedNow(context.output, session, who);
  if (paused) throw paused;
  const within = options.wait === undefined ? '' : ` within ${options.wait}`;
  throw new DreamosError('nothing', 'NOTHING_THERE', `There was no task for ${who}${within}.`, {
    hint: `What nobody has, and why: dreamos task list --ready${context.flags()}`,
  });
}

export async function acceptCommand(context: Context, id: string, options: TakeOptions): Promise<void> {
  const leaseMs = durationOption(options.lease, '--lease');
  await handOver(context, await acceptTask(await context.session(), checkId(id), leaseMs));
}

async function handOver(context: Context, task: TaskTaken): Promise<void> {
  const { output } = context;
  const paint = await output.paint();
  const nowMs = (await context.session()).clock.now();
  const text = (): string => takenText(context, task, paint, nowMs);
  const told = (): string =>
    `Task ${task.id} could not be written out; it comes again when its lease ends at ${task.leaseUntil}.`;
  await orTell(printMessage(output, task.id, task, text), told, `dreamos nack ${task.receipt}`);
}
