/** Push of changed settings, for who rests: what he decided by the old ones may not hold any more. */
import type { Wake } from '../../storage/port/journal.ts';
import type { Store } from '../../storage/port/store.ts';
import { forgetSettings } from './config-file.ts';
import type { Session } from './root.ts';

interface Followed {
  readonly rings: Set<() => void>;
  readonly wake: Promise<Wake>;
}

// One for all who rest in this process, be they hundreds of readers.
const followedBy = new WeakMap<Store, Followed>();

/** @param ring called when the settings have changed, and may be called for nothing @returns ends it */
export async function followSettings(session: Session, ring: () => void): Promise<() => Promise<void>> {
  const { store } = session;
  const rings = new Set<() => void>();
  const followed = followedBy.get(store) ?? { rings, wake: watchSettings(session, rings) };
  followedBy.set(store, followed);
  followed.rings.add(ring);
  try {
    await followed.wake;
  } catch (error) {
    // Whoever asks the next time begins anew.
    if (followedBy.get(store) === followed) followedBy.delete(store);
    throw error;
  }
  return async () => {
    followed.rings.delete(ring);
    if (followed.rings.size > 0 || followedBy.get(store) !== followed) return;
    followedBy.delete(store);
    await (await followed.wake).close();
  };
}

/** Much happens beside config.json in its folder, of which nobody has to be woken. */
async function watchSettings(session: Session, rings: ReadonlySet<() => void>): Promise<Wake> {
  const { documents } = session.store;
  const look = async (): Promise<string | undefined> =>
    documents.get('settings').then(
      (document) => document?.version,
      () => undefined,
    );
  let known = await look();
  const hint = async (): Promise<void> => {
    const version = await look();
    if (version === known) return;
    known = version;
    forgetSettings(session);
    for (const ring of rings) ring();
  };
  const wake = await documents.watch('settings', () => void hint());
  // What has changed before it was watched.
  await hint();
  return wake;
}
