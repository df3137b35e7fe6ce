/** Opening many messages, of which some are for others. */
import { DreamosError } from '../../model/errors.ts';
import type { Message } from '../../model/message.ts';
import type { Session } from '../root/root.ts';
import { lookersOf, open } from './open.ts';

export interface Opener {
  /** @param mailbox where it lies @returns `undefined`: it is not sealed, or cannot be opened here */
  open(message: Message, mailbox: string): Promise<Message | undefined>;
  /** Says how many could not be opened. */
  end(): void;
}

/** @param done what else is done of what does not open: it is looked at, or shown */
export function createOpener(session: Session, done: 'looked at' | 'shown' = 'looked at'): Opener {
  // A message lies in each of its mailboxes.
  const closed = new Set<string>();
  let first = '';
  return {
    async open(message, mailbox) {
      if (message.sealed === undefined) return undefined;
      try {
        return await open(session, message, lookersOf(session, message, [mailbox]));
      } catch (error) {
        if (!(error instanceof DreamosError) || !isNotForUs(error)) throw error;
        if (closed.size === 0) first = error.message;
        closed.add(message.id);
        return undefined;
      }
    },
    end() {
      const { size } = closed;
      if (size === 0) return;
      const what = size === 1 ? 'One sealed message does' : `${size} sealed messages do`;
      session.warn(
        `${what} not open by the keys that are here; only what stands outside was ${done}. ${size === 1 ? '' : 'The first: '}${first}`,
      );
    },
  };
}

/** Whether it is said of the one message, and not of the disk or of a file of keys. */
export function isNotForUs({ code }: DreamosError): boolean {
  return code === 'UNAUTHENTICATED' || code === 'SEAL_UNOPENED';
}
