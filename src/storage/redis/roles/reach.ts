import type { Presence, PresenceRecord, SeenPresence } from '../../port/presence.ts';
import type { HostSession, Reach, SessionKey } from '../../port/reach.ts';
import { Unreachable } from '../link/errors.ts';
import { hostname, runsHere } from '../link/host.ts';
import { part, texts } from './entry.ts';
import type { RedisContext } from './context.ts';

/** With the machine whose process it is. */
type Kept<T> = T & { readonly at?: string };

const keyOf = ({ host, session }: SessionKey): string => `${host}.${session}`;
const here = <T extends { readonly pid?: number }>(one: T): Kept<T> =>
  one.pid === undefined ? one : { ...one, at: hostname() };
/** `undefined`: that cannot be told from here. */
const runs = ({ pid, at }: Kept<{ readonly pid?: number }>): boolean | undefined =>
  pid === undefined || at !== hostname() ? undefined : runsHere(pid);

export function reachOf(ctx: RedisContext): Reach {
  const { link } = ctx;
  const all = async (): Promise<Kept<HostSession>[]> =>
    texts(await link.run('sessions')).map((json) => JSON.parse(json) as Kept<HostSession>);
  const get = async (key: SessionKey): Promise<Kept<HostSession> | undefined> => {
    const json = String(await link.run('session', keyOf(key)));
    return json === '' ? undefined : (JSON.parse(json) as Kept<HostSession>);
  };
  const bare = ({ at: _at, ...session }: Kept<HostSession>): HostSession => session;
  /** Which session, when, which message and when it was noted. */
  const announced = async (mailbox: string) => {
    const told = texts(await link.run('announced', mailbox));
    return told.flatMap((field, i) => {
      if (i % 2 === 1) return [];
      const [session = '', time, id = ''] = field.split(' ');
      return [{ field, session, time: Number(time), id, at: Number(told[i + 1]?.split(' ', 1)[0]) }];
    });
  };
  const forget = async (mailbox: string, fields: readonly string[]): Promise<void> => {
    if (fields.length > 0) await link.run('unannounce', mailbox, ...fields);
  };
  const removeSession = async (key: SessionKey): Promise<void> => {
    await link.run('removeSession', keyOf(key), (await get(key))?.agent ?? '');
  };
  return {
    sessions: async () => (await all()).filter((one) => runs(one) !== false).map(bare),
    getSession: async (key) => {
      const found = await get(key);
      return found && bare(found);
    },
    isRunning: async (key) => {
      const found = await get(key);
      return found !== undefined && runs(found) !== false;
    },
    putSession: async (session) => {
      await link.run('putSession', keyOf(session), JSON.stringify(here(session)));
    },
    removeSession,
    takePlace: async (key, token) => void (await link.run('takePlace', keyOf(key), token)),
    hasPlace: async (key, token) => String(await link.run('place', keyOf(key))) === token,
    announcements: async (mailbox, key) =>
      (await announced(mailbox)).flatMap(({ session, id, time, at }) =>
        session === keyOf(key) ? [{ id, time, at }] : [],
      ),
    announcedIn: async (mailbox) => new Set((await announced(mailbox)).map(({ id }) => id)),
    announce: async (mailbox, key, wanted) => {
      const more = part({ by: mailbox, via: key.host, session: key.session });
      const asked = wanted.flatMap(({ id, time }) => [String(time), id]);
      const mine = new Set(texts(await link.run('announce', mailbox, keyOf(key), more, ...asked)).map(Number));
      return wanted.filter((_, i) => mine.has(i));
    },
    forget: async (mailbox, key, of) => {
      const mine = (await announced(mailbox)).filter(({ session }) => session === keyOf(key));
      const meant = mine.filter(({ id, time }) => of?.some((one) => one.id === id && one.time === time) ?? true);
      await forget(
        mailbox,
        meant.map(({ field }) => field),
      );
    },
    sweep: async ({ dryRun }) => {
      const over = (await all()).filter((one) => runs(one) === false);
      if (!dryRun) for (const one of over) await removeSession(one);
      return over.length;
    },
    note: async (line) => void (await link.run('notes', line)),
  };
}

/** Of an agent on another machine: whether its process runs cannot be told from here. */
export function presenceOf(ctx: RedisContext): Presence {
  const { link, clock } = ctx;
  const saidAt = new Map<string, number>();
  return {
    put: async (mailbox, record) => {
      if (record.pid !== undefined && !runsHere(record.pid)) return false;
      await link.run('putPresence', mailbox, JSON.stringify(here(record)));
      return true;
    },
    seen: (mailbox) => {
      const name = mailbox.toLowerCase();
      if (clock.uptime() - (saidAt.get(name) ?? -Infinity) < 1000) return undefined;
      saidAt.set(name, clock.uptime());
      return link.run('seen', mailbox).then(
        () => undefined,
        (error: Error) => {
          // What it goes along with meets the same, and says it.
          if (!(error instanceof Unreachable)) ctx.warn(error.message);
        },
      );
    },
    get: async (mailbox) => {
      const [json, seen, read] = texts(await link.run('presence', mailbox));
      if (json === undefined) return undefined;
      const { at, ...record } = JSON.parse(json) as Kept<PresenceRecord>;
      const running = runs({ ...record, ...(at !== undefined && { at }) });
      const known: SeenPresence = { ...record, seenAt: Math.max(Number(seen), Number(read)) };
      return { ...known, ...(at !== undefined && { host: at }), ...(running !== undefined && { running }) };
    },
    forget: async (mailbox) => void (await link.run('absent', mailbox)),
  };
}
