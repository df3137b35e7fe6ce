import { quoteWord } from '../../model/basics/shell-word.ts';
import { beatBy } from '../../model/clock.ts';
import { DreamosError } from '../../model/errors.ts';
import type { Session } from '../root/root.ts';
import { createBell, lookAgainMs } from './bell.ts';
import type { Mail } from '../../storage/port/mail.ts';

/** By the mail, which is one in all views of a storage: the last look, or the one that runs, and when to look again. */
const looks = new WeakMap<Mail, { readonly againAt: number; readonly isThere: Promise<boolean> }>();

/**
 * For who waits, each time he looks again: a root that was removed rings no bell, and has no mail and no events for ever.
 * One that is back by the next look was never away. An engine says with each answer whether it has the root.
 * @returns what throws ROOT_NOT_FOUND; it looks only now and then, and all who wait in this process no more often than one
 */
export function stillThere({ store, clock, path, address }: Session): () => Promise<void> {
  const again = (): number => beatBy(clock, clock.uptime() + lookAgainMs);
  let againAt = again();
  return async () => {
    const now = clock.uptime();
    if (address !== undefined || now < againAt) return;
    const last = looks.get(store.mail);
    // That it was gone each sees for himself.
    if (last && now < last.againAt && (await last.isThere.catch(() => false))) {
      againAt = last.againAt;
      return;
    }
    againAt = again();
    const isThere = (async () => (await store.isThere?.()) ?? true)();
    looks.set(store.mail, { againAt, isThere });
    if (!(await isThere)) throw gone(path);
  };
}

/** `rm -r` takes a mailbox away before the rest of its root; for so long it may be about to. */
const removedWithinMs = 500;

/** What ended a wait: where an agent is missing because its root is, that. @throws DISK_FAILED */
export async function orGone({ store, path, address }: Session, error: unknown): Promise<unknown> {
  if (address !== undefined || !(error instanceof DreamosError) || error.code !== 'AGENT_NOT_FOUND') return error;
  for (let restedMs = 0; restedMs <= removedWithinMs; restedMs += 50) {
    if (!((await store.isThere?.()) ?? true)) return gone(path);
    if (store.isThere === undefined) return error;
    await createBell().rest(50);
  }
  return error;
}

export function gone(path: string): DreamosError {
  return new DreamosError('not-found', 'ROOT_NOT_FOUND', `There is no dreamos root at ${path} any more.`, {
    hint: `Make one there: dreamos init --root ${quoteWord(path)}`,
  });
}
