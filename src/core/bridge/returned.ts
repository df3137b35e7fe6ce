import type { Refusal, Returned } from '../../carriers/port.ts';
import { sameAgent } from '../../model/agent.ts';
import type { Entry } from '../../storage/port/look.ts';
import { namesNow } from '../agents/agents.ts';
import type { Session } from '../root/root.ts';
import { readNext } from '../take/read.ts';
import { nack } from '../take/settle.ts';
import { refusedBy, type Told } from './told.ts';

/**
 * What the other root has refused after it was acked here, because a broker had taken it. It is made ready again, claimed and made
 * a dead letter with the reason. A worker of this bridge that claims it first does that instead of carrying it. One of another
 * bridge carries it, and so does who finds it where this was killed: then it is refused once more.
 */
export interface Returns {
  /** @returns `false`: nothing that went there is here under this id */
  note(returned: Returned): Promise<boolean>;
  /** Whether what is claimed was refused there, and why; once. */
  take(id: string, mailbox: string): Refusal | undefined;
}

const keyOf = (id: string, mailbox: string): string => `${id} ${mailbox.toLowerCase()}`;

export function createReturns(session: Session, peer: string, told: (told: Told) => Promise<void>): Returns {
  const refused = new Map<string, Refusal>();
  const makeDead = async (entry: Entry, { code, reason }: Refusal): Promise<void> => {
    const { id, mailbox } = entry;
    const { store } = session;
    refused.set(keyOf(id, mailbox), { code, reason });
    // It may be ready already: whoever brought this before was killed, or the bridge before it acked.
    if (entry.state === 'archived')
      await store.documents.withLock(`maintain.${mailbox}`, (lock) => store.mail.restore(entry, { lock }));
    const delivery = await readNext(session, mailbox, { filter: { id } });
    if (!delivery) return;
    refused.delete(keyOf(id, mailbox));
    await nack(session, delivery.receipt, { dead: true, reason: refusedBy(peer, { code, reason }) });
    await told({ event: 'refused', id, mailbox, peer, code, reason });
  };
  return {
    note: async ({ id, to, code, reason }) => {
      const entries = await sentThere(session, peer, { id, to });
      for (const entry of entries) if (entry.state !== 'dead') await makeDead(entry, { code, reason });
      return entries.length > 0;
    },
    take: (id, mailbox) => {
      const found = refused.get(keyOf(id, mailbox));
      refused.delete(keyOf(id, mailbox));
      return found;
    },
  };
}

/** A peer says no to what goes there or went there, and to nothing else. Meanwhile the agent may be called otherwise here. */
async function sentThere(session: Session, peer: string, { id, to }: Pick<Returned, 'id' | 'to'>): Promise<Entry[]> {
  const { store } = session;
  for (const name of new Set([to, ...(await namesNow(session, to))])) {
    const card = await store.documents.getAgent(name);
    if (!card || card.deletedAt) continue;
    const isThere = card.at !== undefined && sameAgent(card.at, peer);
    const entries = await store.look.find(id, card.name);
    if (entries.length > 0 && (isThere || (await wasForwarded(session, peer, { id, mailbox: card.name }))))
      return entries;
  }
  return [];
}

async function wasForwarded(
  { store }: Session,
  peer: string,
  { id, mailbox }: Pick<Entry, 'id' | 'mailbox'>,
): Promise<boolean> {
  const history = await store.journal.history(id, mailbox);
  return history.some(({ event, to }) => event === 'forwarded' && to !== undefined && sameAgent(to, peer));
}
