/** What many ask for again and again, and others may change at any time: looked at now and then, for all sessions of a root. */
import type { Store } from '../../storage/port/store.ts';
import type { Session } from './root.ts';

/** A long-lived process goes by what was changed so soon, and a burst of sends looks once. Who rests is told of it. */
export const keepMs = 50;

interface Look<T> {
  readonly at: number;
  readonly loaded: Promise<T>;
  value?: T;
}

export interface Looks<T> {
  /** As it was at most `keepMs` ago. What could not be loaded is tried again by the next who asks. */
  now(session: Session): Promise<T>;
  /** The same at once, if it was looked at a moment ago. */
  known(session: Session): T | undefined;
  /** After a change by this process. */
  forget(of: Pick<Session, 'store'>): void;
}

export function createLooks<T>(load: (session: Session) => Promise<T>): Looks<T> {
  const lasts = new WeakMap<Store, Look<T>>();
  return {
    now(session) {
      const { store, clock } = session;
      const at = clock.uptime();
      const last = lasts.get(store);
      if (last && at - last.at < keepMs) return last.loaded;
      const look: Look<T> = { at, loaded: load(session) };
      lasts.set(store, look);
      look.loaded.then(
        (value) => (look.value = value),
        () => lasts.delete(store),
      );
      return look.loaded;
    },
    known({ store, clock }) {
      const last = lasts.get(store);
      return last && clock.uptime() - last.at < keepMs ? last.value : undefined;
    },
    forget: ({ store }) => void lasts.delete(store),
  };
}
