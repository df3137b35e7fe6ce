import type { AgentCard } from '../model/agent.ts';
import { DreamosError } from '../model/errors.ts';
import type { Priority } from '../model/message.ts';
import type { Durability } from '../model/settings.ts';
import type { Outgoing, Sent } from '../storage/store.ts';
import { createAddressBook } from './address-book.ts';
import type { Waiting } from './backpressure.ts';
import { compose } from './compose.ts';
import type { Root } from './root.ts';
import type { Route } from './route.ts';
import { warnUnread } from './unread.ts';

/** A message as its sender thinks of it. Times are milliseconds. */
export interface Draft {
  /** Names, `@group` and `@all`, each also several with commas. Groups leave the sender out, unless he is named. */
  readonly to: string | readonly string[];
  readonly body: string;
  /** Else the acting agent. */
  readonly from?: string;
  readonly subject?: string;
  readonly type?: string;
  readonly priority?: Priority;
  readonly thread?: string;
  readonly replyTo?: string;
  readonly tags?: readonly string[];
  /** Anything that JSON can hold. */
  readonly data?: unknown;
  /** If it is not delivered by then, it goes to the dead-letter queue. */
  readonly ttlMs?: number;
  readonly delayMs?: number;
  /** Not before this moment, in milliseconds since 1970; instead of `delayMs`. One that is over is refused, but for a repeat under its key. */
  readonly at?: number;
  /** Makes a repeat of this send harmless, for at least 24 hours; scoped to the sender. */
  readonly dedupeKey?: string;
  /** In each mailbox the messages of one key are delivered one at a time, in order, also to many consumers. */
  readonly orderingKey?: string;
  readonly allowEmpty?: boolean;
  /** So long the sender waits for an answer; ISO 8601. Only told: `request` waits, and sets it. */
  readonly replyBy?: string;
  /** An id that `root.ids` has made, for a sender who has to know it before. */
  readonly id?: string;
  readonly durability?: Durability;
}

export interface SendReceipt {
  readonly id: string;
  readonly to: readonly string[];
  readonly mailboxes: readonly string[];
  readonly state: 'ready' | 'delayed';
  readonly durability: Durability;
  /** The dedupe key was used before: `id` is the first send's, and nothing new was sent. */
  readonly duplicate?: true;
}

export interface SendOptions {
  /** The longest time to wait for room in a full mailbox; milliseconds. Without it a full mailbox is refused at once. */
  readonly waitMs?: number;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
}

/**
 * Sends one message to one or more agents, also by `@group` and `@all`, as one commit. With durability `full` (the default)
 * it is on disk, synced, when this returns.
 * @throws AGENT_NOT_FOUND, AGENT_RETIRED, NAME_INVALID, MESSAGE_INVALID, MESSAGE_TOO_LARGE, BODY_EMPTY, MAILBOX_FULL,
 * DEDUPE_MISMATCH and USAGE: nothing was sent to anybody; DISK_FAILED: nothing was sent; SEND_UNCERTAIN: it may have been
 */
export async function send(root: Root, draft: Draft, options?: SendOptions): Promise<SendReceipt> {
  const [result] = await sendAll(root, [draft], options);
  if (!result) throw new Error('A send had no result.');
  if (result instanceof DreamosError) throw result;
  return result;
}

/** Somebody who would get a message, and every reason: `named`, `@reviewers`, `@all`. */
export interface Addressee {
  readonly mailbox: string;
  readonly reasons: readonly string[];
}

/** Who would get this message and why. Everything is checked as in a send, and nothing is sent. @throws as send */
export async function preview(root: Root, draft: Draft): Promise<Addressee[]> {
  const { routes } = await compose(root, createAddressBook(root), draft);
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
export async function sendAll(
  root: Root,
  drafts: Iterable<Draft>,
  options: SendOptions = {},
): Promise<(SendReceipt | DreamosError)[]> {
  const results: (SendReceipt | DreamosError)[] = [];
  const groups = new Map<Durability, Place[]>();
  const book = createAddressBook(root);
  const reached = new Map<string, AgentCard>();
  const flush = async (): Promise<void> => {
    for (const [durability, group] of groups) {
      groups.delete(durability);
      for (const [place, result] of await sendGroup(root, group, durability)) {
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
      const composed = await compose(root, book, draft);
      const limited = composed.limits.length > 0;
      // A key may turn out to be used, and then needs no room; so it takes its room in the send, behind all before it.
      if (limited && composed.outgoing.message.dedupeKey !== null) await flush();
      const room = limited ? await import('./backpressure.ts') : undefined;
      if (room) waiting ??= room.waitingFor(root, options, flush);
      const taken = room && waiting ? await room.withRoom(root, composed, waiting) : composed;
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
  await warnUnread(root, reached.values());
  return results;
}

interface Place {
  readonly index: number;
  readonly routes: readonly Route[];
  /** `release` gives back the room that was taken for it: it is in the mailbox now, or nowhere. */
  readonly taken: { readonly outgoing: Outgoing; readonly release?: () => void };
}

async function sendGroup(
  root: Root,
  group: readonly Place[],
  durability: Durability,
): Promise<[Place, SendReceipt | DreamosError][]> {
  try {
    const sent = await root.store.send(
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
