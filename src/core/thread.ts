import { isId } from '../model/id.ts';
import type { Message } from '../model/message.ts';
import type { Entry } from '../storage/store.ts';
import { everyMessage, type ScanOptions } from './every-message.ts';
import { findSurely } from './find.ts';
import { readOrWarn } from './read-entry.ts';
import type { Root } from './root.ts';
import { notFound } from './settle.ts';

export interface ThreadMessage {
  readonly message: Message;
  /** Where it is. */
  readonly entries: readonly Entry[];
}

/**
 * A conversation, the oldest message first: what belongs to the thread, and the message that began it.
 * @param idOrThread a thread, or the id of any message in it @throws MESSAGE_NOT_FOUND
 */
export async function thread(
  root: Root,
  idOrThread: string,
  options: Pick<ScanOptions, 'signal' | 'onProgress'> = {},
): Promise<ThreadMessage[]> {
  const name = await threadOf(root, idOrThread);
  const found = new Map<string, { message: Message; entries: Entry[] }>();
  const belongs = (message: Message): boolean => message.thread === name || message.id === name;
  for await (const { entry, message } of everyMessage(root, belongs, options)) {
    const one = found.get(message.id) ?? { message, entries: [] };
    found.set(message.id, one);
    one.entries.push(entry);
  }
  if (found.size === 0 && !options.signal?.aborted) throw notFound(idOrThread);
  return [...found.values()].sort((a, b) => compare(keyOf(a.message), keyOf(b.message)));
}

async function threadOf(root: Root, id: string): Promise<string> {
  for (const entry of isId(id) ? await findSurely(root, id) : []) {
    const message = await readOrWarn(root, entry);
    if (message) return message.thread ?? message.id;
  }
  return id;
}

// Ids sort by time, but those of handed-in messages may be any.
function keyOf({ createdAt, id }: Message): string {
  return `${new Date(createdAt).toISOString()} ${id}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
