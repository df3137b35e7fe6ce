import { isId } from '../../model/id.ts';
import { documentInvalid } from '../../storage/port/refusals.ts';
import type { Session } from '../root/root.ts';

/** The root's own id, made with the first identity; `undefined`: it has none yet. @throws CONFIG_INVALID: somebody has spoilt it */
export async function rootIdOf({ store: { documents } }: Session): Promise<string | undefined> {
  const document = await documents.get('identity');
  if (!document) return undefined;
  const id = (document.value as { readonly id?: unknown } | null)?.id;
  if (typeof id === 'string' && isId(id)) return id;
  // Another one would make every signature in this root one of elsewhere.
  throw documentInvalid(
    await documents.locate('identity', ['id']),
    'it does not say the id of this root',
    'Take it from a backup; who has signed here before has it as the name of a folder: ls ~/.config/dreamos/identities',
  );
}

/** Made once: of two that come at the same moment, both get the same. */
export async function ensureRootId(session: Session): Promise<string> {
  const { store, ids, clock } = session;
  for (;;) {
    const known = await rootIdOf(session);
    if (known !== undefined) return known;
    const now = clock.now();
    const identity = { v: 1, id: ids.next(now), createdAt: new Date(now).toISOString() };
    if (await store.documents.put('identity', identity, undefined)) return identity.id;
  }
}
