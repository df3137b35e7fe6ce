import type { WatchedEvent } from '../../model/event.ts';
import { resolveMailbox } from '../agents/agents.ts';
import { keepSeen } from '../agents/seen.ts';
import { createDueTimer } from '../wait/due.ts';
import type { Session } from '../root/root.ts';
import { follow, type Followed, type FollowOptions, readOn } from './follow.ts';
import { eachOf } from '../root/operation.ts';

export interface WatchOptions extends FollowOptions {
  /** All, those registered later included, if not given. */
  readonly mailboxes?: readonly string[];
}

// Every event may bring a new due moment, and hide the hint of a handed-in file; a busy log must not mean a look for each.
const afterEventsMs = 200;

export const watch = eachOf('watch', watchBody, ({ mailboxes } = {}) => ({ named: mailboxes, lasting: 'looks' }));

async function* watchBody(session: Session, options: WatchOptions = {}): AsyncGenerator<WatchedEvent, void, undefined> {
  const { journal } = session.store;
  const mailboxes = options.mailboxes && (await exactNames(session, options.mailboxes));
  const due = createDueTimer(session, mailboxes);
  // Who follows everything, and is nobody in particular, says of nobody that he is there.
  const whose = session.acting ?? (mailboxes?.length === 1 ? mailboxes[0] : undefined);
  let endSeen: (() => void) | undefined;
  const followed: Followed<WatchedEvent> = {
    cursor: (at) => journal.cursor(mailboxes, at),
    read: (cursor, _why, among) => readOn(session.store, mailboxes, cursor, among),
    watch: async (hint) => {
      if (whose !== undefined) endSeen ??= await keepSeen(session, whose);
      return journal.watch(mailboxes, (where) => {
        // Also of what is handed in, which has no event of its own, and comes with another mailbox's.
        due.soon(afterEventsMs, where);
        hint(where);
      });
    },
    tell: async (event) => {
      due.soon(afterEventsMs, [event.mailbox]);
      return event;
    },
    rest: async ({ why, among, found }) => {
      // A hint without an event: most likely a script has handed something in.
      if (why === 'hint' && found === 0) due.soon(0, among);
      const moved = await due.look();
      return moved.size > 0 ? { moved } : { ms: due.restMs() };
    },
  };
  try {
    yield* follow(session, followed, options);
  } finally {
    endSeen?.();
  }
}

async function exactNames(session: Session, names: readonly string[]): Promise<string[]> {
  const exact = new Set<string>();
  for (const name of names) exact.add((await resolveMailbox(session, name)).name);
  return [...exact];
}
