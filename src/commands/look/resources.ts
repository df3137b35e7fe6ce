import type { Context } from '../../cli/context.ts';
import { harmless } from '../../cli/harmless.ts';
import { refusedLine } from '../../cli/show/message-view.ts';
import type { AgentResources } from '../../contract/look.ts';
import { showResources } from '../../core/resources/resources.ts';
import { exactDuration } from '../../model/duration.ts';

export async function showCommand(context: Context, agent: string | undefined): Promise<void> {
  const { output } = context;
  const session = await context.session();
  const all = await showResources(session, agent);
  if (all.length === 0) return output.note(await context.noAgents());
  if (output.json) {
    for (const one of all) await output.item(one, () => '');
    return;
  }
  const nowMs = session.clock.now();
  await output.rows(
    all.flatMap((one) => rowsOf(one, nowMs)),
    ['agent', 'what', 'limit', 'used', 'left'],
    (row) => row,
  );
  for (const { agent: name, refused } of all)
    if (refused) await output.note(harmless(refusedLine(name, refused, nowMs)));
}

type Row = [agent: string, what: string, limit: string, used: string, left: string];

/** The name only once, so that each agent is seen. */
function rowsOf({ agent, tasks, sends, messages, bytes }: AgentResources, nowMs: number): Row[] {
  const next = sends.nextAt === undefined ? undefined : Math.max(1000, Date.parse(sends.nextAt) - nowMs);
  const inTime = next === undefined ? undefined : `the next in ${exactDuration(Math.ceil(next / 1000) * 1000)}`;
  return [
    [agent, 'tasks at once', ...numbers(tasks)],
    ['', 'messages a minute', ...numbers(sends, inTime)],
    ['', 'messages in its mailbox', ...numbers(messages)],
    ['', 'bytes in its mailbox', ...numbers(bytes)],
  ];
}

function numbers(
  { limit, used }: { readonly limit: number | null; readonly used: number | null },
  left?: string,
): [limit: string, used: string, left: string] {
  const rest = limit === null || used === null ? '' : String(Math.max(0, limit - used));
  return [limit === null ? 'none' : String(limit), used === null ? '-' : String(used), left ?? rest];
}
