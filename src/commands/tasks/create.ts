import type { Context } from '../../cli/context.ts';
import { dataOption } from '../../cli/input/draft.ts';
import { durabilityOption, given, priorityOption } from '../../cli/input/parse.ts';
import { deadlineOption, listOption, wordsOption } from '../../cli/tasks/input.ts';
import { taskLine } from '../../cli/tasks/task-line.ts';
import { createTask } from '../../core/tasks/create.ts';
import { usage } from '../../model/refusals.ts';

interface CreateOptions {
  title?: string;
  body?: string;
  bodyFile?: string;
  requires?: string[];
  priority?: string;
  dependsOn?: string[];
  deadline?: string;
  parent?: string;
  data?: string;
  tag?: string[];
  from?: string;
  durability?: string;
  /** `false`: --no-assign. */
  assign?: boolean;
}

export async function createCommand(context: Context, options: CreateOptions): Promise<void> {
  const { title, parent, from, assign, tag: tags } = options;
  if (title === undefined)
    throw usage('"task create" needs a title.', 'For example: dreamos task create --title "parse the grammar"');
  const session = await context.session();
  const deadline = deadlineOption(options.deadline, session.store.now());
  const priority = priorityOption(options.priority);
  const durability = durabilityOption(options.durability);
  const data = await dataOption(context, options, [options.body ?? '', undefined]);
  const words = { what: 'body', text: options.body, file: options.bodyFile, taken: options.data === '-' };
  const body = (await wordsOption(context, words)) || undefined;
  const requires = listOption(options.requires);
  const dependsOn = listOption(options.dependsOn);
  const more = given({ body, requires, dependsOn, parent, deadline, priority, durability, data, tags, from, assign });
  const task = await createTask(session, { title, ...more });
  await context.output.outcome(task, () => taskLine(task));
}
