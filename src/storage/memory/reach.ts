import { sameAgent } from '../../model/agent.ts';
import type { Clock } from '../../model/clock.ts';
import type { Presence } from '../port/presence.ts';
import type { Store } from '../port/store.ts';
import type { Reach, SessionKey } from '../port/reach.ts';
import { type Mail, tell } from './mail.ts';

export function reachedOf(mail: Mail, clock: Clock): Pick<Store, 'reach' | 'presence'> {
  return { reach: reachOf(mail, clock), presence: presenceOf(mail, clock) };
}

function reachOf(mail: Mail, clock: Clock): Reach {
  const { sessions, places, announced, notes } = mail.reached;
  const of = ({ host, session }: SessionKey): string => `${host}.${session}`;
  const known = (mailbox: string, key: SessionKey) =>
    announced.filter((one) => sameAgent(one.mailbox, mailbox) && one.to === of(key));
  const remove = (gone: readonly unknown[]): void => {
    for (const one of gone) announced.splice(announced.indexOf(one as never), 1);
  };
  return {
    sessions: async () => [...sessions.values()],
    getSession: async (key) => sessions.get(of(key)),
    isRunning: async (key) => sessions.has(of(key)),
    putSession: async (session) => void sessions.set(of(session), session),
    removeSession: async (key) => {
      const agent = sessions.get(of(key))?.agent ?? '';
      sessions.delete(of(key));
      places.delete(of(key));
      remove(known(agent, key));
    },
    takePlace: async (key, token) => void places.set(of(key), token),
    hasPlace: async (key, token) => places.get(of(key)) === token,
    announcements: async (mailbox, key) => known(mailbox, key).map(({ id, time, at }) => ({ id, time, at })),
    announcedIn: async (mailbox) =>
      new Set(announced.filter((one) => sameAgent(one.mailbox, mailbox)).map(({ id }) => id)),
    announce: async (mailbox, key, wanted) => {
      const mine = wanted.filter(
        ({ id, time }) => !known(mailbox, key).some((one) => one.id === id && one.time === time),
      );
      for (const one of mine) {
        announced.push({ ...one, at: clock.now(), mailbox, to: of(key) });
        const at = new Date(clock.now()).toISOString();
        tell(mail, { at, mailbox, event: 'announced', id: one.id, by: mailbox, via: key.host, session: key.session });
      }
      return mine;
    },
    forget: async (mailbox, key, these) =>
      remove(
        known(mailbox, key).filter(({ id, time }) => these?.some((one) => one.id === id && one.time === time) ?? true),
      ),
    // Nothing outlives the process.
    sweep: async () => 0,
    note: async (line) => void notes.push(line),
  };
}

/** Nothing outlives the process, so of whether another one runs it knows nothing. */
function presenceOf({ reached: { present }, lastReads }: Mail, clock: Clock): Presence {
  const lookedAt = new Map<string, number>();
  return {
    put: async (mailbox, record) => {
      present.set(mailbox.toLowerCase(), { ...record, seenAt: clock.now() });
      return true;
    },
    seen: async (mailbox) => {
      const name = mailbox.toLowerCase();
      if (clock.uptime() - (lookedAt.get(name) ?? -Infinity) < 1000) return;
      lookedAt.set(name, clock.uptime());
      const known = present.get(name);
      if (known) present.set(name, { ...known, seenAt: clock.now() });
    },
    get: async (mailbox) => {
      const known = present.get(mailbox.toLowerCase());
      return known && { ...known, seenAt: Math.max(known.seenAt, lastReads.get(mailbox.toLowerCase()) ?? -Infinity) };
    },
    forget: async (mailbox) => void present.delete(mailbox.toLowerCase()),
  };
}
