import type { Message } from '../../model/message.ts';
import { resolveAgent } from '../agents/agents.ts';
import { findInLogs, findNow, looks } from './find.ts';
import type { Session } from '../root/root.ts';
import { messageNotFound } from '../root/refusals.ts';
import type { Entry } from '../../storage/port/look.ts';

export interface ShowOptions {
  /** All, and topics' logs, if not given. */
  readonly mailbox?: string;
}

export interface Shown {
  readonly message: Message;
  /** Where it is. */
  readonly entries: readonly Entry[];
}

export async function show(session: Session, id: string, options: ShowOptions = {}): Promise<Shown> {
  const mailbox = options.mailbox === undefined ? undefined : (await resolveAgent(session, options.mailbox)).name;
  for (let look = 1; look <= looks; look++) {
    const inMailboxes = await findNow(session, id, mailbox);
    const entries = inMailboxes.length > 0 || mailbox !== undefined ? inMailboxes : await findInLogs(session, id);
    for (const entry of entries) {
      const message = await session.store.look.read(entry);
      if (!message) continue;
      if (mailbox !== undefined || entries !== inMailboxes) return { message, entries };
      return { message, entries: [...entries, ...(await findInLogs(session, id, message))] };
    }
  }
  throw messageNotFound(id, mailbox);
}
