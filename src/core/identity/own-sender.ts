import { ownSender } from '../../model/agent.ts';
import { changeCard } from '../agents/agents.ts';
import type { Session } from '../root/root.ts';

/** Where the key of who sends alerts can stand: a card that takes no mail, since nobody reads it. An agent of that name goes on. */
export async function ensureOwnSender(session: Session): Promise<void> {
  const card = await session.store.documents.getAgent(ownSender);
  if (card && !card.deletedAt) return;
  const now = new Date(session.clock.now()).toISOString();
  await changeCard(session, ownSender, (before) =>
    before && !before.deletedAt
      ? before
      : { name: ownSender, description: 'sends what alerts tell', createdAt: now, retiredAt: now },
  );
}
