/** What is kept of changes, for who looks: of the settings, of a card, or of the policy. All of it reads only. */
import type { ConfigDifference, ConfigVersion } from '../../contract/system.ts';
import type { RevisedName } from '../../storage/port/documents.ts';
import { isSame, type Revision, revisionOf } from './revisions.ts';
import type { Session } from './root.ts';

/** What is kept of a document, and which of it counts. */
export interface Kept {
  readonly versions: readonly number[];
  /** The document says what this version says, or it cannot be used, and this holds; `undefined`: it was edited by hand since. */
  readonly inForce: number | undefined;
  /** The newest that is known to have been in force; 0: none. */
  readonly last: number;
  /** Each is read once. */
  get(version: number): Promise<Revision | undefined>;
}

/** What a version has changed. @param before `undefined`: nothing was kept before it */
export type Changes = (before: Revision | undefined, after: Revision) => ConfigDifference[];

/** Reads each version once. */
export function reader(session: Session, of: RevisedName): Kept['get'] {
  const known = new Map<number, Promise<Revision | undefined>>();
  return (version) => {
    const found = known.get(version) ?? revisionOf(session, of, version);
    known.set(version, found);
    return found;
  };
}

/** The newest first. What cannot be read is a warning. */
export async function toldVersions(
  session: Session,
  kept: Kept,
  changes: Changes,
  limit: number,
): Promise<ConfigVersion[]> {
  const ever = await everInForce(kept);
  const all: ConfigVersion[] = [];
  for (const version of kept.versions.toReversed().slice(0, limit)) {
    const revision = await kept.get(version);
    if (!revision) session.warn(`Version ${version} cannot be read: somebody has changed its file.`);
    else all.push(await told(kept, revision, changes, ever));
  }
  return all;
}

/** One, as it is told after a change. @param of what it is a version of, for a bug */
export async function toldOne(kept: Kept, of: RevisedName, version: number, changes: Changes): Promise<ConfigVersion> {
  const revision = await kept.get(version);
  if (!revision) throw new Error(`Version ${version} of ${of} is gone.`);
  return told(kept, revision, changes, await everInForce(kept));
}

async function told(
  kept: Kept,
  revision: Revision,
  changes: Changes,
  ever: ReadonlySet<number>,
): Promise<ConfigVersion> {
  const { version, at, by = null, note = null, byHand = false, removed, base } = revision;
  const before = await kept.get(base);
  return {
    version,
    at,
    by,
    note,
    byHand,
    state: version === kept.inForce ? 'in force' : ever.has(version) ? 'replaced' : 'undone',
    ...(removed && { removed }),
    changes: base > 0 && !before ? [] : changes(before, revision),
  };
}

/** The version in force, or the last one that was, and what each of them has replaced. */
async function everInForce({ inForce, last, get }: Kept): Promise<Set<number>> {
  const ever = new Set<number>();
  for (let version = inForce ?? last; version; version = (await get(version))?.base ?? version - 1) {
    // Somebody has changed a file: no circle.
    if (ever.has(version)) break;
    ever.add(version);
  }
  return ever;
}

/** Field by field. Nothing, where both say the same. */
export function differencesBetween(
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
): ConfigDifference[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((key) => {
    const [was = null, is = null] = [before.get(key), after.get(key)] as ConfigDifference['from'][];
    return isSame(was, is) ? [] : [{ key, from: was, to: is }];
  });
}

/** `there are 1 to 4`. */
export function rangeText(versions: readonly number[]): string {
  const last = versions.at(-1);
  if (last === undefined) return 'none is kept';
  return versions.length === 1 ? `there are only ${last}` : `there are ${versions[0]} to ${last}`;
}
