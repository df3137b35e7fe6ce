import { type AgentCard, formerly } from '../../model/agent.ts';
import type { DreamosError } from '../../model/errors.ts';
import { listAgents, resolveAgent } from './agents.ts';
import { nearestName } from '../../model/refusals.ts';
import { Refused } from '../../storage/port/refusals.ts';
import type { Session } from '../root/root.ts';
import { checkName } from '../root/names.ts';

/** Who is who during one send, each name looked up once. */
export interface AddressBook {
  /** @throws NAME_INVALID, AGENT_NOT_FOUND, AGENT_RETIRED */
  recipient(name: string): Promise<AgentCard>;
  /** Retired ones, too. @throws NAME_INVALID, AGENT_NOT_FOUND */
  known(name: string): Promise<AgentCard>;
  /** Who is not registered may still send, and is warned that nobody can answer. @throws NAME_INVALID */
  sender(name: string): Promise<Sender>;
  /** Every agent, retired ones too, in the order of their names. */
  all(): Promise<readonly AgentCard[]>;
}

export interface Sender {
  readonly name: string;
  readonly card?: AgentCard;
}

export function createAddressBook(session: Session): AddressBook {
  const cards = new Map<string, Promise<AgentCard>>();
  const senders = new Map<string, Promise<Sender>>();
  let everybody: Promise<readonly AgentCard[]> | undefined;
  const known = (name: string): Promise<AgentCard> => once(cards, name, () => resolveAgent(session, name));
  return {
    known,
    recipient: (name) => known(name).then(active),
    sender: (name) => once(senders, name, () => findSender(session, name)),
    all: () => (everybody ??= listAgents(session)),
  };
}

function active(card: AgentCard): AgentCard {
  const refusal = retired(card);
  if (refusal) throw refusal;
  return card;
}

/** Why he gets nothing new, if he does not. */
export function retired({ name, retiredAt }: AgentCard): DreamosError | undefined {
  if (!retiredAt) return undefined;
  const message = `${name} has retired and takes no new mail.`;
  return new Refused(name, 'conflict', 'AGENT_RETIRED', message, `dreamos agent register ${name}`);
}

async function findSender(session: Session, name: string): Promise<Sender> {
  checkName(name);
  const card = await session.store.documents.getAgent(name);
  if (card && !card.deletedAt) return { name: card.name, card };
  const agents = await listAgents(session);
  const now = formerly(agents, name)[0]?.name;
  const nearest = nearestName(
    name,
    agents.map((agent) => agent.name),
  );
  const but = nearest === undefined ? ':' : `. Did you mean "${nearest}"? If not:`;
  if (now !== undefined) session.warn(`${name} is called ${now} now, and answers go there: send with \`as\` ${now}.`);
  else session.warn(`${name} is not registered, so nobody can answer${but} dreamos agent register ${name}`);
  return { name };
}

function once<T>(known: Map<string, Promise<T>>, name: string, find: () => Promise<T>): Promise<T> {
  const found = known.get(name) ?? find();
  known.set(name, found);
  return found;
}
