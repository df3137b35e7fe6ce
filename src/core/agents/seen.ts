/** That an agent is there, noted by the way: whoever said so once is said to be there by what he does (`Presence.seen`). */
import { sameAgent } from '../../model/agent.ts';
import { restByBeat } from '../../model/clock.ts';
import { DreamosError } from '../../model/errors.ts';
import type { Mail } from '../../storage/port/mail.ts';
import type { Session } from '../root/root.ts';
import { effectiveSettings } from '../root/settings.ts';

/** The acting agent, else whose mailbox it is. */
export function seen(session: Session, mailbox: string): Promise<void> | undefined {
  return session.store.presence.seen(whomOf(session, mailbox));
}

function whomOf({ acting }: Session, mailbox: string): string {
  return acting === undefined || isSame(acting, mailbox) ? mailbox : acting;
}

/** The same text is the usual case, and costs a loop nothing. */
export function isSame(acting: string, mailbox: string): boolean {
  return acting === mailbox || sameAgent(acting, mailbox);
}

// Each interval of an agent is looked at so often, so that one missed look makes nobody late.
const looksEach = 3;
const mostRestMs = 20_000;

/** By the mail, which is one in all views of a storage: whom somebody keeps there, how many do, and what ends it. */
const kept = new WeakMap<Mail, Map<string, { count: number; readonly end: () => void }>>();

/** Who goes on for long is there meanwhile, also while a handler runs; many who keep one there say so once. @returns ends it */
export async function keepSeen(session: Session, mailbox: string): Promise<() => void> {
  await seen(session, mailbox);
  const { store } = session;
  const whom = whomOf(session, mailbox);
  const known = kept.get(store.mail) ?? new Map<string, { count: number; readonly end: () => void }>();
  kept.set(store.mail, known);
  const one = known.get(whom) ?? { count: 0, end: begin(session, mailbox) };
  known.set(whom, one);
  one.count++;
  let hasEnded = false;
  return () => {
    if (hasEnded) return;
    hasEnded = true;
    one.count -= 1;
    if (one.count > 0) return;
    known.delete(whom);
    one.end();
  };
}

function begin(session: Session, mailbox: string): () => void {
  let timer: NodeJS.Timeout | undefined;
  let round = 0;
  let isStopped = false;
  const again = async (): Promise<void> => {
    const own = ++round;
    const ms = await restMs(session, mailbox);
    if (isStopped || own !== round) return;
    clearTimeout(timer);
    const rest = (): void => {
      timer = setTimeout(say, restByBeat(session.clock, ms)).unref();
    };
    const say = (): void => {
      rest();
      void seen(session, mailbox);
    };
    rest();
  };
  void again();
  const following = import('../root/follow-settings.ts')
    .then((push) => push.followSettings(session, () => void again()))
    // Whoever waits is told why he hears of nothing.
    .catch(() => undefined);
  return () => {
    isStopped = true;
    clearTimeout(timer);
    void following.then((unfollow) => unfollow?.()).catch(() => undefined);
  };
}

async function restMs(session: Session, mailbox: string): Promise<number> {
  try {
    const card = await session.store.documents.getAgent(session.acting ?? mailbox);
    return Math.min(mostRestMs, (await effectiveSettings(session, card)).heartbeatMs / looksEach);
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    // Whoever needs the settings for what he does is told.
    return mostRestMs;
  }
}
