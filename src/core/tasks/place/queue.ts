/** Mailboxes in which tasks wait that nobody has yet: one for each set of capabilities that tasks ask for. */
import { type AgentCard, isQueue, taskPool } from '../../../model/agent.ts';
import { sha256 } from '../../../model/basics/sha256.ts';
import { DreamosError } from '../../../model/errors.ts';
import { changeCard } from '../../agents/agents.ts';
import type { Documents } from '../../../storage/port/documents.ts';
import type { Session } from '../../root/root.ts';

const longestName = 64;

/** Who asks for `x-0a1b2c3d` has the name that another one's digest may have, so there are longer ones. */
function queueNames(requires: readonly string[]): string[] {
  const name = [taskPool, ...requires].join('.');
  const digest = sha256(requires.join(' '));
  const others = [8, 40].map((digits) => `${taskPool}.x-${digest.slice(0, digits)}`);
  return name.length <= longestName ? [name, ...others] : others;
}

/**
 * The queue for tasks that ask for this; made with the first. What its card says decides, and not its name.
 * @param requires sorted, each once @throws ALREADY_EXISTS: an agent has its name
 */
export async function queueFor(session: Session, requires: readonly string[]): Promise<string> {
  return (await queueOr(session, requires, (name) => makeQueue(session, name, requires))).name;
}

/** The card that the same will give, of a queue that need not be there. @throws as queueFor */
export function queueToBe(session: Session, requires: readonly string[]): Promise<AgentCard> {
  return queueOr(session, requires, (name) => newQueue(session, name, requires));
}

async function queueOr(
  { store: { documents } }: Session,
  requires: readonly string[],
  make: (name: string) => AgentCard | Promise<AgentCard>,
): Promise<AgentCard> {
  const isFor = (card: AgentCard): boolean => isQueue(card) && requiresOf(card).join(' ') === requires.join(' ');
  for (const name of queueNames(requires)) {
    const known = await documents.getAgent(name);
    const isKnown =
      known !== undefined && !known.deletedAt && (isQueue(known) || !(await isHalfMade(documents, known)));
    const card = isKnown ? known : await make(name);
    if (isFor(card)) return card;
    if (!isQueue(card)) throw taken(name);
  }
  throw new Error(`no name is left for a queue of ${requires.join(', ')}`);
}

/** Who made it was killed before its card was there: it is nobody's yet, and made whole. */
async function isHalfMade(documents: Documents, { name }: AgentCard): Promise<boolean> {
  return (await documents.get(`agents/${name}`))?.isAssumed === true;
}

function makeQueue(session: Session, name: string, requires: readonly string[]): Promise<AgentCard> {
  return changeCard(session, name, (before, isAssumed) =>
    before && !before.deletedAt && !isAssumed ? before : newQueue(session, before?.name ?? name, requires),
  );
}

function newQueue({ clock }: Session, name: string, requires: readonly string[]): AgentCard {
  return {
    name,
    description: requires.length === 0 ? 'tasks for anybody' : `tasks for who can: ${requires.join(', ')}`,
    createdAt: new Date(clock.now()).toISOString(),
    kind: 'queue',
    queue: { requires: [...requires] },
  };
}

export interface Queue {
  readonly name: string;
  readonly requires: readonly string[];
  /** Somebody has paused it: nothing is taken from it. */
  readonly isPaused: boolean;
}

export async function listQueues({ store }: Session): Promise<Queue[]> {
  const cards = await store.documents.listAgents(taskPool);
  return cards.flatMap((card) =>
    isQueue(card) && !card.deletedAt
      ? { name: card.name, requires: requiresOf(card), isPaused: Boolean(card.pausedAt) }
      : [],
  );
}

function requiresOf({ queue }: AgentCard): readonly string[] {
  return queue?.requires ?? [];
}

function taken(name: string): DreamosError {
  return new DreamosError('conflict', 'ALREADY_EXISTS', `${name} is an agent, so no tasks can wait under this name.`, {
    hint: `Give it another name: dreamos agent rename ${name} ${name}-agent`,
  });
}
