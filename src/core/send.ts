import type { AgentCard } from '../model/agent.ts';
import { DreamosError } from '../model/errors.ts';
import type { Priority } from '../model/message.ts';
import type { Durability } from '../model/settings.ts';
import type { Outgoing, Sent } from '../storage/store.ts';
import { createAddressBook } from './address-book.ts';
import { compose } from './compose.ts';
import type { Root } from './root.ts';
import { warnUnread } from './unread.ts';

/** A message as its sender thinks of it. Times are milliseconds. */
export interface Draft {
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

/**
 * Sends one message to one or more agents, as one commit. With durability `full` (the default) it is on disk, synced,
 * when this returns.
 * @throws AGENT_NOT_FOUND, AGENT_RETIRED, NAME_INVALID, MESSAGE_INVALID, MESSAGE_TOO_LARGE, BODY_EMPTY, DEDUPE_MISMATCH
 * and USAGE: nothing was sent; DISK_FAILED: nothing was sent; SEND_UNCERTAIN: it may have been
 */
export async function send(root: Root, draft: Draft): Promise<SendReceipt> {
  const [result] = await sendAll(root, [draft]);
  if (!result) throw new Error('A send had no result.');
  if (result instanceof DreamosError) throw result;
  return result;
}

/** No file has to hold more messages than this. */
const maxBatch = 1000;

/**
 * Sends many messages for the price of few syncs. Each is its own commit and has its own result, in the same order; one
 * that is refused does not keep the others.
 * @throws USAGE for more than 1,000
 */
export async function sendAll(root: Root, drafts: Iterable<Draft>): Promise<(SendReceipt | DreamosError)[]> {
  const results: (SendReceipt | DreamosError)[] = [];
  const groups = new Map<Durability, { readonly index: number; readonly outgoing: Outgoing }[]>();
  const book = createAddressBook(root);
  let index = 0;
  for (const draft of drafts) {
    if (index >= maxBatch) {
      throw new DreamosError('usage', 'USAGE', `These are more than ${maxBatch} messages for one call.`, {
        hint: 'Send them in several calls.',
      });
    }
    try {
      const { outgoing, durability } = await compose(root, book, draft);
      const group = groups.get(durability) ?? [];
      groups.set(durability, group);
      group.push({ index, outgoing });
    } catch (error) {
      if (!(error instanceof DreamosError)) throw error;
      results[index] = error;
    }
    index++;
  }
  const reached = new Set<AgentCard>();
  for (const [durability, group] of groups) {
    const sent = await root.store.send(
      group.map(({ outgoing }) => outgoing),
      { durability },
    );
    for (const [i, { index: place, outgoing }] of group.entries()) {
      const result = sent[i];
      if (!result) throw new Error('The store answered with fewer results than messages.');
      results[place] = result instanceof DreamosError ? result : receiptOf(result, outgoing);
      if (!(result instanceof DreamosError))
        for (const name of outgoing.mailboxes) reached.add(await book.recipient(name));
    }
  }
  await warnUnread(root, reached);
  return results;
}

function receiptOf(sent: Sent, { message }: Outgoing): SendReceipt {
  const { id, mailboxes, state, durability } = sent;
  return { id, to: message.to, mailboxes, state, durability, ...(sent.duplicate && { duplicate: true }) };
}
