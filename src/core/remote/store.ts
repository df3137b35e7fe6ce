/** The storage as who works through a server may look into it himself: who there is, what is set, what he holds. */
import { DreamosError } from '../../model/errors.ts';
import type { Store } from '../../storage/port/store.ts';
import type { Away, Session } from '../root/root.ts';
import { storeCall, storeLooks } from './protocol.ts';

type Role = Record<string, (...args: unknown[]) => unknown>;

/** @param session of who looks */
export function storeThrough(away: Away, self: Awaited<ReturnType<Store['self']>>, session: () => Session): Store {
  const roles: Record<string, Role> = {};
  for (const [name, how] of Object.entries(storeLooks)) {
    const [role = '', look = ''] = name.split('.');
    const ask = how === 'each' ? away.each : away.do;
    (roles[role] ??= {})[look] = (...args) => ask(session(), storeCall + name, args);
  }
  // What is due is moved by the server, before each look of its own.
  const nothing = async (): Promise<{ moved: number }> => ({ moved: 0 });
  const mail: Role = { recover: nothing, finishSends: nothing };
  const presence: Role = { ...roles['presence'], seen: () => undefined };
  const own = { now: Date.now, self: async () => self, close: async () => undefined };
  const known: Record<string, unknown> = { ...own, ...roles, mail, presence };
  for (const role of ['documents', 'mail', 'look', 'journal', 'rollups', 'reach', 'presence', 'audit'])
    known[role] = refusing(role, (known[role] ?? {}) as Role);
  return known as unknown as Store;
}

function refusing(role: string, known: Role): Role {
  return new Proxy(known, {
    get: (_, name) => {
      const look = known[String(name)];
      if (look || typeof name === 'symbol') return look;
      return () => {
        const message = `Of the storage behind a server "${role}.${name}" is not to be had.`;
        throw new DreamosError('usage', 'USAGE', message, { hint: 'Work on the root itself: unset DREAMOS_SERVER' });
      };
    },
  });
}
