/** Who holds what. A claim's name tells whose mailbox it is of; who made it, and when, the event log knows. */
import { DreamosError } from '../../model/errors.ts';
import type { MailEvent } from '../../model/event.ts';
import type { Session } from '../root/root.ts';
import type { Entry } from '../../storage/port/look.ts';

export interface Holder {
  /** `undefined`: the log does not know (any more). */
  readonly by: string | undefined;
  /** What its consumer calls itself. */
  readonly label: string | undefined;
  /** When it was claimed, as an ISO time. */
  readonly since: string | undefined;
}

/** The holder of each of these claims in one mailbox, in their order; of what nobody holds `undefined`. */
export async function holdersOf(
  session: Session,
  mailbox: string,
  entries: readonly Entry[],
): Promise<(Holder | undefined)[]> {
  const held = entries.filter(({ state }) => state === 'inflight');
  if (held.length === 0) return entries.map(() => undefined);
  const claims = await claimsOrWarn(session, mailbox, new Map(held.map(({ id, attempt }) => [id, attempt])));
  return entries.map(({ id, state }) => {
    const claim = claims.get(id);
    return state === 'inflight' ? { by: claim?.by, label: claim?.label, since: claim?.at } : undefined;
  });
}

/** What is claimed in a mailbox, each once: a renewal renames it, and a scan can then show it twice. */
export async function claimedIn(session: Session, mailbox: string): Promise<Entry[]> {
  const claims = new Map<string, Entry>();
  for await (const entry of session.store.look.list(mailbox, 'inflight')) claims.set(entry.id, entry);
  return [...claims.values()];
}

/** For who meets the claims of a mailbox one by one: its log is read once, at the first of them. */
export function holdersIn(session: Session, mailbox: string): (entry: Entry) => Promise<Holder | undefined> {
  let known: Promise<Map<string, { attempt: number; holder: Holder | undefined }>> | undefined;
  const all = async () => {
    const entries = await claimedIn(session, mailbox);
    const holders = await holdersOf(session, mailbox, entries);
    return new Map(entries.map(({ id, attempt }, at) => [id, { attempt, holder: holders[at] }]));
  };
  return async (entry) => {
    if (entry.state !== 'inflight') return undefined;
    const one = (await (known ??= all())).get(entry.id);
    // Claimed since.
    return one?.attempt === entry.attempt ? one.holder : (await holdersOf(session, mailbox, [entry]))[0];
  };
}

/** As a look prints it. */
export function holderFields(holder: Holder | undefined): {
  heldBy?: string;
  heldLabel?: string;
  heldSince?: string;
} {
  const { by, label, since } = holder ?? {};
  return {
    ...(by !== undefined && { heldBy: by }),
    ...(label !== undefined && { heldLabel: label }),
    ...(since !== undefined && { heldSince: since }),
  };
}

/** What is held is shown all the same. */
async function claimsOrWarn(
  session: Session,
  mailbox: string,
  attempts: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, MailEvent>> {
  try {
    return await session.store.journal.claims(mailbox, attempts);
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    session.warn(`Who holds what of ${mailbox} is not known: ${error.message}`);
    return new Map();
  }
}
