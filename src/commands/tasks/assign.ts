import type { Candidate } from '../../contract/tasks.ts';
import type { Context } from '../../cli/context.ts';
import { checkId } from '../../cli/input/parse.ts';
import { missingText, taskLine } from '../../cli/tasks/task-line.ts';
import { assignTask, explainTask } from '../../core/tasks/assign.ts';
import { formatDuration } from '../../model/duration.ts';
import { DreamosError } from '../../model/errors.ts';

export async function assignCommand(
  context: Context,
  id: string,
  agent: string | undefined,
  { explain }: { explain?: boolean },
): Promise<void> {
  checkId(id);
  if (explain) return printCandidates(context, id, agent);
  const task = await assignTask(await context.session(), id, agent);
  if (task.state === 'ready') {
    const why = task.missing === undefined ? '' : `: it ${missingText(task.missing)}`;
    const hint = `dreamos task assign ${task.id} --explain`;
    // To a person an answer is told without its hint.
    const message = `Nobody could be given task ${task.id}${why}. Each agent, and why not: ${hint}`;
    throw new DreamosError('nothing', 'NOTHING_THERE', message, { hint });
  }
  await context.output.outcome(task, () => taskLine(task));
}

async function printCandidates(context: Context, id: string, agent: string | undefined): Promise<void> {
  const { output } = context;
  const session = await context.session();
  const all = await explainTask(session, id);
  const asked = agent === undefined ? all : all.filter((one) => one.agent.toLowerCase() === agent.toLowerCase());
  if (asked.length === 0) return output.note(await context.noAgents());
  const nowMs = session.clock.now();
  await output.rows(asked, ['agent', 'state', 'tasks', 'score', 'idle for', 'note'], (one) => [
    one.agent,
    one.state,
    `${one.tasks}/${one.maxTasks}`,
    String(one.score),
    one.idleSince === undefined ? '' : formatDuration(nowMs - Date.parse(one.idleSince)),
    noteOf(one),
  ]);
}

function noteOf({ chosen, why }: Candidate): string {
  return chosen ? 'gets it' : (why ?? '');
}
