import type { Message } from '../model/message.ts';
import type { Entry } from '../storage/store.ts';
import { resolveAgent } from './agents.ts';
import { findInLogs, findSurely, looks } from './find.ts';
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
      if (mailbox !== undefined || entries !== inMailboxes) return { message, entries };
      return { message, entries: [...entries, ...(await findInLogs(root, id, message))] };
    }
  }
  throw notFound(id, mailbox);
}
