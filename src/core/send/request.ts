import type { AgentCard } from '../../model/agent.ts';
import { type DraftFor, parseDraft } from '../../model/draft.ts';
import { inboxGraceMs, maxRequestMs } from '../../model/basics/limits.ts';
import { DreamosError } from '../../model/errors.ts';
import { reference, usage } from '../../model/refusals.ts';
import type { Message } from '../../model/message.ts';
import { nameNow } from '../agents/agents.ts';
import { createAddressBook } from '../agents/address-book.ts';
import type { Session } from '../root/root.ts';
import { sendChecked } from './send.ts';
import { ack } from '../take/settle.ts';
import { waitFor } from '../wait/wait.ts';
import { actorOf } from '../root/names.ts';
import { behindSend } from '../root/trouble.ts';
import type { Delivery } from '../../storage/port/mail.ts';
import { claimNow } from '../take/read.ts';
import { operation } from '../root/operation.ts';

/** A repeat under a dedupe key might wait for an answer that came long ago, and a delay would eat the time to answer. */
export type RequestDraft = DraftFor<'request'>;

export interface RequestOptions {
  /** How long to wait for the answer; milliseconds, 30 s by default, at most 12 h. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

export interface Asked {
  /** The request's. */
  readonly id: string;
  /** The first answer, claimed and not yet acked; `undefined`: none came in time. */
  readonly answer: Delivery | undefined;
}

export const request = operation('request', requestBody);

async function requestBody(
  session: Session,
  draft: RequestDraft,
  options: RequestOptions = {},
): Promise<Message | undefined> {
  const { answer } = await ask(session, draft, options);
  if (!answer) return undefined;
  await ack(session, answer.receipt);
  return answer.message;
}

/** As `request`, for a caller who acks the answer once it is in good hands. */
export const ask = operation('request', askBody, undefined, 'ask');

async function askBody(session: Session, said: RequestDraft, options: RequestOptions = {}): Promise<Asked> {
  const { waitMs = defaultWaitMs, signal } = options;
  const draft = parseDraft(said, 'request');
  if (!(waitMs > 0 && waitMs <= maxRequestMs))
    throw usage('A request waits for more than 0 and at most 12h.', reference);
  const requester = await requesterOf(session, actorOf(session, 'asks', draft.from));
  const { name } = requester;
  const startedAt = session.clock.uptime();
  const until = session.store.now() + waitMs;
  const id = session.ids.next(session.store.now());
  // In this order: an answer that were faster than its inbox would be ordinary mail, and the request would wait in vain.
  await session.store.mail.openInbox(name, id, until + inboxGraceMs);
  try {
    await sendChecked(session, { ...draft, from: name, id, replyBy: new Date(until).toISOString() });
    const leftMs = waitMs - (session.clock.uptime() - startedAt);
    let card = requester;
    const take = async (): Promise<Delivery | undefined> => {
      const answer = await claimNow(session, card, { by: name, inbox: id });
      // Whoever asked may have another name by now, and the answer comes there.
      const now = answer ? card.name : await nameNow(session, card.name);
      if (now !== card.name) card = { ...card, name: now };
      return answer;
    };
    const how = { waitMs: Math.max(0, leftMs), ...(signal && { signal }) };
    const answer = await waitFor(session, name, take, how).catch((error: unknown) => {
      const sent = `The request ${id} is sent, but its answer cannot be waited for any longer`;
      throw behindSend(error, sent, `dreamos thread ${id}`);
    });
    if (answer?.message.sealed === undefined) return { id, answer };
    return { id, answer: await (await import('../take/unsealed.ts')).openedOrWarn(session, answer) };
  } finally {
    await closeOrLeave(session, name, id);
  }
}

const defaultWaitMs = 30_000;

async function requesterOf(session: Session, name: string): Promise<AgentCard> {
  try {
    return await createAddressBook(session).recipient(name);
  } catch (error) {
    if (!(error instanceof DreamosError) || error.code !== 'AGENT_NOT_FOUND') throw error;
    const message = `${name} is not registered in ${session.path}, so there is no mailbox for an answer; nothing was sent.`;
    throw new DreamosError(error.kind, error.code, message, { hint: error.hint, cause: error });
  }
}

/** What the request came to holds, whatever the disk says now; whoever reads the mailbox closes the inbox later. */
async function closeOrLeave(session: Session, mailbox: string, id: string): Promise<void> {
  try {
    await session.store.mail.closeInbox(await nameNow(session, mailbox), id);
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    session.warn(`The inbox of the request ${id} is closed by the next reader of ${mailbox}: ${error.message}`);
  }
}
