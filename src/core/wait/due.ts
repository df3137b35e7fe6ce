import type { AgentCard } from '../../model/agent.ts';
import { maxLeaseMs } from '../../model/basics/limits.ts';
import { isOver } from '../../model/clock.ts';
import { DreamosError } from '../../model/errors.ts';
import type { RetryPolicy } from '../../model/settings.ts';
import type { Session } from '../root/root.ts';
import { lookAtChores, restOfChores } from './chores.ts';
import { tellNew } from '../root/config-file.ts';
import { settingsNow } from '../root/settings.ts';
import { isInTrouble, isOfDisk, orWarnOnce, troubleIsOver, warnOnce } from '../root/trouble.ts';
import type { Entry } from '../../storage/port/look.ts';
import type { Recovered } from '../../storage/port/mail.ts';
import type { Store } from '../../storage/port/store.ts';

// A store moves a bounded number at a time; a million expired leases must not keep a command from its work.
const mostRounds = 100;

type Mailbox = Pick<AgentCard, 'name'>;
type Recover = (mailbox: string, policy: RetryPolicy) => Promise<Recovered>;

/** Moves what is due; of very much, a part, and says so. @throws what the disk says */
export async function bringAllDue(session: Session, { name }: Mailbox): Promise<void> {
  const about = `more due in ${name}`;
  let all = 0;
  let more = '';
  for (let round = 0; round < mostRounds; round++) {
    const { moved, left } = await recover(session, name);
    if (moved === 0) return troubleIsOver(session, about);
    all += moved;
    more = left === undefined ? 'there may be more' : `${left} more are handed in and not counted yet`;
  }
  warnOnce(session, about, `Of what is due in ${name} ${all} were moved, and ${more}: the next look goes on.`);
}

/**
 * As bringAllDue, and buries all that has outlived its time-to-live, for who says how much is ready or dead. It costs a look
 * at every name in ready, which who claims, waits or peeks at the next few does not need.
 */
export async function bringUpToDate(session: Session, mailbox: Mailbox): Promise<void> {
  await bringAllDue(session, mailbox);
  await session.store.upkeep?.sweepExpired(mailbox.name, { dryRun: false });
}

/**
 * Before somebody looks, so that what he sees is true; what cannot be moved he sees where it is.
 * @param bury as bringUpToDate
 */
export async function bringDueOrWarn(session: Session, name: string, { bury = false } = {}): Promise<void> {
  await orWarn(session, name, () => (bury ? bringUpToDate : bringAllDue)(session, { name }));
}

/** A bounded number, for who looks again and again. @param by as the store does, if not given */
export async function recoverOrWarn(session: Session, mailbox: string, by?: Recover): Promise<Recovered> {
  return (await orWarn(session, mailbox, () => recover(session, mailbox, by))) ?? { moved: 0 };
}

/** What cannot be moved, on a disk that is full or read-only, is there all the same: it is said, and the look goes on. */
function orWarn<T>(session: Session, mailbox: string, move: () => Promise<T>): Promise<T | undefined> {
  return orWarnOnce(session, dueIn(mailbox), `What is due in ${mailbox} could not be moved`, move, isOfDisk);
}

const dueIn = (mailbox: string): string => `due in ${mailbox}`;

/** Whether the last try failed: then what is due is where it was. */
export function cannotMoveDue(session: Session, mailbox: string): boolean {
  return isInTrouble(session, dueIn(mailbox));
}

/** The card anew, because nothing is moved under a policy that is guessed. */
async function recover(session: Session, mailbox: string, by?: Recover): Promise<Recovered> {
  const { documents, mail } = session.store;
  const policy = await policyToMoveBy(session, await documents.getAgent(mailbox));
  if (!policy) return { moved: 0 };
  return by ? by(mailbox, policy) : mail.recover(mailbox, policy);
}

/** Sends whose senders have died, before somebody looks at what was published, or where something is. */
export async function finishSendsOrWarn(session: Session): Promise<void> {
  const work = () => session.store.mail.finishSends();
  await orWarnOnce(session, 'sends', 'Sends that were cut off could not be finished', work, isOfDisk);
}

/**
 * What becomes of what falls due in a mailbox, whoever looks. `undefined`: config.json cannot be used, and never could since
 * this process began; then whoever only looks is told so and sees what is there, and nothing is moved by a guessed policy.
 */
async function policyToMoveBy(session: Session, card: AgentCard | undefined): Promise<RetryPolicy | undefined> {
  const settingsOf = await settingsNow(session).catch((error: unknown) => {
    if (!(error instanceof DreamosError) || error.code !== 'CONFIG_INVALID') throw error;
    tellNew(session, [`${error.message} Until it is mended, nothing that falls due is moved. ${error.hint}`]);
  });
  return settingsOf?.(card).ownPolicy;
}

