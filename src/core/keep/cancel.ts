import { DreamosError } from '../../model/errors.ts';
import { findSurely, looks } from '../look/find.ts';
import { meantId } from '../look/meant.ts';
import type { Session } from '../root/root.ts';
import { messageNotFound } from '../root/refusals.ts';
import type { Entry } from '../../storage/port/look.ts';

export async function cancel(session: Session, idOrEnd: string): Promise<Entry[]> {
  const id = await meantId(session, idOrEnd, { states: ['ready', 'delayed'] }, {});
  const cancelled: Entry[] = [];
  let left: Entry[] = [];
  // Again for what moved between the look and the change: due and ready now, it can still be cancelled.
  for (let look = 1; look <= looks; look++) {
    left = (await findAgain(session, id, cancelled)).filter(
      ({ mailbox }) => !cancelled.some((done) => done.mailbox === mailbox),
    );
    const waiting = left.filter(({ state }) => state === 'ready' || state === 'delayed');
    if (waiting.length === 0) break;
    for (const entry of waiting) {
      const done = await cancelEntry(session, entry, cancelled);
      if (done) cancelled.push(done);
    }
  }
  if (cancelled.length > 0) return cancelled;
  if (left.length === 0) throw messageNotFound(id);
  const where = left.map(({ state, mailbox }) => `${state} in ${mailbox}`).join(', ');
  throw new DreamosError('conflict', 'STATE_CHANGED', `Message ${id} cannot be cancelled any more: it is ${where}.`, {
    hint: `dreamos show ${id}`,
  });
}

/** A look that fails after something was cancelled does not make that undone, so it is a warning then. */
async function findAgain(session: Session, id: string, cancelled: readonly Entry[]): Promise<Entry[]> {
  try {
    return await findSurely(session, id);
  } catch (error) {
    if (cancelled.length === 0 || !(error instanceof DreamosError)) throw error;
    session.warn(
      `${id} was cancelled in ${mailboxesOf(cancelled)}; whether it is elsewhere could not be seen: ${error.message}`,
    );
    return [];
  }
}

async function cancelEntry(session: Session, entry: Entry, cancelled: readonly Entry[]): Promise<Entry | undefined> {
  try {
    return await session.store.mail.cancel(entry, session.acting === undefined ? {} : { by: session.acting });
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    if (error.code === 'STATE_CHANGED') return undefined;
    if (cancelled.length === 0) throw error;
    throw new DreamosError(
      error.kind,
      error.code,
      `${entry.id} was cancelled in ${mailboxesOf(cancelled)}, but not in ${entry.mailbox}. ${error.message}`,
      { hint: `Try the others again: dreamos cancel ${entry.id}`, cause: error },
    );
  }
}

function mailboxesOf(entries: readonly Entry[]): string {
  return entries.map(({ mailbox }) => mailbox).join(', ');
}
