import type { Message } from '../model/message.ts';
import type { Entry } from '../storage/store.ts';
import { resolveAgent } from './agents.ts';
import { findSurely, looks } from './find.ts';
import type { Root } from './root.ts';
import { notFound } from './settle.ts';

/** One message whole, and where it is: in all mailboxes, or in one. @throws MESSAGE_NOT_FOUND, CORRUPT, AGENT_NOT_FOUND */
export async function show(
  root: Root,
  id: string,
  options: { mailbox?: string } = {},
): Promise<{ message: Message; entries: Entry[] }> {
  const mailbox = options.mailbox === undefined ? undefined : (await resolveAgent(root, options.mailbox)).name;
  for (let look = 1; look <= looks; look++) {
    const entries = await findSurely(root, id, mailbox);
    for (const entry of entries) {
      const message = await root.store.read(entry);
      if (message) return { message, entries };
    }
  }
  throw notFound(id, mailbox);
}
