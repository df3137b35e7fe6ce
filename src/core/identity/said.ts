/** Whose a key is, by the cards: after a rename, files and notes under the former name are of who is called otherwise now. */
import { type AgentCard, sameAgent } from '../../model/agent.ts';
import type { Session } from '../root/root.ts';

/** Whether the card says one of these keys. */
export function says({ keys = [] }: Pick<AgentCard, 'keys'>, ids: readonly string[]): boolean {
  return keys.some(({ id }) => ids.includes(id));
}

/** The card of another agent that says one of these keys. It looks at all cards. */
export async function otherSaying(
  { store: { documents } }: Session,
  name: string,
  ids: readonly string[],
): Promise<AgentCard | undefined> {
  const all = await documents.listAgents();
  return all.find((card) => !sameAgent(card.name, name) && says(card, ids));
}
