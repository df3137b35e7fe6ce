import { checkSpan } from '../../model/duration.ts';
import { acceptsOf, type DeadFilter } from '../../model/filter.ts';
import type { Message } from '../../model/message.ts';
import { usage } from '../../model/refusals.ts';
import type { Session } from '../root/root.ts';
import type { DeadReason, Entry } from '../../storage/port/look.ts';

/** One entry that a look has come to. */
export interface Seen {
  readonly entry: Entry;
  /** `null`: it cannot be read. */
  readonly message: Message | null;
  /** What was sealed in it, if it was opened. */
  readonly opened?: Message;
  /** Why it is dead; read when it is first asked for. `undefined`: it is not dead, or that cannot be read, which is said. */
  readonly why: () => Promise<DeadReason | undefined>;
}

/** A filter, in two steps, so that nothing is read in vain. */
export interface Sieve {
  /** By the entry alone. */
  mayFit(entry: Entry): boolean;
  fits(seen: Seen): Promise<boolean>;
}

/** @throws USAGE for a text that everything has, or an age that there is not */
export function sieveOf(session: Session, filter: DeadFilter = {}): Sieve {
  const { subject, reason, olderThanMs, ...words } = filter;
  checkSpan('age', olderThanMs, 0);
  const inSubject = subject === undefined ? undefined : contains('subject', subject);
  const inReason = reason === undefined ? undefined : contains('reason', reason);
  const accepts = acceptsOf(words);
  const since = session.store.now() - (olderThanMs ?? 0);
  return {
    mayFit: (entry) => {
      if (inReason && entry.state !== 'dead') return false;
      return olderThanMs === undefined || (entry.deadAt ?? entry.ackedAt ?? 0) <= since;
    },
    fits: async ({ entry, message, why }) => {
      const settledAt = entry.deadAt ?? entry.ackedAt;
      // Of what is not settled, only its message tells when it was sent.
      const bySending = olderThanMs !== undefined && settledAt === undefined;
      if (accepts || inSubject || bySending) {
        if (message === null || (accepts && !accepts(message)) || (inSubject && !inSubject(message.subject)))
          return false;
        if (bySending && Date.parse(message.createdAt) > since) return false;
      }
      return inReason === undefined || inReason((await why())?.reason ?? '');
    },
  };
}

/** Whether a text has this one in it, in any case of letters. */
export function hasIn(wanted: string): (text: string) => boolean {
  const lower = wanted.toLowerCase();
  return (text) => text.toLowerCase().includes(lower);
}

function contains(field: 'subject' | 'reason', wanted: string): (text: string) => boolean {
  // Most likely a variable of a script that is not set; and a purge would take all.
  if (wanted === '') throw usage(`An empty ${field} fits every message.`, hints[field]);
  return hasIn(wanted);
}

const hints = {
  subject: 'Leave out `subject`, or give a part of it.',
  reason: 'Leave out `reason`, or give a part of it.',
};
