/** Which version of its card holds for an agent (core/root/revisions.ts). */
import type { AgentCard } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import { versionInForce } from '../root/revisions.ts';
import type { Session } from '../root/root.ts';

/** 0: it is as it was made. `undefined`: it is kept in no version yet, because somebody has written it by hand. */
export async function cardVersion(session: Session, card: AgentCard): Promise<number | undefined> {
  const of = `agents/${card.name}` as const;
  const kept = await versionInForce(session, of, card);
  if (kept !== undefined) return kept;
  return (await session.store.documents.revisions(of)).length === 0 ? 0 : undefined;
}

/** @throws STATE_CHANGED */
export async function checkCardVersion(
  session: Session,
  name: string,
  card: AgentCard | undefined,
  wanted: number,
): Promise<void> {
  if (card && (await cardVersion(session, card)) === wanted) return;
  const message = `Version ${wanted} of the card of ${card?.name ?? name} is not in force any more. Nothing was changed.`;
  throw new DreamosError('conflict', 'STATE_CHANGED', message, { hint: `dreamos config history --agent ${name}` });
}