/** How often a message of this mailbox is delivered whose claim says nothing of it; Infinity: nobody knows, and it is moved nowhere. */
export async function mostAttempts(session: Session, card: AgentCard): Promise<number> {
  return (await policyToMoveBy(session, card))?.maxAttempts ?? Infinity;
}

/** Whether it is elsewhere by now, and only nobody has moved it yet. */
export function isOverdue({ state, dueAt, leaseUntil, expiresAt }: Entry, now: number): boolean {
  const until = { delayed: dueAt, inflight: leaseUntil, ready: expiresAt, dead: undefined, archived: undefined }[state];
  return until !== undefined && isOver(until, now, state === 'inflight' ? maxLeaseMs : Infinity);
}

/** Brings what falls due while somebody watches, and sends what schedules say: he may be the only process that is awake. */
export interface DueTimer {
  /**
   * Look in so many milliseconds: something happened, and a due moment or a handed-in file may be part of it.
   * @param where it happened; else everywhere
   */
  soon(inMs: number, where?: Iterable<string>): void;
  /** Looks where the time has come, in small bites: what is left, `restMs` says. @returns where something was moved */
  look(): Promise<ReadonlySet<string>>;
  /** Until the next look; milliseconds. */
  restMs(): number;
}

// For what no hint told of, and for mailboxes registered meanwhile.
const everywhereEveryMs = 15_000;
const leastRestMs = 50;

/** When somebody of this process looked into a mailbox, and when to look again. */
interface Looked {
  readonly at: number;
  readonly nextAt?: number | undefined;
}

/** By mailbox: many who watch look no more often than one. */
const looked = new WeakMap<Store, Map<string, Looked>>();
/** Thousands of mailboxes may be due at once, and their events wait meanwhile. */
const biteMs = 50;

/** @param mailboxes by their exact names; `undefined`: all */
export function createDueTimer(session: Session, mailboxes: readonly string[] | undefined): DueTimer {
  const { clock, store } = session;
  /** By the clock of the store, as due moments are. */
  const lookAt = new Map<string, number>();
  let everywhereAt = clock.uptime();
  // Somebody hinted at it: what others have seen before then is not enough.
  let isHinted = false;
  const known = looked.get(store) ?? new Map<string, Looked>();
  looked.set(store, known);

  const lookIn = async (mailbox: string): Promise<number> => {
    const at = clock.uptime();
    known.set(mailbox, { at });
    const { moved, nextAt = Infinity } = await recoverOrWarn(session, mailbox);
    // Behind all others, also when there may be more to move. Moved nothing, and still due: not ours; no reason to spin.
    // (One more millisecond, because timers may fire early.)
    lookAt.delete(mailbox);
    if (moved > 0) lookAt.set(mailbox, store.now() + 1);
    else if (nextAt < Infinity) lookAt.set(mailbox, Math.max(nextAt + 1, clock.now() + leastRestMs));
    known.set(mailbox, { at, nextAt: lookAt.get(mailbox) });
    return moved;
  };

  return {
    soon: (inMs, where) => {
      const at = store.now() + inMs;
      if (where) for (const name of where) lookAt.set(name, Math.min(at, lookAt.get(name) ?? at));
      else {
        everywhereAt = Math.min(everywhereAt, clock.uptime() + inMs);
        isHinted = true;
      }
    },
    look: async () => {
      const now = store.now();
      const startedAt = clock.uptime();
      if (startedAt >= everywhereAt) {
        everywhereAt = startedAt + everywhereEveryMs;
        const wasHinted = isHinted;
        isHinted = false;
        const all = mailboxes ?? (await store.documents.listAgents()).map(({ name }) => name);
        for (const mailbox of all) {
          const { at = -Infinity, nextAt } = known.get(mailbox) ?? {};
          const againAt = at + everywhereEveryMs;
          if (wasHinted || againAt <= startedAt) lookAt.set(mailbox, now);
          else {
            everywhereAt = Math.min(everywhereAt, againAt);
            if (nextAt !== undefined) lookAt.set(mailbox, Math.min(nextAt, lookAt.get(mailbox) ?? nextAt));
          }
        }
      }
      // What they send is told by hints.
      await lookAtChores(session);
      const moved = new Set<string>();
      for (const [mailbox, at] of lookAt) {
        if (at > now) continue;
        if ((await lookIn(mailbox)) > 0) moved.add(mailbox);
        if (clock.uptime() - startedAt > biteMs) break;
      }
      return moved;
    },
    restMs: () => {
      let dueAt = Infinity;
      for (const at of lookAt.values()) dueAt = Math.min(dueAt, at);
      return Math.max(1, Math.min(everywhereAt - clock.uptime(), dueAt - store.now(), restOfChores(session)));
    },
  };
}
