/** Which of its versions the settings go by while config.json cannot be used; and the policy, while its file cannot. */
import type { RevisedDocument } from './documents.ts';

interface Kept {
  readonly base: number;
  readonly byHand?: true;
}

/** What the document `in-force` says: the newest version that was put in place; 0: none, or nobody can say. */
export function notedVersion(value: unknown, of: RevisedDocument = 'settings'): number {
  const { version, policy } = (value ?? {}) as { readonly version?: unknown; readonly policy?: unknown };
  const noted = of === 'settings' ? version : policy;
  return typeof noted === 'number' ? noted : 0;
}

/**
 * The newest that is known to have been in force: it was noted when it was in place, or a later one has replaced it, or it was
 * found there. A change that was killed before it was in place is none of these. Of one that was killed between that and the
 * note, config.json itself tells; only if a person spoils that before the next change, the version before holds.
 * @param get `undefined`: it cannot be read
 */
export async function newestInForce<T extends Kept>(
  versions: readonly number[],
  noted: number,
  get: (version: number) => Promise<T | undefined>,
): Promise<readonly [version: number, kept: T] | undefined> {
  let known = noted;
  for (const version of versions.toReversed()) {
    const kept = await get(version);
    if (kept && (version <= known || kept.byHand)) return [version, kept];
    if (kept) known = Math.max(known, kept.base);
  }
  return undefined;
}
