import { type AgentCard, isAll, isQueue, sameAgent } from '../../model/agent.ts';
import { type AddressBook, retired } from '../agents/address-book.ts';
import { mostRecipients } from '../../model/basics/limits.ts';
import { cut } from '../../model/basics/text.ts';
import { DreamosError } from '../../model/errors.ts';
import { AgentRenamed } from '../../storage/port/refusals.ts';
import { nearestName, notFound, reference, usage } from '../../model/refusals.ts';

/** Somebody who gets a message, and every reason: `named`, `@reviewers`, `@all`. */
export interface Route {
  readonly card: AgentCard;
  readonly reasons: readonly string[];
}

/**
 * Who is meant by names, `@group` and `@all`, each mailbox once, in the order they are mentioned. Groups and all leave out
 * who has retired, and the sender, unless he is named beside them.
 * @param to names; several may be joined by commas
 * @param refused is told of a group that nobody is in, by its word, and of who has retired, by his name, instead of the
 * refusal; who has retired is among the routes then
 * @throws NAME_INVALID, AGENT_NOT_FOUND, AGENT_RETIRED; USAGE for nobody at all, and for more than 10,000
 */
export async function route(
  book: AddressBook,
  to: string | readonly string[],
  sender: string,
  refused?: Map<string, DreamosError>,
): Promise<Route[]> {
  const cardOf = (name: string): Promise<AgentCard> =>
    refused ? knownOrFormer(book, name, refused) : book.recipient(name);
  // One name, as most mail has it, without what the others need.
  if (typeof to === 'string' && !/[@,]/.test(to)) return [{ card: await cardOf(to), reasons: ['named'] }];
  const words = recipientsIn(to);
  // First, because whether the sender is left out of a group depends on it.
  const named = new Map<string, AgentCard>();
  for (const word of words) if (!word.startsWith('@')) named.set(word, await cardOf(word));
  const senderIsNamed = [...named.values()].some((card) => sameAgent(card.name, sender));

  // By the mailbox, so that nobody who is meant twice, or in another case, gets the message twice.
  const routes = new Map<string, { card: AgentCard; reasons: string[] }>();
  for (const word of words) {
    const card = named.get(word);
    const cards = card ? [card] : await membersOf(book, word, senderIsNamed ? undefined : sender);
    const reason = card ? 'named' : word.toLowerCase();
    if (cards instanceof DreamosError) {
      if (!refused) throw cards;
      refused.set(reason, cards);
      continue;
    }
    for (const member of cards) {
      const known = routes.get(member.name);
      if (!known) routes.set(member.name, { card: member, reasons: [reason] });
      else if (!known.reasons.includes(reason)) known.reasons.push(reason);
    }
  }
  if (routes.size === 0 && !refused?.size) throw usage('The message has no recipient.', reference);
  if (routes.size > mostRecipients) {
    throw usage(
      `These are ${routes.size} recipients; one message goes to at most ${mostRecipients}.`,
      'Send it in parts.',
    );
  }
  return [...routes.values()];
}

/** Each by itself: names, and groups with their `@`. */
export function recipientsIn(to: string | readonly string[]): string[] {
  return [to].flat().flatMap((text) => text.split(','));
}

/** Who was renamed is called as he was when it was sent; of him and of who has retired `refused` is told. */
async function knownOrFormer(book: AddressBook, name: string, refused: Map<string, DreamosError>): Promise<AgentCard> {
  try {
    const card = await book.known(name);
    const refusal = retired(card);
    if (refusal) refused.set(card.name, refusal);
    return card;
  } catch (error) {
    if (!(error instanceof AgentRenamed)) throw error;
    refused.set(error.former, error);
    return { name: error.former, createdAt: '' };
  }
}

/** @returns the refusal: nobody is in it */
async function membersOf(
  book: AddressBook,
  word: string,
  without: string | undefined,
): Promise<AgentCard[] | DreamosError> {
  const group = word.slice(1);
  const active = (await book.all()).filter((card) => !card.retiredAt && !isQueue(card));
  const members = isAll(group)
    ? active
    : active.filter((card) => groupsOf(card).some((name) => sameAgent(name, group)));
  const others = members.filter((card) => without === undefined || !sameAgent(card.name, without));
  if (others.length > 0) return others;
  if (members.length > 0)
    return notFound(
      'AGENT_NOT_FOUND',
      `Nobody but ${without}, the sender, is in ${word}.`,
      'A group leaves out its sender, unless named beside it.',
    );
  if (isAll(group)) return notFound('AGENT_NOT_FOUND', 'There is nobody to send to.', 'dreamos init planner reviewer');
  const nearest = nearestName(group, ['all', ...active.flatMap(groupsOf)]);
  const meant = nearest === undefined ? '' : `Did you mean "@${nearest}"? `;
  return notFound(
    'AGENT_NOT_FOUND',
    `Nobody is in the group ${JSON.stringify(cut(word, 70))}.`,
    `${meant}Who is in which: dreamos agent list; to put somebody into it: dreamos agent register --help`,
  );
}

function groupsOf({ groups = [] }: AgentCard): string[] {
  return groups;
}
