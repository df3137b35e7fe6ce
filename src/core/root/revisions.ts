/**
 * Changes with a history. What a document becomes is kept first, as a revision with a number of its own, and put in place then:
 *
 *   1 read the document, and find the revision that says the same: that one is in force
 *   2 none does: somebody has written it by hand, and it is kept as a revision, too
 *   3 keep what it is to become under the next number, durably; the number is taken by making its file, which one can
 *   4 put it in place, if the document is still the one that was read
 *   5 of settings and of the policy: note that it is in place
 *
 * A change that was killed between 3 and 4 is undone: nobody was told that it is done, and what is in force is what the
 * document says, which a person may have edited since. Its revision stays, and no other gets its number; that it never was in
 * force is seen from `base`, which says what the next one has replaced, and before there is a next one from the note.
 */
import type { AgentCard } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import type { Policy } from '../../model/security/policy.ts';
import type { Settings } from '../../model/settings.ts';
import type { Documents, RevisedDocument, RevisedName } from '../../storage/port/documents.ts';
import { newestInForce, notedVersion } from '../../storage/port/in-force.ts';
import { changeDocument } from './documents.ts';
import type { Session } from './root.ts';

export interface Revision {
  readonly version: number;
  /** Of one by hand, when it was found. */
  readonly at: string;
  /** Who made it, if he said who he is. */
  readonly by?: string;
  readonly note?: string;
  /** What was in force before; 0: nothing was set, or kept, yet. */
  readonly base: number;
  /** Somebody has written it into the file. */
  readonly byHand?: true;
  /** What could not be used, and was replaced by it. */
  readonly replaced?: string;
  readonly settings?: Settings;
  readonly card?: AgentCard;
  readonly policy?: Policy;
  /** The policy was taken away: everybody may everything. */
  readonly removed?: true;
}

export type Revised = AgentCard | Settings | Policy;

function isOfRoot(of: RevisedName): of is RevisedDocument {
  return of === 'settings' || of === 'policy';
}

/** What a change says of itself. */
export type Remarks = Pick<Revision, 'note' | 'replaced'>;

/** Keeps what a card becomes. @returns `false`: the number was taken by somebody else, or the agent has another name */
export async function keepCard(
  session: Session,
  of: `agents/${string}`,
  before: AgentCard,
  after: AgentCard,
  remarks: Remarks = {},
): Promise<boolean> {
  if (isSame(before, after)) return true;
  const inForce = await versionInForce(session, of, before);
  const base = inForce ?? (await keepFound(session, of, before));
  return base !== undefined && (await keepNext(session, of, after, { base, ...remarks })) !== undefined;
}

/**
 * @param value `undefined`: of the policy, that there is none
 * @returns its number; `undefined`: somebody else has taken it, or the mailbox is gone
 */
export async function keepNext(
  session: Session,
  of: RevisedName,
  value: Revised | undefined,
  remarks: Pick<Revision, 'base' | 'note' | 'byHand' | 'replaced'> & { readonly at?: string },
): Promise<number | undefined> {
  const { documents } = session.store;
  const version = ((await documents.revisions(of)).at(-1) ?? 0) + 1;
  const { at = new Date(session.clock.now()).toISOString(), ...others } = remarks;
  const by = remarks.byHand || remarks.at !== undefined ? undefined : session.acting;
  const revision: Revision = {
    version,
    at,
    ...(by !== undefined && { by }),
    ...others,
    ...fieldOf(of, value),
  };
  return (await documents.keepRevision(of, version, revision)) ? version : undefined;
}

function fieldOf(of: RevisedName, value: Revised | undefined): Partial<Revision> {
  if (of === 'settings') return { settings: value as Settings };
  if (of === 'policy') return value === undefined ? { removed: true } : { policy: value as Policy };
  return { card: value as AgentCard };
}

/**
 * Keeps what was found in place, and is no revision: written by hand, or, of a card, before its first change.
 * @param value `undefined`: of the policy, that somebody has taken it away
 */
export async function keepFound(
  session: Session,
  of: RevisedName,
  value: Revised | undefined,
): Promise<number | undefined> {
  const base = await lastInForce(session, of);
  if (base === 0 && !isOfRoot(of)) return keepNext(session, of, value, { base, at: (value as AgentCard).createdAt });
  return keepNext(session, of, value, { base, byHand: true });
}

/**
 * The newest revision that says this; 0: what is so before anything is set. `undefined`: none, or, of settings, only one that
 * was replaced since: somebody has written by hand what held before.
 * @param value `undefined`: there is no policy
 * @param last of settings, what `lastInForce` said before they were read: read after that, they are no older
 */
export async function versionInForce(
  session: Session,
  of: RevisedName,
  value: Revised | undefined,
  last = 0,
): Promise<number | undefined> {
  for (const version of (await session.store.documents.revisions(of)).reverse()) {
    if (version < last) break;
    const kept = await revisionOf(session, of, version);
    // A card of an agent that was renamed since says its former name.
    if (kept && (kept.removed === true) === (value === undefined))
      if (isSame({ ...said(kept), name: '' }, { ...value, name: '' })) return version;
  }
  const isNothing = value === undefined || (of === 'settings' && Object.keys(value).length === 0);
  return last === 0 && isNothing ? 0 : undefined;
}

/** The newest that is known to have been in force: settings hold as long as config.json cannot be used; 0: none. */
export async function lastInForce(session: Session, of: RevisedName): Promise<number> {
  const { documents } = session.store;
  // Of a card nothing is noted: it never goes by what it said before.
  const noted = isOfRoot(of) ? notedVersion(await note(documents), of) : Infinity;
  const last = await newestInForce(await documents.revisions(of), noted, (version) => revisionOf(session, of, version));
  return last?.[0] ?? 0;
}

/** A note that somebody has spoilt says nothing. */
function note(documents: Documents): Promise<unknown> {
  return documents.get('in-force').then(
    (document) => document?.value,
    (error: unknown) => {
      if (error instanceof DreamosError && error.code === 'CONFIG_INVALID') return undefined;
      throw error;
    },
  );
}

/** Notes that a version is in place. Of two who note at the same moment, the newer one counts. */
export async function noteInForce(
  { store: { documents } }: Session,
  version: number,
  of: RevisedDocument = 'settings',
): Promise<void> {
  if (notedVersion(await note(documents), of) >= version) return;
  await changeDocument(documents, 'in-force', (value) => ({
    ...(value as object | undefined),
    [of === 'settings' ? 'version' : of]: Math.max(version, notedVersion(value, of)),
  }));
}

/** `undefined`: there is none, or somebody has spoilt it. */
export async function revisionOf(session: Session, of: RevisedName, version: number): Promise<Revision | undefined> {
  const kept = (await session.store.documents.revision(of, version)) as Revision | null | undefined;
  if (typeof kept !== 'object' || kept === null) return undefined;
  const what = said(kept);
  return (typeof what === 'object' && what !== null) || kept.removed === true ? kept : undefined;
}

export function said({ settings, card, policy }: Revision): Revised | undefined {
  return settings ?? card ?? policy;
}

/** Whatever the order of fields. */
export function isSame(one: unknown, other: unknown): boolean {
  return inOrder(one) === inOrder(other);
}

function inOrder(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
