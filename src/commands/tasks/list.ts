import type { TaskJson } from '../../contract/tasks.ts';
import type { Context } from '../../cli/context.ts';
import { countOption, given } from '../../cli/input/parse.ts';
import { createScreenful, showFirst } from '../../cli/show/screenful.ts';
import { taskStatesOption } from '../../cli/tasks/input.ts';
import { taskLayout, type TaskRow } from '../../cli/tasks/task-layout.ts';
import type { Session } from '../../core/root/root.ts';
import { blockersOf, listTasks } from '../../core/tasks/list.ts';
import { usage } from '../../model/refusals.ts';
import { openStates, type TaskState, taskStates } from '../../model/state.ts';

interface ListOptions {
  state?: string;
  all?: boolean;
  ready?: boolean;
  blocked?: boolean;
  mine?: boolean;
  agent?: string;
  tree?: boolean;
  limit?: string;
}

export async function listCommand(context: Context, options: ListOptions): Promise<void> {
  const { output, signal } = context;
  const { mine, agent, tree = false, blocked = false } = options;
  const states = statesOf(options);
  const limit = countOption(options.limit, '--limit');
  if (mine && agent !== undefined) throw usage('--mine and --agent are two agents.', 'Leave out one of them.');
  const session = await context.session();
  const found = listTasks(session, { ...given({ states, mine, agent, limit }) });
  const rows = tree ? inTree(found) : plain(found);
  let count = 0;
  if (output.json) {
    for await (const { task } of rows) {
      if (signal.aborted) return;
      count++;
      await output.item(task, () => '');
    }
  } else count = await print(context, session, blocked ? withBlockers(session, rows) : rows, limit);
  if (count > 0 || signal.aborted) return;
  await output.note(`No task is ${(states ?? openStates).join(' or ')}${whoseText(options)}.`);
}

/** On a terminal a screenful, elsewhere all. */
async function print(
  { output }: Context,
  session: Session,
  rows: AsyncIterable<TaskRow>,
  limit: number | undefined,
): Promise<number> {
  const layout = taskLayout(session.clock.now(), output.toTerminal);
  if (output.toTerminal) return showFirst(output, rows, layout, limit);
  const screen = createScreenful(output, layout);
  for await (const row of rows) screen.add(() => layout.row(row));
  await screen.print();
  return screen.count;
}

function statesOf({ state, all, ready, blocked }: ListOptions): TaskState[] | undefined {
  const ways = [state !== undefined, all, ready || blocked].filter(Boolean);
  if (ways.length > 1) throw usage('The states are given twice.', 'Leave out all but one: --state ready,failed');
  if (all) return [...taskStates];
  if (ready || blocked) return [...(ready ? (['ready'] as const) : []), ...(blocked ? (['blocked'] as const) : [])];
  return taskStatesOption(state);
}

function whoseText({ mine, agent }: ListOptions): string {
  if (mine) return ' that you have';
  return agent === undefined ? '' : ` that ${agent} has`;
}

async function* plain(found: AsyncIterable<TaskJson>): AsyncGenerator<TaskRow, void, undefined> {
  for await (const task of found) yield { task, depth: 0 };
}

/** Each below what it is a part of; of what is not among them it is said. */
async function* inTree(found: AsyncIterable<TaskJson>): AsyncGenerator<TaskRow, void, undefined> {
  const all = new Map<string, TaskJson>();
  for await (const task of found) all.set(task.id, task);
  const parts = new Map<string, TaskJson[]>();
  const tops: TaskJson[] = [];
  for (const task of all.values()) {
    const { parent } = task;
    if (parent === undefined || !all.has(parent)) tops.push(task);
    else parts.set(parent, [...(parts.get(parent) ?? []), task]);
  }
  // By hand and not by calls: it may be deeper than the stack.
  const next = tops.toReversed().map((task): TaskRow => ({ task, depth: 0, partOf: task.parent }));
  for (let row = next.pop(); row !== undefined; row = next.pop()) {
    yield row;
    const below = (parts.get(row.task.id) ?? []).toReversed();
    for (const task of below) next.push({ task, depth: row.depth + 1 });
  }
}

async function* withBlockers(session: Session, rows: AsyncIterable<TaskRow>): AsyncGenerator<TaskRow, void, undefined> {
  for await (const row of rows) yield { ...row, blockers: await blockersOf(session, row.task) };
}
