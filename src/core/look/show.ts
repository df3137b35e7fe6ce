import { DreamosError } from '../../model/errors.ts';
import type { Message } from '../../model/message.ts';
import type { Signature } from '../../model/signed/signature.ts';
import { resolveMailbox } from '../agents/agents.ts';
import { signatureOf } from '../identity/signatures/look.ts';
import { holderFields, holdersOf } from './holders.ts';
import { meantId } from './meant.ts';
import { findAnywhere, findInItsLog, findNow, looks } from './find.ts';
import type { Session } from '../root/root.ts';
import { messageNotFound } from '../root/refusals.ts';
import type { Entry } from '../../storage/port/look.ts';
import { ofMailbox, operation } from '../root/operation.ts';

export interface ShowOptions {
  /** All, and topics' logs, if not given. */
  readonly mailbox?: string;
  /** Opens what is sealed, with the key of the acting agent; where nobody acts, of any that it concerns. */
  readonly unseal?: boolean;
}

/** With who holds it, by what label, since when (an ISO time), and what took its place, as far as the event log knows. */
export type ShownEntry = Entry & {
  readonly heldBy?: string;
  readonly heldLabel?: string;
  readonly heldSince?: string;
  readonly replacedBy?: string;
};

export interface Shown extends Signature {
  readonly message: Message;
  /** Where it is. */
  readonly entries: readonly ShownEntry[];
  /** `message` is what was sealed; what lies in the mailboxes is its ciphertext. */
  readonly unsealed?: true;
}

export const show = operation('show', showBody, (_, { mailbox } = {}) => ofMailbox(mailbox));

async function showBody(session: Session, idOrEnd: string, options: ShowOptions = {}): Promise<Shown> {
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
      const all = inLogs ? held : [...held, ...(await findInItsLog(session, message))];
      const signature = await signatureOf(session, message);
      const shown = { message, entries: await withWhatReplaced(session, message, all), ...signature };
      return options.unseal ? unsealed(session, shown) : shown;
    }
    if (unread[0]) throw unread[0];
  }
  throw messageNotFound(id, mailbox);
}

async function unsealed(session: Session, shown: Shown): Promise<Shown> {
  const { message, entries } = shown;
  if (message.sealed === undefined) return shown;
  const { lookersOf, open } = await import('../seal/open.ts');
  const who = lookersOf(
    session,
    message,
    entries.map(({ mailbox }) => mailbox),
  );
  return { ...shown, message: await open(session, message, who), unsealed: true };
}

async function withHolders(session: Session, entries: readonly Entry[]): Promise<ShownEntry[]> {
  const shown: ShownEntry[] = [];
  for (const entry of entries) {
    const [holder] = await holdersOf(session, entry.mailbox, [entry]);
    shown.push({ ...entry, ...holderFields(holder) });
  }
  return shown;
}

/** What took its place, of what was archived without a claim's end; only who was sent with a replace key can have been replaced. */
async function withWhatReplaced(
  session: Session,
  { id, replaceKey }: Message,
  entries: readonly ShownEntry[],
): Promise<ShownEntry[]> {
  if ((replaceKey ?? null) === null) return [...entries];
  const told: ShownEntry[] = [];
  for (const entry of entries) {
    const events = entry.state === 'archived' ? await session.store.journal.history(id, entry.mailbox) : [];
    // Restored and acked since, it is archived for that.
    const last = events.findLast(
      (event) => event.id === id && ['acked', 'cancelled', 'replaced'].includes(event.event),
    );
    told.push(last?.replacedBy === undefined ? entry : { ...entry, replacedBy: last.replacedBy });
  }
  return told;
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
