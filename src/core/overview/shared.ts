/** Pictures of one root, made once for all who follow it alike in this process. */
import type { Overview } from '../../contract/look.ts';
import type { Store } from '../../storage/port/store.ts';
import type { Session } from '../root/root.ts';
import { type Bell, createBell } from '../wait/bell.ts';

interface Picture {
  readonly overview: Overview;
  /** All of it but its time. */
  readonly text: string;
}

interface Follower {
  readonly session: Session;
  readonly bell: Bell;
  newest?: Picture | undefined;
}

/** What the pictures depend on beside the storage, which is another one for who may see other things. */
interface Kind {
  readonly events: number;
  readonly leastMs: number;
}

interface Shared extends Kind {
  readonly acting: string | undefined;
  readonly env: Session['env'];
  readonly followers: Set<Follower>;
  readonly ended: AbortController;
  /** Comes when nothing more is done for them. */
  made?: Promise<void>;
  /** Why there will be no more. */
  over?: { readonly error?: unknown };
}

const running = new WeakMap<Store, Set<Shared>>();

/**
 * The newest picture, whenever more has changed than its time: who is slow misses those between, and nothing is kept for him.
 * @param pictures made for all; what they warn of is told to each @param now makes one for who comes later, at once
 * @throws what ends the pictures
 */
export async function* sharedPictures(
  session: Session,
  kind: Kind,
  signal: AbortSignal,
  pictures: (session: Session, signal: AbortSignal) => AsyncGenerator<Overview, void, undefined>,
  now: () => Promise<Overview | undefined>,
): AsyncGenerator<Overview, void, undefined> {
  const known = running.get(session.store) ?? new Set();
  running.set(session.store, known);
  const { acting, env } = session;
  const follower: Follower = { session, bell: createBell() };
  let shared = [...known].find((one) => isLike(one, { ...kind, acting, env }));
  const isFirst = shared === undefined;
  if (!shared) known.add((shared = { ...kind, acting, env, followers: new Set(), ended: new AbortController() }));
  const { followers } = shared;
  followers.add(follower);
  shared.made ??= make(session, shared, pictures).finally(() => known.delete(shared));
  try {
    // What the others have seen may be older than what he has done before he came.
    const first = isFirst ? undefined : await now();
    if (first) yield first;
    let told = first && textOf(first);
    while (!signal.aborted) {
      const { newest } = follower;
      follower.newest = undefined;
      if (newest && newest.text !== told) {
        told = newest.text;
        yield newest.overview;
      } else if (newest) continue;
      else if (shared.over) break;
      else await follower.bell.rest(Infinity, signal);
    }
  } finally {
    followers.delete(follower);
    if (followers.size === 0) {
      known.delete(shared);
      shared.ended.abort();
      await shared.made;
    }
  }
  if (!signal.aborted && shared.over && 'error' in shared.over) throw shared.over.error;
}

function textOf(overview: Overview): string {
  return JSON.stringify({ ...overview, at: '' });
}

function isLike(one: Shared, other: Kind & Pick<Shared, 'acting' | 'env'>): boolean {
  const { events, leastMs, acting, env } = other;
  return one.events === events && one.leastMs === leastMs && one.acting === acting && one.env === env;
}

async function make(session: Session, shared: Shared, pictures: Parameters<typeof sharedPictures>[3]): Promise<void> {
  const { followers } = shared;
  const warn = (text: string): void => {
    for (const one of followers) one.session.warn(text);
  };
  let last = '';
  try {
    for await (const overview of pictures({ ...session, warn }, shared.ended.signal)) {
      const text = textOf(overview);
      if (text === last) continue;
      last = text;
      for (const one of followers) {
        one.newest = { overview, text };
        one.bell.ring();
      }
    }
    shared.over = {};
  } catch (error) {
    shared.over = { error };
  }
  for (const one of followers) one.bell.ring();
}
