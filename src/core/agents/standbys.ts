import { sameAgent } from '../../model/agent.ts';
import type { Session } from '../root/root.ts';
import { changeKnownCard, listAgents } from './agents.ts';

/** Whom somebody stands by for, as the cards have it. */
export async function namedInStandbys(session: Session): Promise<string[]> {
  return (await listAgents(session)).flatMap(({ standbyFor = [] }) => standbyFor);
}

export async function renameInStandbys(session: Session, from: string, to: string): Promise<void> {
  for (const { name, standbyFor = [] } of await listAgents(session)) {
    if (!standbyFor.some((other) => sameAgent(other, from))) continue;
    await changeKnownCard(session, name, (card) => ({
      ...card,
      standbyFor: [...new Set(card.standbyFor?.map((other) => (sameAgent(other, from) ? to : other)))],
    }));
  }
}
