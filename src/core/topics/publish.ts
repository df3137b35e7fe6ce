import type { PublishReceipt } from '../../contract/mail.ts';
import { type AgentCard, formerly } from '../../model/agent.ts';
import { type DraftFor, parseDraft, type Parsed } from '../../model/draft.ts';
import { DreamosError } from '../../model/errors.ts';
import { usage } from '../../model/refusals.ts';
import { logOf, parseTopic } from '../../model/topic.ts';
import { inTrace, traceOf } from '../../model/trace/trace-context.ts';
import { createAddressBook } from '../agents/address-book.ts';
import { composeFor, senderOf } from '../send/compose.ts';
import type { Session } from '../root/root.ts';
import { traced } from '../root/tracing.ts';
import { mostRecipients } from '../../model/basics/limits.ts';
import { loadSubscriptions, subscribersOf } from './subscriptions.ts';
import { noteRefusals } from '../send/refused.ts';
import { sendTogether } from '../send/send.ts';
import { warnUnread } from '../send/unread.ts';
import type { SendOptions } from '../send/draft.ts';
import { ofMailbox, operation } from '../root/operation.ts';

export type PublishDraft = DraftFor<'publish'>;

export const publish = operation('publish', publishBody, (topic) => ofMailbox(logOf(topic)));

async function publishBody(
  session: Session,
  topic: string,
  said: PublishDraft,
  options: SendOptions = {},
): Promise<PublishReceipt> {
  const name = parseTopic(topic);
  const draft = parseDraft(said, 'publish');
  return traced<PublishReceipt>(
    session,
    () => ({ operation: 'send', destination: name, trace: traceOf(draft), after: ({ id }) => ({ id }) }),
    (trace) => publishNow(session, name, inTrace(draft, trace), options),
  );
}

async function publishNow(
  session: Session,
  name: string,
  draft: Parsed<PublishDraft>,
  options: SendOptions,
): Promise<PublishReceipt> {
  const refused = async (error: unknown): Promise<never> => {
    await noteRefusals(session, [error]);
    throw error;
  };
  const sender = await senderOf(session, createAddressBook(session), draft.from);
  const subscribers = await activeSubscribers(session, name);
  const composed = await composeFor(session, sender, draft, { topic: name, cards: subscribers }).catch(refused);
  // One full subscriber keeps it from all: what is published reaches everybody or nobody.
  const [sent] = await sendTogether(session, [composed], composed.durability, { options });
  if (!sent) throw new Error('A publish had no result.');
  if (sent instanceof DreamosError) return refused(sent);
  const { id, durability } = sent;
  const receiptFor = (mailboxes: string[]): PublishReceipt => {
    return { id, topic: name, mailboxes, subscribers: mailboxes.length, durability };
  };
  if (sent.duplicate) {
    const { firstMailboxes, whereNow } = await import('../send/repeat.ts');
    const mailboxes = await firstMailboxes(session, id);
    const now = await whereNow(session, id, mailboxes);
    return { ...receiptFor(mailboxes), duplicate: true, ...(now && { states: now.states }) };
  }
  await warnUnread(session, subscribers);
  const receipt = receiptFor(subscribers.map((card) => card.name));
  return sent.replaced?.length ? { ...receipt, replaced: sent.replaced } : receipt;
}

/** Its subscriptions follow it right behind. */
async function renamed(session: Session, agent: string): Promise<AgentCard | undefined> {
  return formerly(await session.store.documents.listAgents(), agent)[0];
}

async function activeSubscribers(session: Session, topic: string): Promise<AgentCard[]> {
  // By the mailbox: a list that was mended by hand may name an agent in two ways.
  const cards = new Map<string, AgentCard>();
  for (const { agent } of subscribersOf(await loadSubscriptions(session), topic)) {
    const card = (await session.store.documents.getAgent(agent)) ?? (await renamed(session, agent));
    if (!card)
      session.warn(`${agent} is subscribed to ${topic}, but there is no such agent: dreamos agent register ${agent}`);
    else if (!card.retiredAt) cards.set(card.name, card);
  }
  // The log is one of the file's names, too.
  if (cards.size < mostRecipients) return [...cards.values()];
  throw usage(
    `${topic} has ${cards.size} subscribers; one message goes to at most ${mostRecipients - 1}.`,
    'Let some of them listen instead: dreamos listen --help',
  );
}
