/** One change by hand to a message in each mailbox where it is in a state for it. */
import { DreamosError } from '../../model/errors.ts';
import type { State } from '../../model/state.ts';
import type { Entry } from '../../storage/port/look.ts';
import type { Actor } from '../../storage/port/mail.ts';
import { findSurely, looks } from '../look/find.ts';
import { actingOf } from '../root/names.ts';
import { messageNotFound } from '../root/refusals.ts';
import type { Session } from '../root/root.ts';

export interface ChangeByHand {
  /** The whole command line. */
  readonly again: string;
  /** `cancelled` */
  readonly done: string;
  readonly from: readonly State[];
  readonly change: (entry: Entry, actor: Actor) => Promise<Entry>;
  /** It is nowhere in such a state: `cannot be cancelled any more`. */
  readonly refusal: string;
}

/** @returns where it was changed @throws MESSAGE_NOT_FOUND, STATE_CHANGED */
export async function changeEverywhere(session: Session, id: string, how: ChangeByHand): Promise<Entry[]> {
  const changed: Entry[] = [];
  let left: Entry[] = [];
  let refused: DreamosError | undefined;
  // Again for what moved between the look and the change: due and ready now, it can still be cancelled.
  for (let look = 1; look <= looks; look++) {
    refused = undefined;
    left = (await findAgain(session, id, changed, how)).filter(
      ({ mailbox }) => !changed.some((done) => done.mailbox === mailbox),
    );
    const waiting = left.filter(({ state }) => how.from.includes(state));
    if (waiting.length === 0) break;
    for (const entry of waiting) {
      const done = await changeEntry(session, entry, changed, how);
      if (done instanceof DreamosError) refused = done;
      else changed.push(done);
    }
  }
  if (changed.length > 0) return changed;
  if (left.length === 0) throw messageNotFound(id);
  if (refused) throw refused;
  const where = left.map(({ state, mailbox }) => `${state} in ${mailbox}`).join(', ');
  throw new DreamosError('conflict', 'STATE_CHANGED', `Message ${id} ${how.refusal}: it is ${where}.`, {
    hint: `dreamos show ${id}`,
  });
}

/** A look that fails after something was changed does not make that undone, so it is a warning then. */
async function findAgain(
  session: Session,
  id: string,
  changed: readonly Entry[],
  { done }: ChangeByHand,
): Promise<Entry[]> {
  try {
    return await findSurely(session, id);
  } catch (error) {
    if (changed.length === 0 || !(error instanceof DreamosError)) throw error;
    session.warn(
      `${id} was ${done} in ${mailboxesOf(changed)}; whether it is elsewhere could not be seen: ${error.message}`,
    );
    return [];
  }
}

/** @returns the refusal, of what has moved on meanwhile */
async function changeEntry(
  session: Session,
  entry: Entry,
  changed: readonly Entry[],
  { again, done, change }: ChangeByHand,
): Promise<Entry | DreamosError> {
  try {
    return await change(entry, actingOf(session));
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    if (error.code === 'STATE_CHANGED') return error;
    if (changed.length === 0) throw error;
    throw new DreamosError(
      error.kind,
      error.code,
      `${entry.id} was ${done} in ${mailboxesOf(changed)}, but not in ${entry.mailbox}. ${error.message}`,
      { hint: `Try the others again: ${again}`, cause: error },
    );
  }
}

function mailboxesOf(entries: readonly Entry[]): string {
  return entries.map(({ mailbox }) => mailbox).join(', ');
}
