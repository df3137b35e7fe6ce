import type { Context } from '../../cli/context.ts';
import { harmless } from '../../cli/harmless.ts';
import { countOption, given, oneOf } from '../../cli/input/parse.ts';
import { heartbeat } from '../../core/agents/heartbeat.ts';
import { agentStatuses } from '../../model/agent.ts';

export interface HeartbeatCommandOptions {
  status?: string;
  note?: string;
  pid?: string;
}

export async function heartbeatCommand(
  context: Context,
  name: string | undefined,
  { status, note, pid }: HeartbeatCommandOptions,
): Promise<void> {
  const said = given({
    status: status === undefined ? undefined : oneOf(status, agentStatuses, 'status'),
    note,
    pid: countOption(pid, '--pid'),
  });
  const agent = await context.mailbox(name, 'agent heartbeat');
  const present = await heartbeat(await context.session(), agent, said);
  await context.output.outcome(present, () => {
    const what = present.note === undefined ? '' : `: ${present.note}`;
    return harmless(`${present.agent} is ${present.state}${what}`);
  });
}
