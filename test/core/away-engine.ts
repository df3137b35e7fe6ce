import { rootOver } from '../../src/core/open-root.ts';
import type { Session } from '../../src/core/root/root.ts';
import { engineUnreachable } from '../../src/storage/engine/refusals.ts';
import type { Store } from '../../src/storage/port/store.ts';

export const engineAddress = 'redis://localhost:6379/0';

export interface CutStore {
  isAway: boolean;
  /** How often anything was asked of it. */
  calls: number;
  readonly store: Store;
}

const roles = ['mail', 'look', 'journal', 'documents', 'presence', 'rollups', 'reach', 'audit'] as const;
/** What needs no engine. */
const here = ['parseReceipt', 'seen'];

/** A store as an engine that comes and goes has it: while it is away each call is refused. */
export function cutStore(store: Store): CutStore {
  const engine = { isAway: false, calls: 0 };
  const refused = (): Error => engineUnreachable(engineAddress, 'connection refused');
  const over = (role: object): object =>
    new Proxy(role, {
      get: (_, name) => {
        const call = Reflect.get(role, name) as unknown;
        if (typeof call !== 'function' || here.includes(String(name))) return call;
        return (...args: unknown[]): unknown => {
          engine.calls++;
          if (!engine.isAway) return call.apply(role, args) as unknown;
          return /^(?:list$|listTopics)/.test(String(name)) ? failing(refused()) : Promise.reject(refused());
        };
      },
    });
  const cut = Object.fromEntries(roles.map((role) => [role, over(store[role])]));
  return Object.assign(engine, { store: { ...store, ...cut } });
}

const failing = (error: Error) => ({
  [Symbol.asyncIterator]: () => ({
    next: async () => {
      throw error;
    },
  }),
});

/** Somebody else on the same mail. @param warnings are told of it */
export function sessionOver(store: Store, like: Session, as: string): Session {
  return rootOver(store, { path: '/root', clock: like.clock, ids: like.ids }, { as, warn: like.warn });
}
