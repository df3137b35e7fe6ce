import type { Store } from '../../../storage/port/store.ts';
import { keepMs } from '../../root/looks.ts';
import type { Session } from '../../root/root.ts';

const mostKept = 1000;

interface Kept<T> {
  readonly at: number;
  readonly value: T;
}

/**
 * Remembers for a moment what was looked up, for a store and whose environment says where his keys are: who signs or checks a
 * thousand messages looks up their keys a few times. To look anew is four calls of the disk, a third of what a signature takes.
 */
export function createLately<T>(): (session: Session, of: string, look: () => Promise<T>) => Promise<T> | T {
  const byStore = new WeakMap<Store, WeakMap<NodeJS.ProcessEnv, Map<string, Kept<T>>>>();
  const keptFor = ({ store, env }: Session): Map<string, Kept<T>> => {
    let byEnv = byStore.get(store);
    if (!byEnv) byStore.set(store, (byEnv = new WeakMap()));
    let kept = byEnv.get(env);
    if (!kept) byEnv.set(env, (kept = new Map()));
    return kept;
  };
  return (session, of, look) => {
    const kept = keptFor(session);
    const before = kept.get(of);
    const at = session.clock.uptime();
    if (before && at - before.at < keepMs) return before.value;
    return look().then((value) => {
      if (kept.size >= mostKept) kept.clear();
      kept.set(of, { at, value });
      return value;
    });
  };
}
