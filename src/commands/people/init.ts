import type { Context } from '../../cli/context.ts';
import type { InitialisedJson } from '../../contract/system.ts';
import { harmless } from '../../cli/harmless.ts';
import { noteFormerOwners } from '../../cli/show/former-owners.ts';
import { listAgents } from '../../core/agents/agents.ts';

export async function initCommand(context: Context, names: string[]): Promise<void> {
  const { root: session, created, agents } = await context.around.initRoot({ ...context.openOptions(), agents: names });
  try {
    await context.output.outcome({ root: session.path, created, agents } satisfies InitialisedJson, () =>
      [
        created ? `Made the root ${harmless(session.path)}` : `The root ${harmless(session.path)} was there already.`,
        ...agents.map((agent) =>
          agent.created ? `Made the agent ${agent.name}` : `The agent ${agent.name} was there already.`,
        ),
      ].join('\n'),
    );
    await noteFormerOwners(context, session, agents);
    if (session.mainWorktree !== undefined) {
      const own = 'One for this worktree alone: dreamos init --root runtime/agent_comms';
      await context.output.note(
        `It serves all worktrees of ${harmless(session.mainWorktree)}. ${created ? own : ''}`.trimEnd(),
      );
    }
    const [sender = 'planner', receiver = agents.length > 0 ? sender : 'reviewer'] = agents.map((agent) => agent.name);
    const flags = context.flags();
    const isEmpty = agents.length === 0 && (await listAgents(session)).length === 0;
    const next = isEmpty
      ? [`dreamos init${flags} planner reviewer`, `dreamos agent list${flags}`]
      : agents.length === 0
        ? [`dreamos status${flags}`, `dreamos agent list${flags}`]
        : [`dreamos send ${receiver} "hello" --as ${sender}${flags}`, `dreamos read ${receiver}${flags}`];
    await context.output.note(`Next:\n  ${next.join('\n  ')}`);
  } finally {
    await session.close();
  }
}
