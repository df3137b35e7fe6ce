import { DreamosError } from '../../model/errors.ts';
import type { Message } from '../../model/message.ts';
import { resolveMailbox } from '../agents/agents.ts';
import { holderFields, holdersOf } from './holders.ts';
import { meantId } from './meant.ts';
import { findAnywhere, findInItsLog, findNow, looks } from './find.ts';
import type { Session } from '../root/root.ts';
import { messageNotFound } from '../root/refusals.ts';
import type { Entry } from '../../storage/port/look.ts';

export interface ShowOptions {
  /** All, and topics' logs, if not given. */
  readonly mailbox?: string;
}

/** With who holds it, and since when (an ISO time), as far as the event log knows. */
export type ShownEntry = Entry & { readonly heldBy?: string; readonly heldSince?: string };

export interface Shown {
  readonly message: Message;
  /** Where it is. */
  readonly entries: readonly ShownEntry[];
}

export async function show(session: Session, idOrEnd: string, options: ShowOptions = {}): Promise<Shown> {
  const mailbox = options.mailbox === undefined ? undefined : (await resolveMailbox(session, options.mailbox)).name;
  const id = await meantId(session, idOrEnd, { mailbox, logs: true });
  for (let look = 1; look <= looks; look++) {
    const { entries, inLogs } =
      mailbox === undefined
        ? await findAnywhere(session, id)
        : { entries: await findNow(session, id, mailbox), inLogs: true };
    const unread: DreamosError[] = [];
    for (const entry of entries) {
      const message = await readOrKeep(session, entry, unread);
      if (!message) continue;
      for (const { message: why } of unread) session.warn(`Message ${id} cannot be read everywhere. ${why}`);
      const held = await withHolders(session, entries);
      return { message, entries: inLogs ? held : [...held, ...(await findInItsLog(session, message))] };
    }
    if (unread[0]) throw unread[0];
  }
  throw messageNotFound(id, mailbox);
}

async function withHolders(session: Session, entries: readonly Entry[]): Promise<ShownEntry[]> {
  const shown: ShownEntry[] = [];
  for (const entry of entries) {
    const [holder] = await holdersOf(session, entry.mailbox, [entry]);
    shown.push({ ...entry, ...holderFields(holder) });
  }
  return shown;
}

/** The same message lies in every mailbox that it was sent to: where it cannot be read in one, another one has it. */
async function readOrKeep(session: Session, entry: Entry, unread: DreamosError[]): Promise<Message | undefined> {
  try {
    return await session.store.look.read(entry);
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    unread.push(error);
    return undefined;
  }
}
