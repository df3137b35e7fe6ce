import { DreamosError } from '../../model/errors.ts';
import type * as z from 'zod/mini';
import { documentInvalid } from '../../storage/port/refusals.ts';
import type { DocumentName, Documents } from '../../storage/port/documents.ts';

// Of several who hold the lock, because one of them was paused for too long, each loses a round at most to each other.
const mostRounds = 20;

/**
 * Reads, changes and writes a document as one step; durable when it returns. `change` runs again when somebody else was
 * faster, and only its last run counts: it does nothing but look at what it is given.
 *
 * The version decides, so that who was paused between reading and writing overwrites nothing. Who has lost once takes a
 * lock: of a hundred who change the same document at the same moment each would lose to all others.
 * @param keep called before a document that is there is replaced; `false`: the round is lost, as when somebody else was faster
 * @param name asked anew in each round @param change gets a copy of its own; `undefined`: there is none yet. What it throws
 * changes nothing. Of what is assumed, see `Versioned`
 * @throws CONFIG_INVALID, DISK_FAILED
 */
export async function changeDocument<T>(
  documents: Documents,
  name: DocumentName | (() => Promise<DocumentName>),
  change: (value: unknown, isAssumed: boolean) => T | Promise<T>,
  keep?: (name: DocumentName, before: unknown, after: T) => Promise<boolean>,
): Promise<T> {
  const once = async (): Promise<{ readonly after: T } | undefined> => {
    const which = typeof name === 'string' ? name : await name();
    const before = await documents.get(which);
    const after = await change(structuredClone(before?.value), before?.isAssumed === true);
    if (keep && before && !before.isAssumed && !(await keep(which, before.value, after))) return undefined;
    return (await documents.put(which, after, before?.version)) ? { after } : undefined;
  };
  const atOnce = await once();
  if (atOnce) return atOnce.after;
  return (await underLock(documents, typeof name === 'string' ? name : 'agents', 'A document is', once)).after;
}

/**
 * Repeats under the lock of a document, or of a kind of them, what loses when somebody else was faster.
 * @param what `A document is`: what others change @param once `undefined`: it has lost
 * @throws DISK_FAILED: it loses again and again
 */
export function underLock<T extends object>(
  documents: Documents,
  kind: string,
  what: string,
  once: () => Promise<T | undefined>,
): Promise<T> {
  return documents.withLock(`change.${kind}`, async () => {
    for (let round = 0; round < mostRounds; round++) {
      const done = await once();
      if (done) return done;
    }
    throw new DreamosError('disk', 'DISK_FAILED', `${what} changed by others again and again.`, {
      hint: 'Nothing was done. Try it again.',
    });
  });
}

/** What a schema says of a document that somebody has edited by hand: of its first fault, and where that is. */
export async function invalidDocument(
  documents: Documents,
  name: DocumentName,
  { issues: [first] }: z.core.$ZodError,
): Promise<DreamosError> {
  const { path = [], message = 'it is not what it should be' } = first ?? {};
  return documentInvalid(await documents.locate(name, path), [path.join('.'), message].filter(Boolean).join(': '));
}
