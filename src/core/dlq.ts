import { DreamosError } from '../model/errors.ts';
import type { MailEvent } from '../model/event.ts';
import type { Message } from '../model/message.ts';
import type { DeadReason, Entry } from '../storage/store.ts';
import { resolveAgent } from './agents.ts';
import { findSurely } from './find.ts';
import { listEntries } from './list.ts';
import type { Root } from './root.ts';
import { notFound } from './settle.ts';

export interface Dead {
  readonly id: string;
  readonly mailbox: string;
  readonly reason: string;
  /** How often it was claimed. */
  readonly attempts: number;
  /** ISO 8601. */
  readonly deadAt: string;
  readonly message: Message;
}

/** What failed and why, the newest first. @throws AGENT_NOT_FOUND */
export async function* listDead(root: Root, mailbox: string): AsyncGenerator<Dead, void, undefined> {
  const card = await resolveAgent(root, mailbox);
  for await (const { entry, message } of listEntries(root, card.name, ['dead'])) {
    const why = message && (await root.store.deadReason(entry));
    if (message && why) yield toDead(entry, message, why);
  }
}

/** One dead letter, with what led there. @throws MESSAGE_NOT_FOUND, STATE_CHANGED when it is not dead, AGENT_NOT_FOUND */
export async function showDead(
  root: Root,
  mailbox: string,
  id: string,
): Promise<Dead & { readonly history: readonly MailEvent[] }> {
  const entry = await deadEntry(root, (await resolveAgent(root, mailbox)).name, id);
  const message = await root.store.read(entry);
  const why = await root.store.deadReason(entry);
  if (!message || !why) throw notDead({ ...entry, state: 'ready' });
  return { ...toDead(entry, message, why), history: why.history };
}

/** Makes dead letters ready again; their attempts start anew. One result for each id; `all`: those that are dead now. */
export async function retryDead(
  root: Root,
  mailbox: string,
  ids: readonly string[] | 'all',
): Promise<(Entry | DreamosError)[]> {
  return forEach(root, mailbox, ids, (entry) => root.store.retry(entry, actor(root)));
}

export interface Purged {
  readonly id: string;
  readonly mailbox: string;
}

/** Removes dead letters for good. One result for each id; `all`: those that are dead now. */
export async function purgeDead(
  root: Root,
  mailbox: string,
  ids: readonly string[] | 'all',
  onProgress?: (done: number) => void,
): Promise<(Purged | DreamosError)[]> {
  const purge = async (entry: Entry): Promise<Purged> => {
    await root.store.purge(entry, actor(root));
    return { id: entry.id, mailbox: entry.mailbox };
  };
  return root.store.withLock('purge', () => forEach(root, mailbox, ids, purge, onProgress));
}

async function forEach<T>(
  root: Root,
  mailbox: string,
  ids: readonly string[] | 'all',
  change: (entry: Entry) => Promise<T>,
  onProgress?: (done: number) => void,
): Promise<(T | DreamosError)[]> {
  const { name } = await resolveAgent(root, mailbox);
  // All that are dead now, before the first change: what dies again meanwhile is not retried for ever.
  const wanted: (string | Entry)[] = ids === 'all' ? [] : [...ids];
  if (ids === 'all') for await (const entry of root.store.list(name, 'dead')) wanted.push(entry);
  const results: (T | DreamosError)[] = [];
  for (const one of wanted) {
    try {
      results.push(await change(typeof one === 'string' ? await deadEntry(root, name, one) : one));
    } catch (error) {
      if (!(error instanceof DreamosError)) throw error;
      results.push(error);
    }
    onProgress?.(results.length);
  }
  return results;
}

async function deadEntry(root: Root, mailbox: string, id: string): Promise<Entry> {
  const [entry] = await findSurely(root, id, mailbox);
  if (!entry) throw notFound(id, mailbox);
  if (entry.state !== 'dead') throw notDead(entry);
  return entry;
}

function notDead({ id, mailbox, state }: Entry): DreamosError {
  return new DreamosError('conflict', 'STATE_CHANGED', `Message ${id} in ${mailbox} is not dead but ${state}.`, {
    hint: `dreamos show ${id}`,
  });
}

function toDead({ id, mailbox }: Entry, message: Message, { reason, attempts, deadAt }: DeadReason): Dead {
  return { id, mailbox, reason, attempts, deadAt: new Date(deadAt).toISOString(), message };
}

function actor(root: Root): { by?: string } {
  return root.acting === undefined ? {} : { by: root.acting };
}
