/**
 * The one place that waits for mail. It tries, and when there is nothing it rests until the store hints that something
 * happened, the first due moment comes (an expired lease, a delayed message, a schedule), or it is worth to look again.
 *
 * The order matters: first listen, then look, then rest; what happens between the look and the rest rings the bell, and a
 * rung bell ends the next rest at once. So nothing falls into a gap.
 */
import { checkWait } from '../../model/duration.ts';
import { createBell, lookAgainMs } from './bell.ts';
import { followSettings } from '../root/follow-settings.ts';
import type { Session } from '../root/root.ts';
import { lookAtChores, restOfChores } from './chores.ts';
import { recoverOrWarn } from './due.ts';
import { persist } from './persist.ts';
import { orGone, stillThere } from './still-there.ts';
import type { RetryPolicy } from '../../model/settings.ts';
import type { Recovered } from '../../storage/port/mail.ts';
import type { Store } from '../../storage/port/store.ts';
import type { Wake } from '../../storage/port/journal.ts';

export interface WaitOptions {
  /** Milliseconds; `Infinity`: until the signal. Without it there is one attempt and no waiting. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

/** Waits for one thing. @returns what the attempt returned; `undefined` after the time or the signal */
export async function waitFor<T>(
  session: Session,
  mailbox: string,
  attempt: () => Promise<T | undefined>,
  options: WaitOptions,
): Promise<T | undefined> {
  const waiter = createWaiter(session, mailbox);
  try {
    return await waiter.next(attempt, options);
  } finally {
    await waiter.close();
  }
}

/** Waits again and again, and keeps listening in between. */
export interface Waiter {
  /** @param mostRestMs the longest rest before the next attempt, asked after each; milliseconds */
  next<T>(
    attempt: () => Promise<T | undefined>,
    options: WaitOptions,
    mostRestMs?: () => number,
  ): Promise<T | undefined>;
  close(): Promise<void>;
}

// What stays due although a look has just been there is another process's, or an error's; no reason to spin.
const leastRestMs = 50;
// Every event wakes all who wait at a mailbox, and one of them gets the message. Who found nothing does not look again
// before so many times what the look cost; what comes meanwhile rings the bell and is found right after. (16 senders of 50
// messages each into 16 idle consumers on two cores: 19 s without, 9 s with it.)
const cooldownFactor = 20;
// Behind a hundred thousand messages of a busy ordering key one look takes longer than this, and then rests as long.
const mostCooldownMs = 50;

/** @param movesDue whether it moves what falls due; who only counts it where it lies says himself when to look again */
export function createWaiter(session: Session, mailbox: string, { movesDue = true } = {}): Waiter {
  const bell = createBell();
  // Never rung: a rest that only the signal ends early.
  const cooldown = createBell();
  const checkRoot = stillThere(session);
  let listening: Promise<Wake> | undefined;
  let following: Promise<() => Promise<void>> | undefined;
  let again = false;

  const listen = async (): Promise<void> => {
    if (listening) return;
    listening = session.store.journal.watch([mailbox], () => bell.ring());
    following = followSettings(session, () => bell.ring());
    try {
      const [{ degraded }] = await Promise.all([listening, following]);
      if (degraded !== undefined) session.warn(`New mail is looked for once a second: ${degraded}`);
    } catch (error) {
      // Whoever tries again asks for both anew.
      await close();
      throw error;
    }
  };

  const close = async (): Promise<void> => {
    const wake = await listening?.catch(() => undefined);
    listening = undefined;
    await wake?.close();
    const unfollow = await following?.catch(() => undefined);
    following = undefined;
    await unfollow?.();
  };

  const next = async <T>(
    attempt: () => Promise<T | undefined>,
    { waitMs = 0, signal }: WaitOptions,
    mostRestMs = () => Infinity,
  ): Promise<T | undefined> => {
    checkWait(waitMs);
    if (signal?.aborted) return undefined;
    const until = session.clock.uptime() + waitMs;
    const how = { leftMs: () => until - session.clock.uptime(), signal };
    // Who always finds a message never rests. The first one is not kept waiting: it may be all that is wanted.
    if (again && waitMs > 0) await persist(session, how, () => lookAtChores(session));
    again = true;
    const atOnce = await persist(session, how, attempt);
    if (atOnce !== undefined || waitMs <= 0) return atOnce;
    const look = async (): Promise<{ readonly value: T | undefined; readonly dueInMs: number }> => {
      await listen();
      await checkRoot();
      const dueInMs = movesDue ? await bringDue(session, mailbox) : lookAgainMs;
      return { value: await attempt(), dueInMs };
    };
    try {
      for (;;) {
        if (signal?.aborted) return undefined;
        const lookedAt = session.clock.uptime();
        const looked = await persist(session, how, look);
        if (looked === undefined) return undefined;
        const { value, dueInMs } = looked;
        if (value !== undefined) return value;
        const now = session.clock.uptime();
        if (now >= until) return undefined;
        // Mail first: what was done may have brought some, and some may have come meanwhile.
        if (((await persist(session, how, () => lookAtChores(session))) ?? 0) > 0) continue;
        const endOfRest = Math.min(until, now + Math.min(dueInMs, restOfChores(session), mostRestMs()));
        const cooldownMs = Math.min(
          endOfRest - now,
          (now - lookedAt) * cooldownFactor,
          Math.max(mostCooldownMs, now - lookedAt),
        );
        if (cooldownMs > 0) await cooldown.rest(cooldownMs, signal);
        await bell.rest(Math.max(0, endOfRest - session.clock.uptime()), signal);
      }
    } catch (error) {
      throw await orGone(session, error);
    }
  };

  return { next, close };
}

interface Looks {
  running?: Promise<Recovered>;
  next?: Promise<Recovered>;
}

const looksOf = new WeakMap<Store, Map<string, Looks>>();

/**
 * One event wakes all who wait at a mailbox, be they hundreds of requests in one process, and what falls due there is the
 * same for all: who asks while a look runs shares the one behind it, which sees whatever happened before he asked.
 */
function recoverTogether({ store }: Session, mailbox: string, policy: RetryPolicy): Promise<Recovered> {
  const byMailbox = looksOf.get(store) ?? new Map<string, Looks>();
  looksOf.set(store, byMailbox);
  const looks = byMailbox.get(mailbox) ?? {};
  byMailbox.set(mailbox, looks);
  const look = async (): Promise<Recovered> => {
    await looks.running?.catch(() => undefined);
    delete looks.next;
    return (looks.running = store.mail.recover(mailbox, policy));
  };
  return (looks.next ??= look());
}

/** Moves what is due. @returns how long until the next thing is, or until it is worth to look again; milliseconds */
async function bringDue(session: Session, mailbox: string): Promise<number> {
  const { moved, nextAt } = await recoverOrWarn(session, mailbox, (name, policy) =>
    recoverTogether(session, name, policy),
  );
  if (nextAt === undefined) return lookAgainMs;
  // One more, because a timer may fire a millisecond early.
  const restMs = nextAt - session.store.now() + 1;
  return Math.min(lookAgainMs, Math.max(restMs, moved > 0 ? 1 : leastRestMs));
}
