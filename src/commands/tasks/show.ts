import type { Context } from '../../cli/context.ts';
import { printMessage } from '../../cli/print-message.ts';
import { checkId } from '../../cli/input/parse.ts';
import { shownText } from '../../cli/tasks/task-text.ts';
import { blockersOf, showTask } from '../../core/tasks/list.ts';

export async function showCommand(context: Context, id: string): Promise<void> {
  const { output } = context;
  const session = await context.session();
  const task = await showTask(session, checkId(id));
  const blockers = output.json ? [] : await blockersOf(session, task);
  const paint = await output.paint();
  await printMessage(output, task.id, task, () =>
    shownText(task, blockers, { paint, nowMs: session.clock.now(), columns: output.width }),
  );
}
