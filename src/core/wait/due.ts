import type { AgentCard } from '../../model/agent.ts';
import { maxLeaseMs } from '../../model/basics/limits.ts';
import { beatBy, isOver } from '../../model/clock.ts';
import { DreamosError } from '../../model/errors.ts';
import type { RetryPolicy } from '../../model/settings.ts';
import type { Session } from '../root/root.ts';
import { lookAtChores, restOfChores } from './chores.ts';
import { tellNew } from '../root/config-file.ts';
import { settingsNow } from '../root/settings.ts';
import { isInTrouble, isOfDisk, orWarnOnce, troubleIsOver, warnOnce } from '../root/trouble.ts';
import type { Entry } from '../../storage/port/look.ts';
import type { Mail, Recovered } from '../../storage/port/mail.ts';
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

/** What all who watch a root in this process have in common: what one has looked into, or brought, no other does. */
interface Dues {
  /** By mailbox: when to look into it, by the clock of the store, as due moments are. */
  readonly lookAt: Map<string, number>;
  /** By mailbox: when somebody looked into it, or took it on. */
  readonly lookedAt: Map<string, number>;
}

/** By the mail, which is one in all views that a policy has of a storage. */
const duesOf = new WeakMap<Mail, Dues>();
/** Who there was, for those who ask at the same moment; by view, for it is asked for who is to be seen. */
const listed = new WeakMap<Store, { readonly at: number; readonly names: Promise<readonly string[]> }>();
/** Thousands of mailboxes may be due at once, and their events wait meanwhile. */
const biteMs = 50;

/** @param mailboxes by their exact names; `undefined`: all */
export function createDueTimer(session: Session, mailboxes: readonly string[] | undefined): DueTimer {
  const { clock, store } = session;
  const { lookAt, lookedAt } = duesOf.get(store.mail) ?? { lookAt: new Map(), lookedAt: new Map() };
  duesOf.set(store.mail, { lookAt, lookedAt });
  const scope = mailboxes && new Set(mailboxes);
  let everywhereAt = clock.uptime();
  // Somebody hinted at it: what others have seen before then is not enough.
  let hintedAt = -Infinity;

  const lookIn = async (mailbox: string): Promise<number> => {
    lookAt.delete(mailbox);
    lookedAt.set(mailbox, clock.uptime());
    // Moved nothing, and still due: not ours; no reason to spin. (One more millisecond, because timers may fire early.)
    const again = (at: number): unknown => lookAt.set(mailbox, Math.min(at, lookAt.get(mailbox) ?? at));
    try {
      const { moved, nextAt = Infinity } = await recoverOrWarn(session, mailbox);
      if (moved > 0) again(store.now() + 1);
      else if (nextAt < Infinity) again(Math.max(nextAt + 1, clock.now() + leastRestMs));
      return moved;
    } catch (error) {
      again(store.now() + leastRestMs);
      throw error;
    }
  };

  /** All there are, at most as old as a look everywhere is, and not from before the hint. */
  const namesNow = async (): Promise<readonly string[]> => {
    if (mailboxes) return mailboxes;
    const now = clock.uptime();
    let last = listed.get(store);
    if (!last || last.at <= hintedAt || now >= beatBy(clock, last.at + everywhereEveryMs)) {
      last = { at: now, names: store.documents.listAgents().then((all) => all.map(({ name }) => name)) };
      listed.set(store, last);
      last.names.catch(() => listed.delete(store));
    }
    everywhereAt = Math.min(everywhereAt, beatBy(clock, last.at + everywhereEveryMs));
    return last.names;
  };

  return {
    soon: (inMs, where) => {
      const at = store.now() + inMs;
      if (where) for (const name of where) lookAt.set(name, Math.min(at, lookAt.get(name) ?? at));
      else {
        everywhereAt = Math.min(everywhereAt, clock.uptime() + inMs);
        hintedAt = clock.uptime();
      }
    },
    look: async () => {
      const now = store.now();
      const startedAt = clock.uptime();
      if (startedAt >= everywhereAt) {
        everywhereAt = beatBy(clock, startedAt + everywhereEveryMs);
        const enoughAfter = hintedAt;
        for (const mailbox of await namesNow()) {
          const at = lookedAt.get(mailbox) ?? -Infinity;
          const againAt = beatBy(clock, at + everywhereEveryMs);
          if (at <= enoughAfter || againAt <= startedAt) {
            lookAt.set(mailbox, now);
            lookedAt.set(mailbox, startedAt);
          } else everywhereAt = Math.min(everywhereAt, againAt);
        }
      }
      // What they send is told by hints.
      await lookAtChores(session);
      const moved = new Set<string>();
      for (const [mailbox, at] of lookAt) {
        if (at > now || scope?.has(mailbox) === false) continue;
        if ((await lookIn(mailbox)) > 0) moved.add(mailbox);
        if (clock.uptime() - startedAt > biteMs) break;
      }
      return moved;
    },
    restMs: () => {
      let dueAt = Infinity;
      for (const [mailbox, at] of lookAt) if (scope?.has(mailbox) ?? true) dueAt = Math.min(dueAt, at);
      return Math.max(1, Math.min(everywhereAt - clock.uptime(), dueAt - store.now(), restOfChores(session)));
    },
  };
}
