import type { Message } from '../model/message.ts';
import { logOf } from '../model/topic.ts';
import type { Entry } from '../storage/store.ts';
import { resolveAgent } from './agents.ts';
import { findSurely, looks } from './find.ts';
import type { Root } from './root.ts';
import { notFound } from './settle.ts';

/**
 * One message whole, and where it is: in all mailboxes and topics' logs, or in one mailbox.
 * @throws MESSAGE_NOT_FOUND, CORRUPT, AGENT_NOT_FOUND
 */
export async function show(
  root: Root,
  id: string,
  options: { mailbox?: string } = {},
): Promise<{ message: Message; entries: Entry[] }> {
  const mailbox = options.mailbox === undefined ? undefined : (await resolveAgent(root, options.mailbox)).name;
  for (let look = 1; look <= looks; look++) {
    const inMailboxes = await findSurely(root, id, mailbox);
    const entries = inMailboxes.length > 0 || mailbox !== undefined ? inMailboxes : await findInLogs(root, id);
    for (const entry of entries) {
      const message = await root.store.read(entry);
      if (!message) continue;
      if (message.topic === undefined || mailbox !== undefined || entries !== inMailboxes) return { message, entries };
      // It says itself in which log it is.
      return { message, entries: [...entries, ...(await root.store.find(id, logOf(message.topic)))] };
    }
  }
  throw notFound(id, mailbox);
}

async function findInLogs(root: Root, id: string): Promise<Entry[]> {
  for (const topic of await root.store.listTopics()) {
    const entries = await root.store.find(id, logOf(topic));
    if (entries.length > 0) return entries;
  }
  return [];
}
