import type { AgentCard } from '../../model/agent.ts';
import { type Draft, parseDraft } from '../../model/draft.ts';
import { DreamosError } from '../../model/errors.ts';
import type { Durability } from '../../model/settings.ts';
import type { Outgoing, Sent } from '../../storage/port/store.ts';
import { createAddressBook } from '../agents/address-book.ts';
import type { Waiting } from './room.ts';
import { compose } from './compose.ts';
import type { Session } from '../root/root.ts';
import type { Route } from './route.ts';
import { warnUnread } from './unread.ts';
import type { CheckedDraft, SendOptions, SendReceipt, Addressee } from './draft.ts';

/**
 * Sends one message to one or more agents, also by `@group` and `@all`, as one commit. With durability `full` (the default)
 * it is on disk, synced, when this returns.
 * @throws AGENT_NOT_FOUND, AGENT_RETIRED, NAME_INVALID, MESSAGE_INVALID, MESSAGE_TOO_LARGE, BODY_EMPTY, MAILBOX_FULL,
 * DEDUPE_MISMATCH and USAGE: nothing was sent to anybody; DISK_FAILED: nothing was sent; SEND_UNCERTAIN: it may have been
 */
export async function send(session: Session, draft: Draft, options?: SendOptions): Promise<SendReceipt> {
  return sendChecked(session, parseDraft(draft, 'send'), options);
}

/** As send, for what the core has made of a draft. */
export async function sendChecked(session: Session, draft: CheckedDraft, options?: SendOptions): Promise<SendReceipt> {
  const [result] = await sendEach(session, [draft], (checked) => checked, options);
  if (!result) throw new Error('A send had no result.');
  if (result instanceof DreamosError) throw result;
  return result;
}

/** Who would get this message and why. Everything is checked as in a send, and nothing is sent. @throws as send */
export async function preview(session: Session, draft: Draft): Promise<Addressee[]> {
  const { routes } = await compose(session, createAddressBook(session), parseDraft(draft, 'send'));
  return routes.map(({ card, reasons }) => ({ mailbox: card.name, reasons }));
}

/** No file has to hold more messages than this. */
const maxBatch = 1000;

/**
 * Sends many messages for the price of few syncs. Each is its own commit and has its own result, in the same order; one
 * that is refused does not keep the others. One that has to wait for room keeps those behind it; after a wait in vain the
 * others of this call wait no more.
 * @throws USAGE for more than 1,000
 */
export function sendAll(
  session: Session,
  drafts: Iterable<Draft>,
  options?: SendOptions,
): Promise<(SendReceipt | DreamosError)[]> {
  return sendEach(session, drafts, (draft) => parseDraft(draft, 'send'), options);
}

async function sendEach<D>(
  session: Session,
  drafts: Iterable<D>,
  checked: (draft: D) => CheckedDraft,
  options: SendOptions = {},
): Promise<(SendReceipt | DreamosError)[]> {
  const results: (SendReceipt | DreamosError)[] = [];
  const groups = new Map<Durability, Place[]>();
  const book = createAddressBook(session);
  const reached = new Map<string, AgentCard>();
  const flush = async (): Promise<void> => {
    for (const [durability, group] of groups) {
      groups.delete(durability);
      for (const [place, result] of await sendGroup(session, group, durability)) {
        results[place.index] = result;
        if (!(result instanceof DreamosError)) for (const { card } of place.routes) reached.set(card.name, card);
      }
    }
  };
  let waiting: Waiting | undefined;
  let index = 0;
  for (const draft of drafts) {
    if (index >= maxBatch) {
      throw new DreamosError('usage', 'USAGE', `These are more than ${maxBatch} messages for one call.`, {
        hint: 'Send them in several calls.',
      });
    }
    try {
      const composed = await compose(session, book, checked(draft));
      const limited = composed.limits.length > 0;
      // A key may turn out to be used, and then needs no room; so it takes its room in the send, behind all before it.
      if (limited && composed.outgoing.message.dedupeKey !== null) await flush();
      const room = limited ? await import('./room.ts') : undefined;
      if (room) waiting ??= room.waitingFor(session, options, flush);
      const taken = room && waiting ? await room.withRoom(session, composed, waiting) : composed;
      const group = groups.get(composed.durability) ?? [];
      groups.set(composed.durability, group);
      group.push({ index, routes: composed.routes, taken });
      if (limited && composed.outgoing.message.dedupeKey !== null) await flush();
    } catch (error) {
      if (!(error instanceof DreamosError)) throw error;
      results[index] = error;
    }
    index++;
  }
  await flush();
  await warnUnread(session, reached.values());
  return results;
}

interface Place {
  readonly index: number;
  readonly routes: readonly Route[];
  /** `release` gives back the room that was taken for it: it is in the mailbox now, or nowhere. */
  readonly taken: { readonly outgoing: Outgoing; readonly release?: () => void };
}

async function sendGroup(
  session: Session,
  group: readonly Place[],
  durability: Durability,
): Promise<[Place, SendReceipt | DreamosError][]> {
  try {
    const sent = await session.store.send(
      group.map(({ taken }) => taken.outgoing),
      { durability },
    );
    return group.map((place, i) => {
      const result = sent[i];
      if (!result) throw new Error('The store answered with fewer results than messages.');
      return [place, result instanceof DreamosError ? result : receiptOf(result, place.taken.outgoing)];
    });
  } finally {
    for (const { taken } of group) taken.release?.();
  }
}

function receiptOf(sent: Sent, { message }: Outgoing): SendReceipt {
  const { id, mailboxes, state, durability } = sent;
  return { id, to: message.to, mailboxes, state, durability, ...(sent.duplicate && { duplicate: true }) };
}
