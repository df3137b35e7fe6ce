/** Mailboxes in which tasks wait that nobody has yet: one for each set of capabilities that tasks ask for. */
import { type AgentCard, isQueue } from '../../model/agent.ts';
import { sha256 } from '../../model/basics/sha256.ts';
import { DreamosError } from '../../model/errors.ts';
import { changeCard } from '../agents/agents.ts';
import type { Session } from '../root/root.ts';

const pool = 'task-pool';
const longestName = 64;

/** @param requires sorted, each once */
function queueName(requires: readonly string[]): string {
  const name = [pool, ...requires].join('.');
  return name.length <= longestName ? name : `${pool}.x-${sha256(requires.join(' ')).slice(0, 8)}`;
}

/** Whether it is such a mailbox; by its name alone, because it is asked of every task of a list. */
export function isQueueName(mailbox: string): boolean {
  return mailbox === pool || mailbox.startsWith(`${pool}.`);
}

/** The queue for tasks that ask for this; made with the first. @throws ALREADY_EXISTS: an agent has its name */
export async function queueFor(session: Session, requires: readonly string[]): Promise<string> {
  const name = queueName(requires);
  const known = await session.store.documents.getAgent(name);
  if (known && isQueue(known)) return known.name;
  const card = await changeCard(session.store.documents, name, (before) => {
    if (before && !isQueue(before)) throw taken(name);
    return (
      before ?? {
        name,
        description: requires.length === 0 ? 'tasks for anybody' : `tasks for who can: ${requires.join(', ')}`,
        createdAt: new Date(session.clock.now()).toISOString(),
        kind: 'queue',
        queue: { requires: [...requires] },
      }
    );
  });
  return card.name;
}

export interface Queue {
  readonly name: string;
  readonly requires: readonly string[];
}

export async function listQueues({ store }: Session): Promise<Queue[]> {
  const cards = await store.documents.listAgents(pool);
  return cards.flatMap((card) => (isQueue(card) ? { name: card.name, requires: requiresOf(card) } : []));
}

function requiresOf({ queue }: AgentCard): readonly string[] {
  return queue?.requires ?? [];
}

function taken(name: string): DreamosError {
  return new DreamosError('conflict', 'ALREADY_EXISTS', `${name} is an agent, so no tasks can wait under this name.`, {
    hint: `Give it another name: dreamos agent rename ${name} ${name}-agent`,
  });
}
