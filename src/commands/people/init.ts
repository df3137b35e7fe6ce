import type { Context } from '../../cli/context.ts';
import type { InitialisedJson } from '../../contract/system.ts';
import { harmless } from '../../cli/harmless.ts';
import { noteFormerOwners } from '../../cli/show/former-owners.ts';
import { countOption, durabilityOption, given } from '../../cli/input/parse.ts';
import { quoteWord } from '../../model/basics/shell-word.ts';
import { listAgents } from '../../core/agents/agents.ts';

export interface InitFlags {
  readonly store?: string;
  readonly durability?: string;
  readonly replicas?: string;
}

export async function initCommand(context: Context, names: string[], flags: InitFlags): Promise<void> {
  const how = {
    ...context.openOptions(),
    ...given({
      store: flags.store,
      durability: durabilityOption(flags.durability),
      replicas: countOption(flags.replicas, '--replicas'),
    }),
    agents: names,
  };
  const { root: session, created, agents } = await context.around.initRoot(how);
  try {
    const { path: root, address: store } = session;
    const done = { root, created, agents, ...(store !== undefined && { store }) } satisfies InitialisedJson;
    await context.output.outcome(done, () =>
      [
        created ? `Made the root ${harmless(root)}` : `The root ${harmless(root)} was there already.`,
        ...(store === undefined || store === root ? [] : [`Its mail is in ${harmless(store)}`]),
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
    if (store !== undefined && store !== root) {
      const join = `dreamos init --store ${quoteWord(store)}`;
      await context.output.note(`To work on it from another folder or machine: ${harmless(join)}`);
    }
    const [sender = 'planner', receiver = agents.length > 0 ? sender : 'reviewer'] = agents.map((agent) => agent.name);
    const rootFlags = context.flags();
    const isEmpty = agents.length === 0 && (await listAgents(session)).length === 0;
    const next = isEmpty
      ? [`dreamos init${rootFlags} planner reviewer`, `dreamos agent list${rootFlags}`]
      : agents.length === 0
        ? [`dreamos status${rootFlags}`, `dreamos agent list${rootFlags}`]
        : [`dreamos send ${receiver} "hello" --as ${sender}${rootFlags}`, `dreamos read ${receiver}${rootFlags}`];
    await context.output.note(`Next:\n  ${next.join('\n  ')}`);
  } finally {
    await session.close();
  }
}
