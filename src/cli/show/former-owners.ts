import type { Context } from '../context.ts';
import { formerOwners } from '../../core/agents/agents.ts';
import type { Session } from '../../core/root/root.ts';

/** Who repeats the command that once made an agent may not know that it is called otherwise now. */
export async function noteFormerOwners(
  context: Context,
  session: Session,
  agents: readonly { readonly name: string; readonly created: boolean }[],
): Promise<void> {
  const made = agents.filter(({ created }) => created).map(({ name }) => name);
  for (const { name, now } of await formerOwners(session, made)) {
    await context.output.note(
      `${name} is new: the agent that had this name is called ${now} now, and mail to ${name} no longer reaches it. To undo: dreamos agent delete ${name}${context.flags()}`,
    );
  }
}
