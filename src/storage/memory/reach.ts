import { sameAgent } from '../../model/agent.ts';
import type { Clock } from '../../model/clock.ts';
import type { Reach, SessionKey } from '../port/reach.ts';
import { type Mail, tell } from './mail.ts';

export function reachOf(mail: Mail, clock: Clock): Reach {
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
