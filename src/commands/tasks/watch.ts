import type { Context } from '../../cli/context.ts';
import { eventJson, eventText } from '../../cli/events/event-line.ts';
import { checkId, durationOption, given } from '../../cli/input/parse.ts';
import { taskLine } from '../../cli/tasks/task-line.ts';
import { sayWaiting } from '../../cli/waiting.ts';
import type { Session } from '../../core/root/root.ts';
import type { FoundTask } from '../../core/tasks/place/find.ts';
import { taskView } from '../../core/tasks/view.ts';
import { watchTasks } from '../../core/tasks/watch/watch.ts';
import { DreamosError } from '../../model/errors.ts';

export async function watchCommand(
  context: Context,
  id: string | undefined,
  options: { wait?: string },
): Promise<void> {
  const { output, signal } = context;
  const waitMs = durationOption(options.wait, '--wait');
  if (id !== undefined) checkId(id);
  const session = await context.session();
  const paint = await output.paint();
  const onWarning = (text: string) => void output.warn(text);
  const events = watchTasks(session, id, { ...given({ waitMs }), signal, onWarning });
  const stop = sayWaiting(context, id === undefined ? 'what happens to tasks' : `task ${id}`);
  let width = 10;
  let some = false;
  try {
    for (;;) {
      const { done, value } = await events.next();
      if (done && value) return await tellEnd(context, session, value);
      if (done) break;
      some = true;
      width = Math.max(width, value.mailbox.length);
      await output.item(eventJson(value), () => eventText(value, width, paint, output.width));
    }
  } finally {
    stop();
    await events.return(undefined);
  }
  if (signal.aborted || (some && id === undefined)) return;
  const what = id === undefined ? 'Nothing happened to any task' : `Task ${id} is not over`;
  throw new DreamosError('nothing', 'NOTHING_THERE', `${what}${options.wait ? ` within ${options.wait}` : ''}.`, {
    hint: id === undefined ? 'dreamos task list' : `dreamos task show ${id}`,
  });
}

/** @throws DEAD_LETTERED, STATE_CHANGED: it is not done */
async function tellEnd(context: Context, session: Session, found: FoundTask): Promise<void> {
  const task = await taskView(session, found);
  if (task.state === 'done') return context.output.note(taskLine(task));
  const hint = `To do it all the same: dreamos task retry ${task.id}${context.flags()}`;
  const code = task.state === 'failed' ? 'DEAD_LETTERED' : 'STATE_CHANGED';
  throw new DreamosError('conflict', code, `Task ${taskLine(task)}.`, { hint });
}
