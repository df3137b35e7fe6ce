import type { AgentCard } from '../../model/agent.ts';
import type { Session } from '../root/root.ts';
import { lookAtChores, restOfChores } from './chores.ts';
import { effectiveSettings } from '../root/settings.ts';
import { diskTrouble, isOver, warnOnce } from '../root/trouble.ts';
import type { Recovered } from '../../storage/port/mail.ts';

// A store moves a bounded number at a time; a million expired leases must not keep a command from its work.
const mostRounds = 100;

/** Moves what is due. @throws what the disk says */
export async function bringAllDue(session: Session, { name }: AgentCard): Promise<void> {
  for (let round = 0; round < mostRounds; round++) if ((await recover(session, name)).moved === 0) return;
}

/** Before somebody looks, so that what he sees is true; what cannot be moved he sees where it is. */
export async function bringDueOrWarn(session: Session, mailbox: string): Promise<void> {
  for (let round = 0; round < mostRounds; round++) if ((await recoverOrWarn(session, mailbox)).moved === 0) return;
}

/** What cannot be moved, on a disk that is full or read-only, is there all the same: it is said, and the look goes on. */
export async function recoverOrWarn(session: Session, mailbox: string): Promise<Recovered> {
  const about = `due in ${mailbox}`;
  try {
    const recovered = await recover(session, mailbox);
    isOver(session, about);
    return recovered;
  } catch (error) {
    warnOnce(session, about, `What is due in ${mailbox} could not be moved: ${diskTrouble(error).message}`);
    return { moved: 0 };
  }
}

/** The card anew, because nothing is moved under a policy that is guessed. */
async function recover(session: Session, mailbox: string): Promise<Recovered> {
  const { ownPolicy } = await effectiveSettings(session, await session.store.documents.getAgent(mailbox));
  return session.store.mail.recover(mailbox, ownPolicy);
}

/** Sends whose senders have died, before somebody looks at what was published. */
export async function finishSendsOrWarn(session: Session): Promise<void> {
  try {
    await session.store.mail.finishSends();
    isOver(session, 'sends');
  } catch (error) {
    warnOnce(session, 'sends', `Sends that were cut off could not be finished: ${diskTrouble(error).message}`);
  }
}

/** Brings what falls due while somebody watches, and sends what schedules say: he may be the only process that is awake. */
export interface DueTimer {
  /** Look everywhere in so many milliseconds: something happened, and a due moment or a handed-in file may be part of it. */
  soon(inMs: number): void;
  /** Looks where the time has come. @returns how many messages were moved or sent */
  look(): Promise<number>;
  /** Until the next look; milliseconds. */
  restMs(): number;
}

// For what no hint told of, and for mailboxes registered meanwhile.
const everywhereEveryMs = 15_000;
const leastRestMs = 50;

/** @param mailboxes by their exact names; `undefined`: all */
export function createDueTimer(session: Session, mailboxes: readonly string[] | undefined): DueTimer {
  const { clock, store } = session;
  /** By the clock of the store, as due moments are. */
  const lookAt = new Map<string, number>();
  let everywhereAt = clock.uptime();

  const lookIn = async (mailbox: string): Promise<number> => {
    const { moved, nextAt = Infinity } = await recoverOrWarn(session, mailbox);
    // Moved something: there may be more. Moved nothing, and still due: not ours; no reason to spin. (One more
    // millisecond, because timers may fire early.)
    lookAt.set(mailbox, moved > 0 ? store.now() : Math.max(nextAt + 1, clock.now() + leastRestMs));
    return moved;
  };

  return {
    soon: (inMs) => {
      everywhereAt = Math.min(everywhereAt, clock.uptime() + inMs);
    },
    look: async () => {
      const now = store.now();
      if (clock.uptime() >= everywhereAt) {
        everywhereAt = clock.uptime() + everywhereEveryMs;
        const all = mailboxes ?? (await store.documents.listAgents()).map(({ name }) => name);
        for (const mailbox of all) lookAt.set(mailbox, now);
      }
      let moved = await lookAtChores(session);
      for (const [mailbox, at] of lookAt) if (at <= now) moved += await lookIn(mailbox);
      return moved;
    },
    restMs: () => {
      const dueAt = Math.min(...lookAt.values());
      return Math.max(1, Math.min(everywhereAt - clock.uptime(), dueAt - store.now(), restOfChores(session)));
    },
  };
}
